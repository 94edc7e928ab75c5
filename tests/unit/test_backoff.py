"""How long the supervisor waits before it starts a dead child again."""

from __future__ import annotations

from admin.supervision.backoff import Backoff


def test_delays_double_up_to_the_ceiling() -> None:
    backoff = Backoff(first=1, ceiling=5, stable=60)
    assert [backoff.delay_after(0.1) for _ in range(5)] == [1, 2, 4, 5, 5]


def test_stable_life_begins_anew() -> None:
    backoff = Backoff(first=1, ceiling=30, stable=60)
    for _ in range(4):
        backoff.delay_after(0.1)
    assert backoff.delay_after(60) == 1
    assert backoff.delay_after(59.9) == 2
