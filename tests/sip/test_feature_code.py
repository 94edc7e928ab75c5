"""A counselor's state, from the plain phone and from the command line."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hotline import events as e
from hotline.events import CounselorState
from hotline.sip.tone import tones_in
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import gathered

BUSY_MACHINE = 5.0
"""Seconds."""
CONFIRMATIONS = {
    tonal.STATE_READY,
    tonal.STATE_NOT_READY,
    tonal.STATE_OFFLINE,
    tonal.CODE_UNKNOWN,
}


async def test_code_changes_the_state_and_is_confirmed_in_words(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor(ready=False) as counselor,
    ):
        codes = [
            ("*11", CounselorState.READY, "", tonal.STATE_READY),
            ("*12", CounselorState.NOT_READY, "break", tonal.STATE_NOT_READY),
            ("*13", CounselorState.NOT_READY, "meeting", tonal.STATE_NOT_READY),
            ("*14", CounselorState.NOT_READY, "training", tonal.STATE_NOT_READY),
            ("*99", None, "", tonal.CODE_UNKNOWN),
            ("*10", CounselorState.OFFLINE, "", tonal.STATE_OFFLINE),
        ]
        for code, state, reason, tone in codes:
            before = len(parties.of(counselor.extension))
            call = await counselor.phone.dial(f"sip:{code}@{tonal_hotline.edge}")
            await counselor.phone.expect("ended", call=call, status=200)
            heard = counselor.heard / f"{call}.wav"
            await until(lambda: tones_in(heard, CONFIRMATIONS, least=tonal.HEARD) == {tone})  # noqa: B023
            if state is None:
                assert len(parties.of(counselor.extension)) == before
                continue
            changed = await parties.watch.expect(
                counselor.extension, e.CounselorStateChanged, state=state, reason=reason
            )
            assert changed.by == "counselor"


async def test_wrap_up_ends_by_itself(tonal_hotline: HotlineServer, tmp_path: Path) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties, parties.counselor() as counselor:
        call, _, contact = await parties.talking(counselor)
        await parties.trunk.hang_up(call)
        began = await parties.watch.expect(
            counselor.extension, e.CounselorStateChanged, state=CounselorState.WRAP_UP
        )
        assert began.contact == contact
        ended = await parties.watch.expect(
            counselor.extension, e.CounselorStateChanged, previous=CounselorState.WRAP_UP
        )
        assert (ended.state, ended.by) == (CounselorState.READY, "system")
        assert 1.0 <= (ended.at - began.at).total_seconds() < 1.0 + BUSY_MACHINE


async def test_commands_change_and_show_the_state(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    def commands() -> list[str]:
        return [
            tonal_hotline.command("counselor", *words)
            for words in (
                ("ready", extension),
                ("not-ready", extension, "--reason", "meeting"),
                ("list",),
                ("offline", extension),
            )
        ]

    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor(skill="family", ready=False) as counselor,
    ):
        extension = counselor.extension
        printed = await asyncio.to_thread(commands)
        said = [printed[n].split()[1] for n in (0, 1, 3)]
        assert said == ["ready", "not_ready", "offline"]
        [row] = [line for line in printed[2].splitlines() if extension in line]
        assert "meeting" in row
        await parties.watch.expect(extension, e.CounselorStateChanged, state=CounselorState.OFFLINE)
        changes = [x for x in parties.of(extension) if isinstance(x, e.CounselorStateChanged)]
        assert [(x.state.value, x.reason) for x in changes] == [
            ("ready", ""),
            ("not_ready", "meeting"),
            ("offline", ""),
        ]
        assert all(x.by.startswith("operator:") for x in changes)
