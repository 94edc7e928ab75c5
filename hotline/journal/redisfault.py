"""What may be said of a fault of Redis: its kind. Its text may hold a command and so an event."""

from __future__ import annotations

import re

from redis.exceptions import ResponseError

from hotline.events import AlarmKind

_CODES = frozenset({
    "MISCONF", "OOM", "READONLY", "NOREPLICAS", "NOPERM", "BUSY", "WRONGTYPE", "EXECABORT", "ERR",
})  # fmt: skip
"""With which a refusal may begin; anything else is not repeated."""
_PIPELINE = "of pipeline caused error: "
_CODE = re.compile(r"\W*([A-Z]+) ")


def alarm_for(error: Exception) -> AlarmKind:
    """Return which alarm `error` is: Redis is there and refuses, or it is away."""
    return AlarmKind.REDIS_REFUSES if isinstance(error, ResponseError) else AlarmKind.REDIS_AWAY


def kind_of(error: Exception) -> str:
    """Return the type of `error`, and the code with which Redis refused: ``ResponseError
    MISCONF``."""
    name = type(error).__name__
    code = _CODE.match(str(error).rpartition(_PIPELINE)[2])
    if not isinstance(error, ResponseError) or code is None or code[1] not in _CODES:
        return name
    return f"{name} {code[1]}"
