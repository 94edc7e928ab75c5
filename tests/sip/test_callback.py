"""Called back instead of waiting, with real phones: who presses 9 hangs up and is called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hotline import events as e
from hotline.events import CounselorState as S
from hotline.events import Reason, Result, Termination
from hotline.sip.tone import seconds_with, tones_in
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.sip.home import HEARD, at_home, callback_settings, promised
from tests.sip.line import until
from tests.sip.parties import CALLER_HERTZ, COUNSELOR_HERTZ, gathered


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, tonal_prompts: Path
) -> Iterator[HotlineServer]:
    platform = HotlineServer(
        tmp_path_factory.mktemp("callback"),
        callback_settings(callback__attempts=1),
        prompts=tonal_prompts,
    )
    platform.start()
    yield platform
    platform.stop()
    assert platform.tracebacks() == []


def city(server: HotlineServer, *words: str) -> list[dict[str, Any]]:
    """The figures of the node that takes all calls: two rows when the hour has changed."""
    return [row for row in server.stats(*words) if row["node"] == "city"]


async def test_caller_is_called_back_presses_1_and_talks_with_the_counselor(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(server, tmp_path) as parties,
        at_home(server, tmp_path) as owner,
    ):
        number = parties.new_number()
        contact = await promised(parties, number)
        listed = server.command("caller", "callbacks")
        assert contact[:8] in listed
        assert number not in listed
        async with parties.counselor() as counselor:
            call = await owner.rings()
            dialled = await parties.watch.expect(contact, e.CallbackDialled, attempt=1)
            assert dialled.counselor == counselor.extension
            await until(lambda: owner.hears(call, tonal.CALLBACK_ANNOUNCE))
            home, desk = owner.heard / f"{call}.wav", counselor.heard
            assert tones_in(home, (COUNSELOR_HERTZ,)) == set()
            assert parties.tones_heard_by_counselor(counselor) == set()
            await owner.phone.digits(call, "1")
            await parties.watch.expect(contact, e.CallbackReached)
            await until(lambda: owner.hears(call, COUNSELOR_HERTZ))
            await until(lambda: CALLER_HERTZ in parties.tones_heard_by_counselor(counselor))
            assert seconds_with(next(desk.glob("*.wav")), tonal.CALLBACK_COUNSELOR) >= HEARD
            await parties.watch.expect(contact, e.RecordingStarted)  # as agreed in the first call
            await owner.phone.hang_up(call)
            left = await parties.watch.expect(contact, e.CallerLeft)
            ending = Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)
            assert left.termination == ending
        assert parties.endings(contact) == [ending]
        assert [event.seq for event in parties.of(contact)] == list(
            range(1, len(parties.of(contact)) + 1)
        )
        assert owner.phone.seen("incoming") == 0
        await until(lambda: contact[:8] not in server.command("caller", "callbacks"))
        for name in ("gateway-1", "gateway-2", "edge"):
            assert re.search(number, server.process_log(name)) is None


async def test_caller_who_does_not_answer_is_given_up_after_the_last_attempt(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(server, tmp_path) as parties,
        at_home(server, tmp_path, answer_after=None) as owner,
    ):
        contact = await promised(parties, parties.new_number())
        async with parties.counselor() as counselor:
            await owner.rings()
            failed = await parties.watch.expect(contact, e.CallbackFailed, seconds=30)
            assert failed.reason is Reason.NO_ANSWER
            given_up = await parties.watch.expect(contact, e.CallbackGivenUp)
            assert given_up.attempts == 1
            desk = next(counselor.heard.glob("*.wav"))
            await until(lambda: seconds_with(desk, tonal.CALLBACK_FAILED) >= HEARD / 2)
            freed = await parties.watch.expect(
                counselor.extension, e.CounselorStateChanged, previous=S.TALKING
            )
            assert freed.state is S.READY
        assert parties.endings(contact) == [Termination(Result.LAPSED, Reason.NOT_REACHED)]
        await until(lambda: "callback_given_up" in server.command("status"))
        await until(lambda: city(server) == city(server, "--recompute"), seconds=60)
        again = city(server)
        assert sum(row["abandoned"] + row["short_abandoned"] for row in again) == 0
        assert sum(row["promised"] for row in again) >= 1


async def test_whoever_answers_and_presses_nothing_is_let_go_and_learns_nothing(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(server, tmp_path) as parties, at_home(server, tmp_path) as owner:
        contact = await promised(parties, parties.new_number())
        async with parties.counselor() as counselor:
            call = await owner.rings()
            await owner.phone.expect("ended", call=call, seconds=30)
            failed = await parties.watch.expect(contact, e.CallbackFailed)
            assert failed.reason is Reason.NOT_CONFIRMED
            home = owner.heard / f"{call}.wav"
            words = {hertz for hertz in tonal.WORDS if seconds_with(home, hertz) >= HEARD}
            assert words == {tonal.CALLBACK_ANNOUNCE}
            assert tones_in(home, (COUNSELOR_HERTZ,)) == set()
            assert parties.tones_heard_by_counselor(counselor) == set()


async def test_caller_who_calls_again_has_the_place_and_is_not_called(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(server, tmp_path) as parties, at_home(server, tmp_path) as owner:
        number = parties.new_number()
        contact = await promised(parties, number)
        call, again = await parties.queued(number=number)
        kept = await parties.watch.expect(again, e.PlaceKept, because="callback")
        assert abs(kept.since - parties.of(contact)[0].at).total_seconds() < 0.01
        withdrawn = await parties.watch.expect(contact, e.CallbackWithdrawn, by="caller")
        assert withdrawn.termination.reason is Reason.CALLED_AGAIN
        async with parties.counselor():
            await parties.watch.expect(again, e.ContactAnswered)
            await parties.trunk.hang_up(call)
            await parties.watch.expect(again, e.CallerLeft)
        assert owner.phone.seen("incoming") == 0
