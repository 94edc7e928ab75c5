"""Whether an offer (RFC 8866) has an audio line that we can use. Pure.

The engine refuses a first INVITE without one by 488 itself, but a re-INVITE or UPDATE by 500.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_STATIC = {"0": "pcmu/8000", "8": "pcma/8000", "9": "g722/8000"}
_AUDIO = re.compile(r"^m=audio (\d+)(?:/\d+)? RTP/AVPF? ([\d ]+)$")
"""Plain RTP; SRTP is the business of what stands before us."""
_RTPMAP = re.compile(r"^a=rtpmap:(\d+) ([^/\s]+/\d+)", re.IGNORECASE)
_NAMED_OTHERWISE = {"g722/16000": "g722/8000"}
"""G.722 samples at 16 kHz, but is called 8000 in SDP (RFC 3551 section 4.5.2)."""


def offers_one_of(codecs: Iterable[str], sdp: str) -> bool:
    """Return whether `sdp` offers one of `codecs` (engine names: ``PCMA/8000/1``) for audio."""
    ours = {"/".join(codec.lower().split("/")[:2]) for codec in codecs}
    ours = {_NAMED_OTHERWISE.get(name, name) for name in ours}
    return any(not ours.isdisjoint(offered) for offered in _audio_lines(sdp))


def _audio_lines(sdp: str) -> Iterator[set[str]]:
    """Yield the codecs of each audio line that is offered over plain RTP."""
    for section in re.split(r"^(?=m=)", sdp, flags=re.MULTILINE):
        lines = [line.strip() for line in section.splitlines()]
        audio = _AUDIO.match(lines[0]) if lines else None
        if audio is not None and audio.group(1) != "0":
            mapped = {m.group(1): m.group(2).lower() for m in map(_RTPMAP.match, lines) if m}
            names = _STATIC | mapped
            yield {names[number] for number in audio.group(2).split() if number in names}
