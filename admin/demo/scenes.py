"""The demonstration's calls, one after another, each with what must come of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from admin.demo.cast import Caller
from admin.demo.stage import Stage
from hotline.events import (
    CallAnswered,
    CallerLeft,
    ContactAnswered,
    ContactQueued,
    CounselorLeft,
    OfferDeclined,
    Result,
)
from hotline.ids import ContactId

TALK_SECONDS = 4.0
LISTEN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Expected:
    """What must have come of a call. `counselor` None: nobody answered."""

    scene: str
    contact: ContactId
    caller: Caller
    result: Result
    counselor: str | None
    recorded: bool
    priority: str = "normal"
    declined: int = 0


Callers = Iterator[Caller]
"""Whoever calls next."""


async def recorded_conversation(stage: Stage, callers: Callers) -> list[Expected]:
    """Hears the notice, agrees by going on, chooses a topic, talks, hangs up."""
    caller = next(callers)
    await stage.ready(stage.volunteer)
    call, contact = await stage.dial(caller)
    await stage.press(call, "#11", wait=LISTEN_SECONDS)
    await stage.watch.expect(contact, ContactAnswered)
    await stage.pause(TALK_SECONDS)
    await stage.hang_up(call)
    await stage.watch.expect(contact, CallerLeft)
    return [Expected("recorded", contact, caller, Result.COMPLETED, "1001", recorded=True)]


async def refused_recording(stage: Stage, callers: Callers) -> list[Expected]:
    """Presses 8 during the notice: served, unrecorded. The counselor hangs up."""
    caller = next(callers)
    await stage.ready(stage.volunteer)  # ends wrap-up
    call, contact = await stage.dial(caller)
    await stage.press(call, "812", wait=LISTEN_SECONDS)
    await stage.watch.expect(contact, ContactAnswered)
    await stage.pause(TALK_SECONDS)
    await stage.counselor_hangs_up(stage.volunteer)
    await stage.watch.expect(contact, CounselorLeft)
    return [Expected("unrecorded", contact, caller, Result.COMPLETED, "1001", recorded=False)]


async def in_danger(stage: Stage, callers: Callers) -> list[Expected]:
    """One waits already; who presses 0 goes first, to who is certified for a crisis."""
    patient, caller = next(callers), next(callers)
    other, waiting = await stage.dial(patient)
    await stage.press(other, "#14", wait=LISTEN_SECONDS)
    await stage.watch.expect(waiting, ContactQueued)
    call, contact = await stage.dial(caller)
    await stage.press(call, "0", wait=0.5)
    await stage.watch.expect(contact, ContactQueued)
    await stage.ready(stage.professional)
    await stage.watch.expect(contact, ContactAnswered)
    await stage.pause(TALK_SECONDS)
    await stage.hang_up(other)
    await stage.watch.expect(waiting, CallerLeft)
    await stage.hang_up(call)
    await stage.watch.expect(contact, CallerLeft)
    return [
        Expected("behind a crisis", waiting, patient, Result.ABANDONED, None, recorded=False),
        Expected(  # unrecorded: the notice was not heard to its end
            "crisis", contact, caller, Result.COMPLETED, "1002", recorded=False, priority="crisis"
        ),
    ]


async def declined_offer(stage: Stage, callers: Callers) -> list[Expected]:
    """The volunteer declines with 486; the caller keeps the place and gets the professional."""
    caller = next(callers)
    await stage.ready(stage.volunteer)
    await stage.declines(stage.volunteer, 486)
    call, contact = await stage.dial(caller)
    await stage.press(call, "#11", wait=LISTEN_SECONDS)
    await stage.watch.expect(contact, OfferDeclined)
    await stage.ready(stage.professional)
    await stage.watch.expect(contact, ContactAnswered)
    await stage.pause(TALK_SECONDS)
    await stage.hang_up(call)
    await stage.watch.expect(contact, CallerLeft)
    return [
        Expected("declined", contact, caller, Result.COMPLETED, "1002", recorded=True, declined=1)
    ]


async def abandoned(stage: Stage, callers: Callers) -> list[Expected]:
    """Nobody is ready: hears music, waits a while, hangs up."""
    caller = next(callers)
    call, contact = await stage.dial(caller)
    await stage.watch.expect(contact, CallAnswered)
    await stage.press(call, "#14", wait=LISTEN_SECONDS)
    await stage.watch.expect(contact, ContactQueued)
    await stage.pause(stage.short_abandon + 1)
    await stage.hang_up(call)
    await stage.watch.expect(contact, CallerLeft)
    return [Expected("abandoned", contact, caller, Result.ABANDONED, None, recorded=False)]


Scene = Callable[[Stage, Callers], Awaitable[list[Expected]]]
SCENES: tuple[Scene, ...] = (
    recorded_conversation,
    refused_recording,
    in_danger,
    declined_offer,
    abandoned,
)
