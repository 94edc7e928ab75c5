# Sourced by the install scripts: `step LABEL COMMAND...` runs COMMAND into $LOG and says when it
# begins, every ten seconds what it is at, and when it ends; on failure it shows the end of the log.

LOG=${LOG:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/setup.log}
mkdir -p "$(dirname "$LOG")"

step() {
  local label=$1 began=$SECONDS status=0 worker
  shift
  printf '  %s ...\n' "$label"
  "$@" >>"$LOG" 2>&1 </dev/null &
  worker=$!
  (
    # The sleep must not outlive the step: it would hold the terminal's pipe open.
    trap 'kill "$!" 2>/dev/null; exit 0' TERM
    while :; do
      sleep 10 >/dev/null 2>&1 &
      wait "$!"
      printf '    %s: %s s, %s\n' "$label" $((SECONDS - began)) "$(tail -n 1 "$LOG" | tr '\r' '\n' | tail -n 1 | cut -c1-90)"
    done
  ) &
  local teller=$!
  wait "$worker" || status=$?
  kill "$teller" 2>/dev/null || true
  wait "$teller" 2>/dev/null || true
  if [ "$status" != 0 ]; then
    printf '  %s failed after %s s; the end of %s:\n' "$label" $((SECONDS - began)) "$LOG" >&2
    tail -n 15 "$LOG" | sed 's/^/    /' >&2
    return "$status"
  fi
  printf '  %s: done in %s s\n' "$label" $((SECONDS - began))
}
