#!/usr/bin/env bash
# Install the Debian packages of the given kinds (see packages.txt); silent when all are there.
#
#   packages.sh KIND...        KIND: run, build, test
#
# Debian starts redis-server, kamailio and postgresql by itself when it installs them. The platform
# runs its own on private ports, so those that are installed here are neither started nor enabled.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || { sed -n '2,5p' "$0" | sed 's/^# \{0,1\}//' >&2; exit 64; }

wanted=$(for kind in "$@"; do awk -v kind="$kind" '$1 == kind { print $2 }' "$here/packages.txt"; done)
if ! command -v dpkg-query >/dev/null; then
  echo "  packages: this is no Debian; what is needed, by Debian's names:" $wanted >&2
  exit 0
fi
present=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' $wanted 2>/dev/null | sed -n 's/^ii //p' || true)
missing=$(comm -23 <(sort -u <<<"$wanted") <(sort -u <<<"$present"))
[ -n "$missing" ] || exit 0

. "$here/step.sh"
as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || {
    echo "  packages: neither root nor sudo; as root, run: apt-get install" $missing >&2
    exit 1
  }
  as_root=(sudo)
  sudo -v # ask for the password now, not below a progress line
fi
root() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "$@"; }
apt() { root apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"; }

# Whether apt knows every package at a version that its mirror may still have: yes when nothing of
# it has to be looked up again.
known() { apt-get -qq --simulate --no-install-recommends install $missing >/dev/null 2>&1; }
fetch() { apt --no-install-recommends --download-only install $missing; }

policy=${POLICY:-/usr/sbin/policy-rc.d} # what invoke-rc.d(8) asks before it starts a service
restore() { [ -z "${denied:-}" ] || root rm -f "$policy"; }
trap restore EXIT
deny_starts() {
  [ ! -e "$policy" ] || return 0 # the operator has a policy of their own
  denied=yes
  printf '#!/bin/sh\nexit 101\n' | root tee "$policy" >/dev/null
  root chmod 755 "$policy"
}
not_at_boot() {
  local unit
  for unit in redis-server kamailio postgresql; do
    grep -qx "$unit" <<<"$missing" || continue
    if command -v systemctl >/dev/null; then
      root systemctl disable --quiet "$unit" || true
    elif command -v update-rc.d >/dev/null; then
      root update-rc.d "$unit" disable >/dev/null || true
    fi
  done
}

count=$(wc -w <<<"$missing")
known || step "packages: ask the mirror what there is" apt update
if ! step "packages: download $count and what they need" fetch; then
  # The lists were old and named files that the mirror has replaced.
  step "packages: ask the mirror again" apt update
  step "packages: download" fetch
fi
deny_starts
step "packages: install" apt --no-install-recommends install $missing
not_at_boot
