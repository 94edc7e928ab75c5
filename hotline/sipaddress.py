"""A partner's SIP address, such as it may stand in the edge's configuration: nothing breaks out."""

from __future__ import annotations

import re

_URI = re.compile(
    r"sip:[0-9A-Za-z*+_.-]{1,64}@"
    r"(?=.{1,253}(:|$))[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?(\.[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?)*"
    r"(:(?P<port>[0-9]{1,5}))?"
)


def is_sip_uri(text: str) -> bool:
    """Say whether `text` is ``sip:user@host`` or ``sip:user@host:port``, and nothing else."""
    found = _URI.fullmatch(text)
    return found is not None and (found["port"] is None or 0 < int(found["port"]) < 65536)
