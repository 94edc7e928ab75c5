"""What legs hear and what tracks hold: real RTP, measured by tones."""

from __future__ import annotations

import asyncio
import contextlib
import time
import wave
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from hotline.call import LegAnswered, LegEnded, LegHeld, LegResumed, PlaybackFinished
from hotline.errors import PromptMissing
from hotline.ids import LegId
from hotline.sip import tone as tones
from hotline.wav import wav_fault
from tests.bridging import bridge, part
from tests.damage import damaged, sound_wav
from tests.sip.line import complete, line_and_phone, until
from tests.sip.pair import CALLER, COUNSELOR, pair

PROMPT, MUSIC = 800, 1060
ALL = (CALLER, COUNSELOR, PROMPT, MUSIC)


async def growing(path: Path, seconds: float) -> None:
    """Wait until the recording `path` holds `seconds` more than now."""
    goal = held(path) + seconds
    await until(lambda: held(path) >= goal, seconds=seconds + 10)


@contextlib.contextmanager
def timed(took: list[float]) -> Iterator[None]:
    """Append how long the block takes: two commands that follow each other may be far apart."""
    begun = time.monotonic()
    yield
    took.append(time.monotonic() - begun)


def held(path: Path) -> float:
    return tones.seconds_of(path) if path.exists() else 0.0


def test_bridged_sides_hear_only_each_other_and_tracks_hold_one_side_each(tmp_path: Path) -> None:
    apart: list[float] = []

    async def scenario() -> None:
        async with pair(tmp_path) as p:
            bridge(p.line.endpoint, p.caller, p.counselor)
            with timed(apart):
                p.line.endpoint.start_track(p.caller, tmp_path / "caller.wav")
                p.line.endpoint.start_track(p.counselor, tmp_path / "counselor.wav")
            await growing(tmp_path / "caller.wav", 3)
            with timed(apart):
                p.line.endpoint.stop_track(p.caller)
                p.line.endpoint.stop_track(p.counselor)
            await until(lambda: complete(tmp_path / "caller.wav"))
            await until(lambda: complete(tmp_path / "counselor.wav"))
            await p.hang_up()
            assert tones.tones_in(p.heard_by(p.caller_call), ALL) == {COUNSELOR}
            assert tones.tones_in(p.heard_by(p.counselor_call), ALL) == {CALLER}

    asyncio.run(scenario())
    assert tones.tones_in(tmp_path / "caller.wav", ALL) == {CALLER}
    assert tones.tones_in(tmp_path / "counselor.wav", ALL) == {COUNSELOR}
    lengths = [tones.seconds_of(tmp_path / f"{side}.wav") for side in ("caller", "counselor")]
    assert lengths[0] == pytest.approx(lengths[1], abs=0.041 + sum(apart))
    assert (tmp_path / "caller.wav").stat().st_mode & 0o777 == 0o600


