#!/usr/bin/env bash
# All tests in three streams, side by side: what calls, in two, and everything else. A call mostly
# waits for people and clocks, so that the three together take hardly longer than one of them.
#
#   streams.sh PYTEST [OPTION...]
#
# Ends with 0, or with the status of one that failed.
set -uo pipefail
pytest=$1
shift
options=("$@")
base=${HOTLINE_CI:-$(mktemp -d /tmp/hotline.XXXX)} # short: a Unix socket's path has 107 bytes
nothing=5 # pytest's status where OPTION chooses none of a stream's tests
statuses=()

# Show each line under the stream's name as it comes: "stream NAME FOLDER PATH...".
stream() {
  local name=$1 folder=$base/$2
  shift 2
  "$pytest" -q --basetemp="$folder" "$@" "${options[@]}" 2>&1 | sed -u "s/^/$name  /"
}

rest=(tests/unit) # first: what is cheap to know
for package in tests/[!u]*/__init__.py; do
  case ${package%/*} in tests/sip | tests/bench) ;; *) rest+=("${package%/*}") ;; esac
done
calls=(tests/sip/test_*.py)
half=$(((${#calls[@]} + 1) / 2))

stream "rest   " r "${rest[@]}" &
streams=("$!")
stream "calls 1" c "${calls[@]::half}" &
streams+=("$!")
stream "calls 2" d "${calls[@]:half}" &
streams+=("$!")
for one in "${streams[@]}"; do
  wait "$one"
  statuses+=("$?")
done

status=$nothing
for one in "${statuses[@]}"; do
  if [ "$status" = "$nothing" ] || [ "$status" = 0 ] && [ "$one" != "$nothing" ]; then status=$one; fi
done
if [ -z "${HOTLINE_CI:-}" ]; then
  if [ "$status" = 0 ]; then rm -rf "$base"; else echo "what the tests left is in $base"; fi
fi
exit "$status"
