"""What a caller hears while waiting."""

from __future__ import annotations

import pytest

from hotline.call import LegAnswered
from hotline.events import AlarmKind, Reason
from hotline.ports import Band
from tests.unit.scene import CALLER, Scene
from tests.unit.test_conversation import play


def test_place_is_said_after_10_seconds_and_then_every_45_with_music_between() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        assert s.audio.playing[CALLER] == ("please_wait",)
        for seconds in (10, 45, 45):
            await s.hear_out()
            assert s.audio.playing[CALLER] == ("music",)
            await s.advance(seconds - 1)
            assert s.audio.playing[CALLER] == ("music",)
            await s.advance(1)
            assert s.audio.playing[CALLER] == ("position_next",)

    play(act)


def test_band_is_said_behind_the_position_where_there_is_one() -> None:
    async def act(s: Scene) -> None:
        s.queue.band = Band.FROM_2_TO_5
        await s.wait_in_line()
        await s.hear_out()
        await s.advance(10)

    scene = play(act)
    assert scene.audio.playing[CALLER] == ("position_next", "band_2_to_5")


def test_danger_key_while_waiting_is_confirmed_and_no_numbers_follow() -> None:
    async def act(s: Scene) -> None:
        s.queue.band = Band.OVER_20
        await s.wait_in_line()
        await s.press("0")
        assert s.audio.playing[CALLER] == ("danger_confirmed",)
        await s.hear_out()
        await s.advance(10)
        assert s.audio.playing[CALLER] == ("crisis_wait",)
        await s.hear_out()
        assert s.audio.playing[CALLER] == ("music",)
        await s.press("0")
        assert s.audio.playing[CALLER] == ("danger_confirmed",)

    scene = play(act)
    assert scene.journal.names.count("ContactQueued") == 2


def test_danger_key_in_the_menu_is_confirmed_too() -> None:
    async def act(s: Scene) -> None:
        await s.ring_in()
        await s.press("0")

    assert play(act).audio.playing[CALLER] == ("danger_confirmed",)


def test_place_that_is_due_while_words_are_said_is_said_behind_them() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.advance(10)
        assert s.audio.playing[CALLER] == ("please_wait",)
        await s.hear_out()
        assert s.audio.playing[CALLER] == ("position_next",)
        await s.hear_out()
        assert s.audio.playing[CALLER] == ("music",)

    play(act)


def test_danger_key_does_not_begin_its_own_confirmation_anew() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.press("0")
        before = s.audio.playlists
        await s.press("00")
        assert s.audio.playlists == before

    play(act)


def test_danger_key_while_a_phone_rings_is_confirmed() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.be_offered()
        await s.press("0")

    assert play(act).audio.playing[CALLER] == ("danger_confirmed",)


def test_crisis_caller_who_lost_the_counselor_hears_no_numbers_either() -> None:
    async def act(s: Scene) -> None:
        await s.ring_in()
        await s.press("0")
        await s.be_offered()
        await s.hear(LegAnswered(leg=s.counselor_leg))
        await s.counselor_ends(Reason.RTP_SILENCE)
        await s.hear_out()
        await s.settle()
        await s.advance(10)

    assert play(act).audio.playing[CALLER] == ("crisis_wait",)


def test_unknown_place_costs_the_music_nothing() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.hear_out()
        s.queue.waiting.clear()
        await s.advance(10)
        assert s.audio.playing[CALLER] == ("music",)
        await s.advance(45)

    assert play(act).audio.playing[CALLER] == ("position_next",)


@pytest.mark.parametrize("missing", ["position_next", "band_2_to_5"])
def test_missing_prompt_costs_that_prompt_alone(missing: str) -> None:
    async def act(s: Scene) -> None:
        s.queue.band = Band.FROM_2_TO_5
        s.prompts.missing.add(missing)
        await s.wait_in_line()
        await s.hear_out()
        await s.advance(10)

    scene = play(act)
    assert set(scene.audio.playing[CALLER]) == {"position_next", "band_2_to_5"} - {missing}
    assert AlarmKind.PROMPT_MISSING in scene.alarms.standing
