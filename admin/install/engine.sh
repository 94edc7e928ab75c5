#!/usr/bin/env bash
# Put the telephone engine (pjsua2) into a virtual environment.
#
#   engine.sh PYTHON CACHE_DIR
#
# MIRROR names another Debian archive, for a machine whose own has no sources.
# The engine is built from Debian's copy of the pjproject source and kept as a
# wheel in CACHE_DIR, named by the hash of this recipe; a later run only
# installs it. Where it cannot be built, the PyPI wheel serves (4 calls per
# process); `hotline doctor` then says so.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cache=$2

say() { printf '  engine: %s\n' "$*"; }
tag=$("$python" -c 'import sys, platform; print(f"cp{sys.version_info[0]}{sys.version_info[1]}-{platform.machine()}")')

site() { "$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }
installed() { [ "$(cat "$(site)/pjsua2.recipe" 2>/dev/null)" = "$1" ]; }
mark() { echo "$1" > "$(site)/pjsua2.recipe"; }

# The Debian archives that apt is set up with, in its own words (also `mirror+file:`), one a line;
# known before their lists are; last the one that MIRROR names.
archives() {
  { apt-get indextargets --no-release-info --format '$(SITE)' 'Created-By: Packages' 2>/dev/null || true; } |
    sed -n '/security/d; /debian/p'
  if [ -n "${MIRROR:-}" ]; then echo "$MIRROR"; fi
}

# Fetch the pjproject tarball through apt, with lists of our own, so that the machine's sources
# stay as they are: from the first archive that has it, known by Debian's own keys.
fetch() {
  local apt="$1/apt" archive
  local options=(-q -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root)
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  for archive in $(archives | awk '!seen[$0]++'); do
    say "the source from $archive"
    rm -rf "$1"/asterisk_* "$apt"/lists/*.*
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive sid main" \
      >"$apt/sources.list"
    if apt-get "${options[@]}" update &&
      (cd "$1" && apt-get "${options[@]}" source --download-only asterisk) &&
      tar -C "$1" -xf "$1"/asterisk_*.orig-Xpjproject.tar.xz; then return; fi
  done
  say "no archive has the source; MIRROR=http://... names another Debian archive"
  return 1
}

build() {
  local tree=$1 log=$2
  cd "$tree"
  cp "$here/config_site.h" pjlib/include/pj/config_site.h
  : > pjmedia/src/pjmedia-audiodev/bdimad_dev.c # Debian strips it; the makefile still names it
  # strict_rtp: whoever sends RTP to a port of ours before the caller does gets no caller's call.
  # first_packet: one that comes while a leg's media starts is not the last that is ever read.
  local applied="" patch
  for patch in "$here"/*.patch; do
    if patch --strip=1 --forward --dry-run --input="$patch" >>"$log" 2>&1; then
      patch --strip=1 --forward --input="$patch" >>"$log" 2>&1
      applied="$applied '$(basename "$patch" .patch)',"
    fi
  done
  say "configure"
  # NDEBUG: a failed assertion must not end every call of the process.
  # LIBS: configure finds the speex resampler, but links it only for the codec that is disabled.
  ./configure --enable-epoll --with-external-srtp --with-external-speex --enable-speex-resample \
    --disable-video --disable-sound --disable-libyuv --disable-libwebrtc --disable-libwebrtc-aec3 \
    --disable-sdl --disable-ffmpeg --disable-gsm-codec --disable-ilbc-codec --disable-speex-codec \
    --disable-speex-aec --disable-g7221-codec --disable-upnp \
    CFLAGS="-O2 -fPIC -DNDEBUG" LIBS=-lspeexdsp >>"$log" 2>&1
  say "compile (about two minutes on two cores)"
  make dep >>"$log" 2>&1
  make -j"$(nproc)" lib >>"$log" 2>&1 || make >>"$log" 2>&1
  say "bind to Python"
  cd pjsip-apps/src/swig/python
  make pjsua2_wrap.cpp >>"$log" 2>&1
  echo "PATCHES = frozenset([$applied])" >>pjsua2.py
  PATH="$(dirname "$python"):$PATH" "$python" setup.py -q bdist_wheel >>"$log" 2>&1
  say "try it"
  "$python" -m zipfile -e dist/*.whl tried
  PYTHONPATH=tried "$python" -c 'import pjsua2; assert pjsua2.UaConfig().maxCalls > 4' >>"$log" 2>&1
}

recipe=$( (declare -f build; cat "$here/config_site.h" "$here"/*.patch) | sha256sum | cut -c1-12)
shelf="$cache/engine/$tag-$recipe"
failed="$shelf/failed"
if installed "$recipe"; then exit 0; fi
# A build that failed is tried again after a day, or when $shelf is removed.
if installed "wheel-instead-of-$recipe" && [ -n "$(find "$failed" -mtime -1 2>/dev/null)" ]; then exit 0; fi

take_fallback() {
  say "could not be built (see $log); taking the PyPI wheel, 4 calls per process"
  tail -n 5 "$log" | sed 's/^/    /'
  "$python" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps \
    --require-hashes -r "$here/wheel.txt"
  touch "$failed"
  mark "wheel-instead-of-$recipe"
}

tell() { # every 15 s, how far it is, until killed
  local began=$SECONDS
  trap 'kill "$!" 2>/dev/null; exit 0' TERM
  while :; do
    sleep 15 >/dev/null 2>&1 &
    wait "$!"
    say "$((SECONDS - began)) s, $(find "$1" -name '*.o' 2>/dev/null | wc -l) of about 400 files compiled"
  done
}

if ! ls "$shelf"/*.whl >/dev/null 2>&1; then
  work="$cache/engine/build-$recipe-$$"
  rm -rf "$work" && mkdir -p "$work" "$shelf"
  log="$shelf/build.log"
  : >"$log"
  say "building pjsua2 from source; log in $log"
  tell "$work" &
  teller=$!
  trap 'kill "$teller" 2>/dev/null || true; rm -rf "$work"' EXIT
  # "if" switches errexit off inside functions: run them in a shell of their own.
  export -f say archives fetch build; export here python work log
  if ! bash -euo pipefail -c 'fetch "$work" >>"$log" 2>&1 && build "$(echo "$work"/pjsip-pjproject-*)" "$log"'; then
    take_fallback
    exit 0
  fi
  cp "$work"/pjsip-pjproject-*/pjsip-apps/src/swig/python/dist/*.whl "$shelf/"
fi
say "installing $(basename "$shelf"/*.whl)"
"$python" -m pip uninstall --quiet --yes pjsua2-python >/dev/null 2>&1 || true
"$python" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps --no-index "$shelf"/*.whl
mark "$recipe"
