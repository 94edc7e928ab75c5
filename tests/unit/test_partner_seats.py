"""A partner that takes only so many callers at once: nobody more is sent there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hotline import events as e
from hotline.call import LegAnswered, LegRang
from hotline.contact import ContactState as S
from hotline.events import Reason
from hotline.ids import ContactId
from hotline.overflow import Overflow
from tests.unit.scene import CALLER, Scene
from tests.unit.test_forwarding import a_partner, partner_ends, rung

OTHER = ContactId("another")


def play(act: Callable[[Scene], Awaitable[None]], *partners: Overflow) -> Scene:
    """Run one scene with a partner that takes one caller."""

    async def whole() -> Scene:
        scene = Scene(overflow=partners or [a_partner(callers=1)])
        await act(scene)
        return scene

    return asyncio.run(whole())


async def wait_long(s: Scene) -> None:
    await s.wait_in_line()
    await s.wait_for(61)


async def forwarded(s: Scene) -> None:
    await wait_long(s)
    await s.hear(LegRang(leg=s.partner_leg))
    await s.hear(LegAnswered(leg=s.partner_leg))


def test_caller_takes_a_seat_when_the_partner_rings() -> None:
    scene = play(wait_long)
    assert rung(scene) == ["partner.north"]
    assert scene.partners.seats["north"] == {scene.conversation.contact.id}


def test_full_partner_is_passed_over_for_the_next_and_asked_again_later() -> None:
    async def act(s: Scene) -> None:
        s.partners.seats["north"].add(OTHER)
        await wait_long(s)
        await s.wait_for(1)
        assert rung(s) == ["partner.south"]
        s.partners.seats["north"].clear()
        await s.hear(LegRang(leg=s.partner_leg))
        await partner_ends(s, Reason.DECLINED)
        await s.wait_for(6)

    scene = play(act, a_partner(callers=1), a_partner("south"))
    assert rung(scene) == ["partner.south", "partner.north"]


def test_caller_for_whom_all_partners_are_full_stays_in_line_and_loses_no_attempt() -> None:
    async def act(s: Scene) -> None:
        s.partners.seats["north"].add(OTHER)
        await wait_long(s)
        await s.wait_for(200)
        assert rung(s) == []
        assert s.conversation.contact.id in s.queue.waiting
        s.partners.seats["north"].clear()
        await s.wait_for(6)

    scene = play(act)
    assert scene.last(e.PartnerDialled).attempt == 1


def test_full_partner_keeps_nobody_from_leaving_a_message() -> None:
    async def act(s: Scene) -> None:
        s.partners.seats["north"].add(OTHER)
        await s.wait_in_line()
        await s.wait_for(3, unstaffed=True)
        await s.press("5")

    async def whole() -> Scene:
        partner = a_partner(callers=1, after=None, when_unstaffed=True)
        scene = Scene(overflow=[partner], voicemail=True)
        await act(scene)
        return scene

    assert asyncio.run(whole()).audio.playing[CALLER] == ("message_intro", "beep")


@pytest.mark.parametrize(
    ("reason", "status"),
    [(Reason.COUNSELOR_HUNG_UP, 200), (Reason.RTP_SILENCE, 200), (Reason.DECLINED, 486)],
)
def test_seat_is_given_back_however_it_ends(reason: Reason, status: int) -> None:
    async def act(s: Scene) -> None:
        if status == 486:
            await wait_long(s)
        else:
            await forwarded(s)
        await partner_ends(s, reason, status)
        await s.settle()

    assert play(act).partners.seats["north"] == set()


def test_caller_who_hangs_up_gives_the_seat_back() -> None:
    async def act(s: Scene) -> None:
        await forwarded(s)
        await s.caller_hangs_up()

    assert play(act).partners.seats["north"] == set()


def test_counselor_who_is_faster_gives_the_seat_back() -> None:
    async def act(s: Scene) -> None:
        await wait_long(s)
        await s.be_offered()
        await s.hear(LegAnswered(leg=s.counselor_leg))

    assert play(act).partners.seats["north"] == set()


def test_where_nobody_can_count_the_partner_is_asked() -> None:
    async def act(s: Scene) -> None:
        s.partners.away = True
        await wait_long(s)

    scene = play(act)
    assert rung(scene) == ["partner.north"]
    assert scene.state is S.QUEUED
