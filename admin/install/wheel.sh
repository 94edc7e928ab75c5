#!/usr/bin/env bash
# Unpack the PyPI wheel of the engine for the tests of what falls back to it; silent when it is there.
#
#   wheel.sh PYTHON FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=$1 folder=$2
wanted=$(sha256sum <"$here/wheel.txt")
stamp="$folder/.made-from"
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then exit 0; fi

. "$here/step.sh"
rm -rf "$folder" # also what an interrupted run left
step "engine: unpack the PyPI wheel for the tests" \
  "$python" -m pip install --disable-pip-version-check --no-deps \
  --require-hashes -r "$here/wheel.txt" --target "$folder"
echo "$wanted" >"$stamp"
