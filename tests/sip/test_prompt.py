"""Prompts of a running platform: an operator's own, one that is gone, the spoken position."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hotline import events as e
from hotline.database import open_engine, unit_of_work
from hotline.events import AlarmKind
from hotline.journal.tables import JournalRow
from hotline.prompts.library import CUSTOM, GENERATED
from hotline.sip.tone import seconds_with, when
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import gathered

REPLACED = 1900

STRAY = 0.2
"""Seconds of a tone that a window at the edge of another may show."""


async def test_wav_of_the_operator_is_heard_by_the_next_caller_without_a_restart(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties:
        heard = []
        for hertz in (tonal.NOTICE, REPLACED):
            tonal.say(tonal_hotline.settings.prompts_dir, "notice", hertz, seconds=1.0)
            call, _ = await parties.dial()
            path = parties.heard_by_caller(call)
            await until(lambda: path.exists() and seconds_with(path, hertz) > 0.8)  # noqa: B023
            await parties.trunk.hang_up(call)
            await parties.trunk.expect("ended", call=call)
            heard.append(path)
        assert seconds_with(heard[0], REPLACED) < STRAY
        assert seconds_with(heard[1], tonal.NOTICE) < STRAY + tonal.SECONDS  # the other language's
    tonal.say(tonal_hotline.settings.prompts_dir, "notice", tonal.NOTICE)


async def test_prompt_that_is_gone_leads_to_a_human_and_to_an_alarm(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties, parties.counselor() as counselor:
        with without(tonal_hotline.settings.prompts_dir, "topics"):
            call, contact = await parties.dial()
            await parties.hears_us(call)
            await parties.choose(call, "#1")
            menu = await parties.watch.expect(contact, e.MenuFinished)
            assert menu.outcome == "prompt_missing"
            await parties.watch.expect(contact, e.ContactAnswered, counselor=counselor.extension)
            await parties.trunk.hang_up(call)
            await until(lambda: alarms(tonal_hotline, AlarmKind.PROMPT_MISSING))
        while not any(isinstance(x, e.AlarmCleared) for x in parties.events):
            call, _ = await parties.dial()  # it reaches the gateway that missed it soon enough
            await parties.hears_us(call)
            await parties.trunk.hang_up(call)
            await parties.trunk.expect("ended", call=call)


async def test_waiting_caller_hears_music_and_every_few_seconds_the_place(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties:
        first, _ = await parties.queued()
        second, _ = await parties.queued()
        paths = [parties.heard_by_caller(call) for call in (first, second)]
        for path, tone in zip(paths, (tonal.POSITION_NEXT, tonal.POSITION_ONE), strict=True):
            await until(lambda: len(when(path, tone)) >= 2, seconds=30)  # noqa: B023
            begin = when(path, tone)[0][0]
            music = [start for start, _ in when(path, tonal.MUSIC)]
            assert any(start < begin for start in music)
            assert any(start > begin for start in music)
            assert seconds_with(path, tonal.PLEASE_WAIT) > 0.2
        assert seconds_with(paths[0], tonal.POSITION_ONE) < STRAY
        await parties.trunk.hang_up(first)
        await until(lambda: seconds_with(paths[1], tonal.POSITION_NEXT) > 0.2)
        await parties.trunk.hang_up(second)


@contextmanager
def without(prompts: Path, name: str) -> Iterator[None]:
    """Take a prompt away, the operator's and the generated one."""
    custom = prompts / CUSTOM / "zh" / f"{name}.wav"
    generated = prompts / GENERATED / "zh" / f"{name}.wav"
    aside = generated.with_suffix(".aside")
    custom.unlink()
    generated.rename(aside)
    try:
        yield
    finally:
        aside.rename(generated)
        tonal.say(prompts, name, tonal.TOPICS)


def alarms(server: HotlineServer, kind: AlarmKind) -> list[str]:
    """What the journal says of alarms of that kind, from the beginning."""
    engine = open_engine(server.settings.database_url)
    try:
        with unit_of_work(engine) as session:
            rows = session.query(JournalRow).filter_by(type=e.AlarmRaised.__name__)
            return [str(row.data["detail"]) for row in rows if row.data["kind"] == kind]
    finally:
        engine.dispose()
