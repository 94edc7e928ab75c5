"""What a contact's events are dated by while the wall clock is set: in order, at true distances."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from hotline import events as e
from hotline.call import LegAnswered
from hotline.clock import ManualClock, SteadyClock
from tests.unit.scene import Scene

HOUR = 3600.0


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_steady_clock_goes_on_from_where_it_began(jump: float) -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    clock = ManualClock(noon)
    steady = SteadyClock(clock)
    clock.advance(5)
    clock.set_by(jump)
    clock.advance(5)
    assert steady.now() == noon + timedelta(seconds=10)
    assert steady.monotonic() == clock.monotonic()


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_wait_and_talk_last_what_they_lasted_whatever_was_done_to_the_clock(jump: float) -> None:
    async def act(scene: Scene) -> None:
        await scene.wait_in_line()
        scene.clock.advance(30)
        scene.clock.set_by(jump)
        await scene.be_offered()
        await scene.hear(LegAnswered(leg=scene.counselor_leg))
        scene.clock.advance(100)
        scene.clock.set_by(-2 * jump)
        await scene.caller_hangs_up()

    scene = Scene()
    asyncio.run(act(scene))
    at = {type(event): event.at for event in scene.journal.events}
    assert at[e.ContactAnswered] - at[e.ContactQueued] == timedelta(seconds=30)
    assert at[e.CallerLeft] - at[e.ContactAnswered] == timedelta(seconds=100)
