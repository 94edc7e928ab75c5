"""A process without a port lives as long as it touches its file, whatever is done to the clock."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from admin.supervision.health import FreshHeartbeat
from hotline.clock import ManualClock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "serves"), [(0.0, True), (14.0, True), (16.0, False), (-3600.0, False)]
)
def test_heartbeat_counts_neither_when_old_nor_from_before_the_clock_was_set_back(
    tmp_path: Path, age: float, serves: bool
) -> None:
    path = tmp_path / "scribe"
    path.touch()
    touched = NOON.timestamp() - age
    os.utime(path, (touched, touched))
    assert asyncio.run(FreshHeartbeat(path=path, clock=ManualClock(NOON)).serves()) is serves
