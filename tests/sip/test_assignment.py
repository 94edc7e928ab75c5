"""Offers on real phones: what comes to nothing, and twenty callers for five counselors."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from hotline import events as e
from hotline.events import CounselorState
from hotline.ids import ContactId, CounselorId
from queueing.keys import milliseconds
from tests.hotline_server import HotlineServer
from tests.sip.parties import Parties, gathered

CALLERS, COUNSELORS = 20, 5
LATE = 5.0
"""Seconds: a busy machine hangs up later, never so late that a caller waits for twice as long."""


async def make_ready(parties: Parties, counselor: CounselorId) -> None:
    async with parties.server.store() as store:
        await store.change_state(counselor, CounselorState.READY, reason="", by="test")


async def test_offer_that_comes_to_nothing_keeps_the_place_and_says_why(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor(ready=False) as unreachable,
        parties.counselor(ready=False) as declining,
        parties.counselor(ready=False, answer_after=None) as away,
        parties.counselor(ready=False) as present,
    ):
        await unreachable.phone.policy(decline=480)  # alive, and not to be had
        await declining.phone.policy(decline=486)
        first, contact = await parties.queued()
        second, behind = await parties.queued()
        outcomes: list[tuple[CounselorId, type[e.Event], int | None, str]] = [
            (unreachable.extension, e.OfferFailed, 480, "unreachable"),
            (declining.extension, e.OfferDeclined, 486, "declined"),
            (away.extension, e.OfferMissed, None, "missed"),
        ]
        for counselor, kind, status, reason in outcomes:
            await make_ready(parties, counselor)
            failed = await parties.watch.expect(contact, kind, counselor=counselor)
            assert getattr(failed, "status", None) == status
            state = await parties.watch.expect(
                counselor, e.CounselorStateChanged, previous=CounselorState.OFFERED
            )
            assert (state.state, state.reason) == (CounselorState.NOT_READY, reason)
        await away.phone.expect("ended", status=487)
        rang = seconds_rung(parties, contact, away.extension)
        timeout = tonal_hotline.settings.gateway.ring_timeout
        assert timeout - 0.5 <= rang < timeout + LATE
        await make_ready(parties, present.extension)
        for call, next_one in ((first, contact), (second, behind)):
            await parties.watch.expect(next_one, e.ContactAnswered, counselor=present.extension)
            await parties.trunk.hang_up(call)
            await parties.watch.expect(next_one, e.CallerLeft)
        offers = [x for x in parties.of(behind) if isinstance(x, e.ContactOffered)]
        assert len(offers) == 1  # nobody else was offered the one who came second


def seconds_rung(parties: Parties, contact: ContactId, counselor: CounselorId) -> float:
    """For how long the phone of `counselor` rang in vain."""
    rung = (e.ContactOffered, e.OfferMissed)
    events = [x for x in parties.of(contact) if isinstance(x, rung)]
    [offered, missed] = [x for x in events if x.counselor == counselor]
    return (missed.at - offered.at).total_seconds()


@pytest.mark.timeout(180)
async def test_twenty_callers_at_two_gateways_each_get_one_counselor_in_order_of_arrival(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        parties = await stack.enter_async_context(gathered(tonal_hotline, tmp_path))
        team = await asyncio.gather(
            *(stack.enter_async_context(parties.counselor(ready=False)) for _ in range(COUNSELORS))
        )
        calls = await asyncio.gather(*(parties.queued("#14") for _ in range(CALLERS)))
        assert len({arrival.gateway for arrival in parties.invites()}) == 2
        await asyncio.gather(*(make_ready(parties, one.extension) for one in team))
        await asyncio.gather(*(served(parties, *call) for call in calls))
        contacts = {contact for _, contact in calls}
        assert_one_at_a_time(parties, {one.extension for one in team}, contacts)
        assert_in_order_of_arrival(parties, contacts)


async def served(parties: Parties, call: int, contact: ContactId) -> None:
    await parties.watch.expect(contact, e.ContactAnswered, seconds=90)
    await parties.trunk.hang_up(call)
    await parties.watch.expect(contact, e.CallerLeft)


def assert_one_at_a_time(
    parties: Parties, team: set[CounselorId], contacts: set[ContactId]
) -> None:
    """No counselor had two contacts at a time, no contact two counselors."""
    served_by: dict[str, set[str]] = defaultdict(set)
    for counselor in team:
        with_whom: str | None = None
        for change in parties.of(counselor):
            assert isinstance(change, e.CounselorStateChanged)
            if change.state is CounselorState.OFFERED:
                assert with_whom is None
                with_whom = change.contact
            elif change.state is CounselorState.TALKING:
                assert change.contact == with_whom
                served_by[str(change.contact)].add(counselor)
            else:
                with_whom = None
    assert set(served_by) == contacts
    assert all(len(counselors) == 1 for counselors in served_by.values())
    for contact in contacts:
        answered = [x for x in parties.of(contact) if isinstance(x, e.ContactAnswered)]
        assert [x.counselor for x in answered] == list(served_by[contact])


def assert_in_order_of_arrival(parties: Parties, contacts: set[ContactId]) -> None:
    """The offers' numbers, which the queue gives, follow the order of the INVITEs, but for those
    that are made at the same time: each gateway claims for its own callers."""
    arrived = {x.subject: milliseconds(x.at) for x in parties.invites()}
    offers = [x for x in parties.events if isinstance(x, e.ContactOffered)]
    order = [arrived[x.subject] for x in sorted(offers, key=lambda x: int(x.offer))]
    assert len(offers) == len(contacts)
    for place, instant in enumerate(sorted(order)):
        assert abs(order.index(instant) - place) < COUNSELORS
