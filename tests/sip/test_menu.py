"""The menu of a real call: keys choose, and whoever does not choose reaches a human."""

from __future__ import annotations

from pathlib import Path

from hotline import events as e
from hotline.events import CounselorState, Priority
from hotline.ids import ContactId
from hotline.sip.tone import seconds_with
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import COUNSELOR_HERTZ, Counselor, Parties, gathered, in_place


def heard(parties: Parties, call: int, hertz: int, *, least: float = 0.2) -> bool:
    """Whether the caller has heard the tone."""
    path = parties.heard_by_caller(call)
    return path.exists() and seconds_with(path, hertz) >= least


async def served(parties: Parties, counselor: Counselor, call: int, contact: ContactId) -> None:
    """The caller hears the counselor, and hangs up."""
    await parties.watch.expect(contact, e.ContactAnswered, counselor=counselor.extension)
    await until(lambda: heard(parties, call, COUNSELOR_HERTZ))
    await parties.trunk.hang_up(call)
    await parties.watch.expect(contact, e.CallerLeft)


async def test_silence_and_wrong_keys_lead_to_a_human(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor(skill="youth") as counselor,
    ):
        silent, still = await parties.dial()
        lost, wrong = await parties.dial()
        await parties.hears_us(lost)
        await parties.choose(lost, "#1")
        await until(lambda: heard(parties, lost, tonal.TOPICS))
        await parties.choose(lost, "7")
        await until(lambda: heard(parties, lost, tonal.UNKNOWN_KEY))
        await parties.choose(lost, "7")
        menu = await parties.watch.expect(wrong, e.MenuFinished)
        assert (menu.outcome, menu.topic) == ("wrong_keys", "other")
        await served(parties, counselor, lost, wrong)
        menu = await parties.watch.expect(still, e.MenuFinished, seconds=40)
        assert (menu.outcome, menu.language) == ("silence", "zh")
        await served(parties, counselor, silent, still)
        for tone in (tonal.NOTICE, tonal.LANGUAGE, tonal.TOPICS):
            assert heard(parties, silent, tone)


async def test_keys_choose_language_and_topic_and_repeat_the_menu(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties:
        call, contact = await parties.dial()
        await until(lambda: heard(parties, call, tonal.NOTICE))
        await parties.choose(call, "#")
        await until(lambda: heard(parties, call, tonal.LANGUAGE))
        await parties.choose(call, "2")
        once = 7 * tonal.SECONDS  # the menu has seven prompts
        await until(lambda: heard(parties, call, tonal.TOPICS_ENGLISH, least=0.9 * once))
        await parties.choose(call, "9")
        await until(lambda: heard(parties, call, tonal.TOPICS_ENGLISH, least=1.8 * once))
        await parties.choose(call, "2")
        queued = await parties.watch.expect(contact, e.ContactQueued)
        assert (queued.topic, queued.language, queued.skills) == ("family", "en", ("family",))
        assert queued.priority is Priority.NORMAL
        assert not heard(parties, call, tonal.TOPICS)
        await parties.trunk.hang_up(call)


async def test_danger_key_goes_ahead_of_two_who_waited_before(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor(skill="crisis", ready=False) as counselor,
    ):
        waiting = [await parties.queued("#14"), await parties.queued("#14")]
        danger = await parties.queued("0")
        queued = await parties.watch.expect(danger[1], e.ContactQueued)
        assert (queued.priority, queued.topic) == (Priority.CRISIS, "crisis")
        async with tonal_hotline.store() as store:
            await store.change_state(
                counselor.extension, CounselorState.READY, reason="", by="test"
            )
        for call, contact in (danger, *waiting):
            await served(parties, counselor, call, contact)
        answered = [x.subject for x in parties.events if isinstance(x, e.ContactAnswered)]
        assert answered == [danger[1], waiting[0][1], waiting[1][1]]


async def test_danger_key_works_while_waiting_too(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties:
        (first, _), (second, contact) = await parties.queued("#14"), await parties.queued("#14")
        async with tonal_hotline.store() as store:
            await in_place(store, contact, 2)
            await parties.choose(second, "0")
            await parties.watch.expect(contact, e.ContactQueued, priority=Priority.CRISIS)
            await in_place(store, contact, 1)
        for call in (first, second):
            await parties.trunk.hang_up(call)
            await parties.trunk.expect("ended", call=call)
