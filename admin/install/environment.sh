#!/usr/bin/env bash
# Make the virtual environment from the locked requirements, hashes checked; silent when it is there.
#
#   environment.sh FOLDER KIND        KIND: run, or test (adds requirements-dev.txt)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
folder=$1 kind=$2
locks=("$root/requirements.txt")
[ "$kind" = run ] || locks+=("$root/requirements-dev.txt")

recipe() { cat "$@" "$root/pyproject.toml" <(echo "$root") | sha256sum | cut -c1-16; }
wanted=$(recipe "${locks[@]}")
stamp="$folder/.made-for-$kind"
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && [ -x "$folder/bin/python" ]; then exit 0; fi

. "$here/step.sh"
# The engine is compiled against this Python: its headers must be there, as the system's are.
suits() {
  "$1" - <<'PYTHON' 2>/dev/null
import ensurepip, pathlib, sys, sysconfig, venv
headers = pathlib.Path(sysconfig.get_path("include")) / "Python.h"
sys.exit(not (sys.version_info >= (3, 11) and headers.exists()))
PYTHON
}
find_python() {
  for python in /usr/bin/python3 python3; do
    if suits "$python"; then echo "$python"; return; fi
  done
  echo "  environment: no Python >= 3.11 with venv and headers (Debian: python3-venv python3-dev)" >&2
  return 1
}

if ! "$folder/bin/python" -c 'import pip' 2>/dev/null; then
  python=$(find_python)
  rm -rf "$folder"
  step "environment: make $folder with $("$python" -V)" "$python" -m venv "$folder"
fi
pip=("$folder/bin/python" -m pip --disable-pip-version-check)
options=()
for lock in "${locks[@]}"; do options+=(-r "$lock"); done
step "environment: install the locked packages" "${pip[@]}" install --require-hashes "${options[@]}"
step "environment: install the platform" \
  "${pip[@]}" install --no-deps --no-build-isolation --no-index -e "$root"
echo "$wanted" >"$stamp"
recipe "$root/requirements.txt" >"$folder/.made-for-run" # what tests need has all of it