def test_bridging_takes_effect_when_asked_and_parting_too(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with pair(tmp_path) as p:
            heard = p.heard_by(p.caller_call)
            await growing(heard, 0.5)
            assert tones.seconds_with(heard, COUNSELOR) == 0
            bridge(p.line.endpoint, p.caller, p.counselor)
            await until(lambda: tones.seconds_with(heard, COUNSELOR) > 0.5)
            part(p.line.endpoint, p.caller, p.counselor)
            await growing(heard, 0.6)
            before = tones.seconds_with(heard, COUNSELOR)
            await growing(heard, 0.6)
            assert tones.seconds_with(heard, COUNSELOR) == before

    asyncio.run(scenario())


def test_tracks_stay_in_step_through_a_hold(tmp_path: Path) -> None:
    apart: list[float] = []

    async def scenario() -> None:
        async with pair(tmp_path) as p:
            endpoint = p.line.endpoint
            bridge(endpoint, p.caller, p.counselor)
            with timed(apart):
                endpoint.start_track(p.caller, tmp_path / "caller.wav")
                endpoint.start_track(p.counselor, tmp_path / "counselor.wav")
            await growing(tmp_path / "caller.wav", 1)
            await p.phone.hold(p.counselor_call)
            await p.line.expect(LegHeld, leg=p.counselor)
            await growing(tmp_path / "caller.wav", 1)
            await p.phone.resume(p.counselor_call)
            await p.line.expect(LegResumed, leg=p.counselor)
            await growing(tmp_path / "caller.wav", 1.5)
            with timed(apart):
                endpoint.stop_track(p.caller)
                endpoint.stop_track(p.counselor)
            await until(lambda: complete(tmp_path / "caller.wav"))
            await until(lambda: complete(tmp_path / "counselor.wav"))
            await p.hang_up()
            # after the hold they hear each other again
            assert tones.when(p.heard_by(p.caller_call), COUNSELOR)[-1][1] > 2.5

    asyncio.run(scenario())
    lengths = [tones.seconds_of(tmp_path / f"{side}.wav") for side in ("caller", "counselor")]
    assert lengths[0] == pytest.approx(lengths[1], abs=0.041 + sum(apart))
    assert tones.when(tmp_path / "counselor.wav", COUNSELOR)[-1][1] > lengths[1] - 0.5


def test_playlist_is_heard_in_order_and_its_end_is_told_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            await phone.policy(record=tmp_path)
            call = await phone.dial(uri)
            leg = (await line.expect(LegAnswered)).leg
            number = line.endpoint.play(
                leg,
                [
                    tones.write_tone(tmp_path / "one.wav", PROMPT, seconds=0.6),
                    tones.write_tone(tmp_path / "two.wav", MUSIC, seconds=0.6),
                ],
            )
            assert (await line.expect(PlaybackFinished, leg=leg)).playlist == number
            await growing(tmp_path / f"{call}.wav", 0.6)
            await phone.hang_up(call)
            await line.expect(LegEnded)
            assert line.of(leg).count("PlaybackFinished") == 1
            await until(lambda: complete(tmp_path / f"{call}.wav"))
            ((_, first_end),) = tones.when(tmp_path / f"{call}.wav", PROMPT)
            ((second_begin, _),) = tones.when(tmp_path / f"{call}.wav", MUSIC)
            assert second_begin == pytest.approx(first_end, abs=0.11)
            heard = tones.seconds_with(tmp_path / f"{call}.wav", MUSIC)
            assert heard == pytest.approx(0.6, abs=0.11)

    asyncio.run(scenario())


def test_music_loops_until_it_is_stopped(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            await phone.policy(record=tmp_path)
            call = await phone.dial(uri)
            leg = (await line.expect(LegAnswered)).leg
            heard = tmp_path / f"{call}.wav"
            music = tones.write_tone(tmp_path / "music.wav", MUSIC, seconds=0.5)
            line.endpoint.play(leg, [music], loop=True)
            await until(lambda: heard.exists() and tones.seconds_with(heard, MUSIC) > 1.5)
            line.endpoint.stop_playing(leg)
            await growing(heard, 0.6)
            before = tones.seconds_with(heard, MUSIC)
            await growing(heard, 0.6)
            assert tones.seconds_with(heard, MUSIC) == before
            assert "PlaybackFinished" not in line.of(leg)

    asyncio.run(scenario())


def test_prompt_begun_before_the_media_is_up_is_still_heard_whole(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, _):
            await phone.policy(record=tmp_path, answer_after=0.5)
            leg = line.endpoint.dial("1001", headers={})
            prompt = tones.write_tone(tmp_path / "p.wav", PROMPT, seconds=0.6)
            line.endpoint.play(leg, [prompt])
            await line.expect(PlaybackFinished, leg=leg)
            call = (await phone.expect("answered"))["call"]
            heard = tmp_path / f"{call}.wav"
            await growing(heard, 0.5)
            assert tones.seconds_with(heard, PROMPT) == pytest.approx(0.6, abs=0.15)

    asyncio.run(scenario())


def test_playlist_replaced_two_hundred_times_does_no_harm(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            await phone.policy(record=tmp_path)
            call = await phone.dial(uri)
            leg = (await line.expect(LegAnswered)).leg
            short = tones.write_tone(tmp_path / "short.wav", PROMPT, seconds=0.06)
            for n in range(200):
                line.endpoint.play(leg, [short] * (1 + n % 3), loop=bool(n % 2))
                await asyncio.sleep(0.01)  # so that some are heard to their end, some are not
            last = line.endpoint.play(leg, [tones.write_tone(tmp_path / "m.wav", MUSIC)])
            await line.expect(PlaybackFinished, playlist=last)
            finished = [e.playlist for e in line.events if isinstance(e, PlaybackFinished)]
            assert len(finished) == len(set(finished))
            await phone.hang_up(call)
            await line.expect(LegEnded)
            await until(lambda: complete(tmp_path / f"{call}.wav"))
            assert MUSIC in tones.tones_in(tmp_path / f"{call}.wav", ALL)

    asyncio.run(scenario())


def test_missing_or_wrong_prompt_is_refused_and_what_plays_goes_on(tmp_path: Path) -> None:
    stereo = tmp_path / "stereo.wav"
    with wave.open(str(stereo), "wb") as wav:
        wav.setparams((2, 2, 8000, 0, "NONE", ""))
        wav.writeframes(b"\0" * 32000)
    (tmp_path / "text.wav").write_text("no audio at all")
    (tmp_path / "empty.wav").touch()

    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            await phone.policy(record=tmp_path)
            call = await phone.dial(uri)
            leg = (await line.expect(LegAnswered)).leg
            music = tones.write_tone(tmp_path / "music.wav", MUSIC)
            line.endpoint.play(leg, [music], loop=True)
            for name in ("gone.wav", "stereo.wav", "text.wav", "empty.wav"):
                with pytest.raises(PromptMissing, match=name):
                    line.endpoint.play(leg, [music, tmp_path / name])
            heard = tmp_path / f"{call}.wav"
            await until(lambda: heard.exists() and tones.seconds_with(heard, MUSIC) > 1.5)

    asyncio.run(scenario())


def test_damaged_wav_is_missing_and_one_that_is_found_is_played(tmp_path: Path) -> None:
    whole = sound_wav(tmp_path)

    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            await phone.dial(uri)
            leg = (await line.expect(LegAnswered)).leg
            path = tmp_path / "damaged.wav"
            verdicts = set()
            for seed in range(300):
                path.write_bytes(damaged(whole, seed))
                fault = wav_fault(path)
                try:
                    line.endpoint.play(leg, [path])
                except PromptMissing:
                    assert fault is not None, f"seed {seed}: found, but the engine refuses it"
                else:
                    assert fault is None
                verdicts.add(fault is None)
            assert verdicts == {True, False}

    asyncio.run(scenario())


def test_wav_removed_while_it_plays_ends_as_usual(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            await phone.dial(uri)
            leg = (await line.expect(LegAnswered)).leg
            prompt = tones.write_tone(tmp_path / "p.wav", PROMPT, seconds=1)
            number = line.endpoint.play(leg, [prompt])
            prompt.unlink()
            await line.expect(PlaybackFinished, playlist=number)
            with pytest.raises(PromptMissing):
                line.endpoint.play(leg, [prompt])

    asyncio.run(scenario())


def test_track_that_cannot_be_written_raises_and_the_call_goes_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            call = await phone.dial(uri)
            leg = (await line.expect(LegAnswered)).leg
            await phone.expect("answered")
            with pytest.raises(FileNotFoundError):
                line.endpoint.start_track(leg, tmp_path / "nowhere" / "a.wav")
            with pytest.raises(IsADirectoryError):
                line.endpoint.start_track(leg, tmp_path)
            line.endpoint.stop_track(leg)
            assert line.endpoint.legs == 1
            await phone.hang_up(call)
            assert (await line.expect(LegEnded)).status == 200

    asyncio.run(scenario())


def test_track_of_a_leg_that_ends_is_closed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            await phone.policy(play=tones.write_tone(tmp_path / "a.wav", CALLER))
            call = await phone.dial(uri)
            leg = (await line.expect(LegAnswered)).leg
            await phone.expect("answered")
            line.endpoint.start_track(leg, tmp_path / "t.wav")
            await growing(tmp_path / "t.wav", 1)
            await phone.hang_up(call)
            await line.expect(LegEnded)
            await until(lambda: complete(tmp_path / "t.wav"))
            assert tones.seconds_with(tmp_path / "t.wav", CALLER) > 0.7

    asyncio.run(scenario())


def test_shared_track_holds_both_and_outlives_either_without_a_gap(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with pair(tmp_path) as p:
            endpoint, track = p.line.endpoint, tmp_path / "t.wav"
            endpoint.start_track(p.caller, track)
            await growing(track, 0.5)
            endpoint.share_track(p.caller, p.counselor)
            endpoint.share_track(p.caller, p.counselor)
            await growing(track, 1)
            await p.phone.hang_up(p.caller_call)
            await p.line.expect(LegEnded, leg=p.caller)
            await growing(track, 1)
            endpoint.stop_track(p.counselor)
            await until(lambda: complete(track))
            await p.phone.hang_up(p.counselor_call)

    asyncio.run(scenario())
    track = tmp_path / "t.wav"
    first, second = tones.when(track, CALLER), tones.when(track, COUNSELOR)
    assert first[0][0] < 0.3
    assert second[0][0] < first[-1][1] - 0.5, "both at once"
    assert second[-1][1] > first[-1][1] + 0.5, "the second alone"
    gaps = [after[0] - before[1] for before, after in pairwise(second)]
    assert max(gaps, default=0) < 0.2


def test_track_that_a_leg_shares_goes_on_when_that_leg_is_written_no_more(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with pair(tmp_path) as p:
            endpoint, track = p.line.endpoint, tmp_path / "t.wav"
            endpoint.share_track(p.caller, p.counselor)  # nothing to share
            endpoint.start_track(p.caller, track)
            endpoint.share_track(p.caller, p.counselor)
            await growing(track, 0.5)
            endpoint.stop_track(p.caller)
            since = held(track) + 0.2
            await growing(track, 1)
            endpoint.stop_track(p.counselor)
            await until(lambda: complete(track))
            assert all(begin < since for begin, _ in tones.when(track, CALLER))
            assert any(end > since + 0.5 for _, end in tones.when(track, COUNSELOR))

    asyncio.run(scenario())


def test_commands_to_a_leg_that_is_gone_are_ignored(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            call = await phone.dial(uri)
            leg = (await line.expect(LegAnswered)).leg
            await phone.hang_up(call)
            await line.expect(LegEnded)
            endpoint, gone = line.endpoint, LegId("gone")
            prompt = tones.write_tone(tmp_path / "p.wav", PROMPT)
            for dead in (leg, gone):
                endpoint.ring(dead)
                endpoint.answer(dead)
                endpoint.play(dead, [prompt])
                endpoint.stop_playing(dead)
                bridge(endpoint, dead, gone)
                part(endpoint, dead, gone)
                endpoint.start_track(dead, tmp_path / "t.wav")
                endpoint.share_track(dead, gone)
                endpoint.stop_track(dead)
                endpoint.end(dead)
            assert not (tmp_path / "t.wav").exists()
            assert line.of(leg)[-1] == "LegEnded"

    asyncio.run(scenario())
