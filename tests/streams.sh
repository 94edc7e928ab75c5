#!/usr/bin/env bash
# All tests in two streams, side by side: what calls, and everything else. A call mostly waits for
# people and clocks, so the two together take little longer than the calls alone.
#
#   streams.sh PYTEST [OPTION...]
#
# Ends with pytest's status of whichever went worse.
set -uo pipefail
pytest=$1
shift
base=${HOTLINE_CI:-$(mktemp -d /tmp/hotline.XXXX)} # short: a Unix socket's path has 107 bytes

# "stream NAME FOLDER..." shows each line under the stream's name as it comes.
stream() {
  local name=$1
  shift
  "$pytest" -q --basetemp="$base/${name:0:1}" "$@" 2>&1 | sed -u "s/^/$name  /"
}

others=() # unit tests first: what is cheap to know is known first
for package in tests/unit/__init__.py tests/[!u]*/__init__.py; do
  case ${package%/*} in tests/sip | tests/bench) ;; *) others+=("${package%/*}") ;; esac
done
stream rest "${others[@]}" "$@" &
rest=$!
stream calls tests/sip "$@"
calls=$?
wait "$rest"
rest=$?
# 5: there was nothing to run, which is meant when OPTION chooses among the tests.
if [ "$rest" = 5 ]; then status=$calls; elif [ "$calls" = 5 ]; then status=$rest
elif [ "$calls" != 0 ]; then status=$calls; else status=$rest; fi
if [ -z "${HOTLINE_CI:-}" ]; then
  if [ "$status" = 0 ]; then rm -rf "$base"; else echo "what the tests left is in $base"; fi
fi
exit "$status"
