"""Whether an offer (RFC 8866) has an audio codec that we can use. Pure.

The engine refuses a first INVITE without one by 488 itself, but a re-INVITE or UPDATE by 500.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_STATIC = {"0": "pcmu/8000", "8": "pcma/8000", "9": "g722/8000"}
_AUDIO = re.compile(r"^m=audio (\d+)(?:/\d+)? \S+ ([\d ]+)$")
_RTPMAP = re.compile(r"^a=rtpmap:(\d+) ([^/\s]+/\d+)", re.IGNORECASE)
_NAMED_OTHERWISE = {"g722/16000": "g722/8000"}
"""G.722 samples at 16 kHz, but is called 8000 in SDP (RFC 3551 section 4.5.2)."""


def offers_one_of(codecs: Iterable[str], sdp: str) -> bool:
    """Return whether `sdp` offers one of `codecs` (engine names: ``PCMA/8000/1``) for audio."""
    ours = {"/".join(codec.lower().split("/")[:2]) for codec in codecs}
    ours = {_NAMED_OTHERWISE.get(name, name) for name in ours}
    formats: list[str] = []
    names = dict(_STATIC)
    for line in sdp.splitlines():
        if audio := _AUDIO.match(line.strip()):
            formats += audio.group(2).split() if audio.group(1) != "0" else []
        elif mapped := _RTPMAP.match(line):
            names[mapped.group(1)] = mapped.group(2).lower()
    return any(names.get(number) in ours for number in formats)
