"""A callback as it is promised: kept by the queue, for no process owns it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hotline.events import SealedNumber
from hotline.ids import EventId
from hotline.waiting import Waiting

CHOSEN_THERE = EventId("")
"""The queue chooses the id of the event that it journals."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A stretch of time in which a caller may be called back."""

    opens: datetime
    closes: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A caller who hung up and is to be called: all that whoever calls must know.

    `waiting` is what the queue is asked for, its gateway empty: nobody's. `openings`, in order:
    when the caller may be called; `choice`: see `events.CallbackPromised`. `consent`: the
    conversation may be recorded, as the caller said in the first call.
    """

    waiting: Waiting
    caller: SealedNumber
    trunk: str
    consent: bool
    choice: str
    openings: tuple[Opening, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A promise that stands: `seq` of the contact's last event, `attempts` made so far."""

    promise: Promise
    seq: int
    attempts: int = 0


class Released(StrEnum):
    """What became of a callback that its gateway let go."""

    STANDS = "stands"
    """The promise stands: the contact waits for the next attempt."""
    GIVEN_UP = "given_up"
    """After the last attempt; the queue has told a supervisor."""
    WITHDRAWN = "withdrawn"
    """The caller called again, or an operator took it back."""
    OFFERED = "offered"
    """It is not let go: another offer for it is on its way to this gateway."""
    GONE = "gone"
    """It was not this gateway's any more."""
