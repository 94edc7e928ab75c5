#!/usr/bin/env bash
# Format, lint, types and import contracts: each says when it begins, what it is at and how long it
# took, for the first time takes minutes on a slow machine. What it finds is shown whole.
#
#   lint.sh FOLDER      FOLDER: where the programs are, such as .venv/bin
set -euo pipefail
bin=$1
cd "$(dirname "$0")/.."
LOG=$PWD/build/lint.log
. admin/install/step.sh

look() { # LABEL COMMAND...
  local status=0
  : >"$LOG"
  step "lint: $1" "${@:2}" 2>/dev/null || status=$?
  [ "$status" = 0 ] || { cat "$LOG" >&2; echo "  lint: $1 failed" >&2; exit "$status"; }
}

look "format" "$bin/ruff" format --check .
look "rules" "$bin/ruff" check --quiet .
look "types" "$bin/mypy"
look "imports" "$bin/lint-imports" --no-logo
