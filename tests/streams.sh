#!/usr/bin/env bash
# All tests in two streams, side by side: what calls, and everything else. A call mostly waits for
# people and clocks, so that the two together take hardly longer than the calls alone.
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
demo=tests/sip/test_demo.py # here, so that the two take about as long

stream rest r "${rest[@]}" "$demo" &
streams=("$!")
stream calls c tests/sip --ignore="$demo" &
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
