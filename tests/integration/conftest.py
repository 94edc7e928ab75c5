"""Fixtures of the contract tests: what they say is asked of the fake and of the real one."""

from __future__ import annotations

from functools import partial

import pytest

from tests.queue_sides import OpenSide, fake_side, real_side


@pytest.fixture(params=["fake", "real"])
def open_side(request: pytest.FixtureRequest) -> OpenSide:
    """Opens the queue in memory, or on a real Redis: ``async with open_side() as side``."""
    if request.param == "fake":
        return fake_side
    return partial(real_side, request.getfixturevalue("redis_url"))
