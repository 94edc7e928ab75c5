"""An operator's menu that cannot be used stands in `hotline status` until it is mended; callers are
served by the shipped one all the while."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline import events as e
from hotline.menu.flow import SHIPPED
from hotline.sip.tone import seconds_with
from tests.hotline_server import HotlineServer
from tests.servers import wait_until
from tests.sip.line import until
from tests.sip.parties import COUNSELOR_HERTZ, gathered

STRANGE = """
start = "ask"
[nodes.ask]
prompts = ["topics"]
keys.1 = { topic = "emotion", node = "town" }
"""
BROKEN = 'start = "nowhere"\n[nodes.ask]\nprompts = ["topics"]\n'


@pytest.fixture
def flow_file(hotline: HotlineServer, request: pytest.FixtureRequest) -> Iterator[Path]:
    path = hotline.settings.flows_dir / f"{request.param}.toml"
    path.parent.mkdir(exist_ok=True)
    yield path
    path.unlink(missing_ok=True)


@pytest.mark.parametrize("flow_file", ["night"], indirect=True)
def test_broken_menu_stands_in_the_status_until_it_is_mended(
    hotline: HotlineServer, flow_file: Path
) -> None:
    assert "flow_broken" not in hotline.command("status")
    flow_file.write_text(STRANGE)
    wait_until(lambda: "'town'" in hotline.command("status"), seconds=30)
    flow_file.write_text(BROKEN)
    wait_until(lambda: hotline.command("status").count("flow_broken") == 2, seconds=30)
    assert "'nowhere'" in hotline.command("status")
    flow_file.write_text((SHIPPED / "closed.toml").read_text("utf-8"))
    wait_until(lambda: "flow_broken" not in hotline.command("status"), seconds=30)


@pytest.mark.parametrize("broken", [BROKEN, STRANGE, "start = [", "", "\x00\xff" * 500])
@pytest.mark.parametrize("flow_file", ["main"], indirect=True)
async def test_broken_menu_of_the_line_itself_leads_its_callers_to_a_human(
    tonal_hotline: HotlineServer, flow_file: Path, tmp_path: Path, broken: str
) -> None:
    assert tonal_hotline.settings.lines[0].flow == flow_file.stem
    await asyncio.to_thread(flow_file.write_bytes, broken.encode("latin-1"))
    async with gathered(tonal_hotline, tmp_path) as parties, parties.counselor() as counselor:
        call, _, contact = await parties.talking(counselor)
        voice = parties.heard_by_caller(call)
        await until(lambda: seconds_with(voice, COUNSELOR_HERTZ) > 0.5)
        await parties.trunk.hang_up(call)
        await parties.watch.expect(contact, e.CallerLeft)

    def told() -> bool:
        return "flow_broken" in tonal_hotline.command("status")

    await asyncio.to_thread(wait_until, told, seconds=30)
