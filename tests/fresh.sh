#!/usr/bin/env bash
# The promise to a newcomer, on a machine that has nothing: Debian in a folder of its own, a clone of
# what is committed here, `make demo ONCE=1`, and the same again. Says how long each took.
#
#   fresh.sh            as root, with debootstrap; a quarter of an hour, one gigabyte below /var/tmp
#
# MIRROR and SUITE name another archive and release than this machine's and bookworm. The folder is
# removed at the end; mounts and processes end with a namespace of their own.
set -euo pipefail
cd "$(dirname "$0")/.."
suite=${SUITE:-bookworm}

[ "$(id -u)" = 0 ] || { echo "fresh: needs root, for debootstrap and chroot" >&2; exit 1; }
for program in debootstrap unshare git; do
  command -v "$program" >/dev/null || { echo "fresh: $program is missing" >&2; exit 1; }
done

# The first Debian archive of this machine's apt; debootstrap cannot read a list of mirrors.
archive() {
  local site
  site=$({ apt-get indextargets --no-release-info --format '$(SITE)' 'Created-By: Packages' || true; } |
    sed -n '/security/d; /debian/{p;q}')
  case $site in
    mirror+file:*) grep -om 1 '^[a-z]*://[^[:space:]]*' "${site#mirror+file:}" ;;
    *) echo "$site" ;;
  esac
}
mirror=${MIRROR:-$(archive)}
[ -n "$mirror" ] || { echo "fresh: apt has no archive here; MIRROR=http://... names one" >&2; exit 1; }

folder=$(mktemp -d "${TMPDIR:-/var/tmp}/hotline-fresh.XXXX")
trap 'rm -rf --one-file-system "$folder"' EXIT
root=$folder/root

lasts=()
timed() { # LABEL COMMAND...
  local label=$1 began=$SECONDS
  shift
  echo "fresh: $label ..."
  "$@" 2>&1 | sed -u 's/^/  /; s/^\(.\{150\}\).*/\1 .../'
  lasts+=("$label: $((SECONDS - began)) s")
  echo "fresh: ${lasts[-1]}"
}

# How this machine reaches the outside: names, certificates, proxies, apt's and pip's own settings.
ways_out() {
  local path
  for path in /etc/resolv.conf /etc/hosts /etc/pip.conf /usr/local/share/ca-certificates; do
    if [ -e "$path" ]; then
      mkdir -p "$root$(dirname "$path")"
      cp -rL "$path" "$root$(dirname "$path")/"
    fi
  done
  apt-config dump Acquire | grep -E '^Acquire::(Check-|https?::|Retries|ForceIPv)' \
    >"$root/etc/apt/apt.conf.d/90as-outside" || true
}
surroundings() { env | grep -iE '^(https?_proxy|no_proxy|ftp_proxy|pip_[a-z_]+)=' || true; }

there() { # COMMAND, in the folder, with nothing of this shell but the ways out
  local words
  mapfile -t words < <(surroundings)
  export root
  unshare --mount --pid --fork --kill-child bash -euc '
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    exec chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' \
    there "${words[@]}" bash -euc "cd /root/hotline && $1"
}

timed "Debian $suite from $mirror" \
  debootstrap --variant=minbase --include=make "$suite" "$root" "$mirror"
git clone --quiet --no-hardlinks . "$root/root/hotline"
ways_out
timed "first make demo" there "make demo ONCE=1"
# Without an engine of its own it would still have passed, with more processes.
there 'ls "$HOME"/.cache/hotline/engine/*/*.whl' || { echo "fresh: the engine was not built" >&2; exit 1; }
timed "second make demo" there "make demo ONCE=1"
printf 'fresh: %s\n' "all went well, on $(nproc) processors" "${lasts[@]}"
