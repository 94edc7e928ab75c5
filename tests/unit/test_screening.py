"""Which menu a caller hears; an absent queue blocks nobody."""

from __future__ import annotations

from pathlib import Path

from hotline.conversation.screening import Screener
from hotline.events import SealedNumber
from hotline.menu.flow import Flows
from tests.fakes import FakeQueue

FLOWS = Flows(Path("/nowhere"))
CALLER = SealedNumber("cipher", "digest")


async def test_blocked_caller_hears_the_blocked_flow() -> None:
    queue = FakeQueue()
    queue.blocked.add("digest")
    screener = Screener(screening=queue, flows=FLOWS)
    assert await screener.flow_for(CALLER, "main") == FLOWS.find("blocked")


async def test_any_other_caller_hears_the_menu_of_the_line() -> None:
    screener = Screener(screening=FakeQueue(), flows=FLOWS)
    assert await screener.flow_for(CALLER, "main") == FLOWS.find("main")


async def test_absent_queue_blocks_nobody() -> None:
    queue = FakeQueue()
    queue.blocked.add("digest")
    queue.away = True
    screener = Screener(screening=queue, flows=FLOWS)
    assert await screener.flow_for(CALLER, "main") == FLOWS.find("main")


async def test_withheld_number_is_never_taken_for_a_blocked_one() -> None:
    queue = FakeQueue()
    queue.blocked.add("")
    screener = Screener(screening=queue, flows=FLOWS)
    assert await screener.flow_for(SealedNumber("", ""), "main") == FLOWS.find("main")
