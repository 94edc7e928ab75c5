"""The bench's table: which figures are held against which target."""

from __future__ import annotations

import pytest

from tests.bench.load import Held
from tests.bench.queuereport import SIZES, QueueResults
from tests.bench.report import CPU_TARGET, Results, Run

GATEWAYS = "CPU of the gateways per recorded conversation"
WHOLE = "CPU of all processes per recorded conversation"


def held(conversations: int) -> Held:
    """The gateways within the target, the whole platform beyond it."""
    return Held(
        conversations=conversations,
        shares={},
        carriers=CPU_TARGET / 100 - 0.0001,
        system=CPU_TARGET / 100 + 0.0001,
        speech=1.0,
        recorded=1.0,
    )


def test_both_figures_of_a_recorded_conversation_have_the_target_at_two_hundred() -> None:
    run = Run(
        whole=Results(held=[held(50), held(200)]),
        peer=Results(),
        noise=[],
        journal={},
        began="2026-11-22T00:00:00+00:00",
    )
    cpu = {figure.name: figure for figure in run.figures() if figure.name.startswith("CPU")}
    assert {name: (figure.target, figure.met) for name, figure in cpu.items()} == {
        f"{GATEWAYS}, 50 at once": (None, None),
        f"{WHOLE}, 50 at once": (None, None),
        f"{GATEWAYS}, 200 at once": (CPU_TARGET, True),
        f"{WHOLE}, 200 at once": (CPU_TARGET, False),
    }


@pytest.mark.parametrize(("found", "met"), [(9.9, True), (10.0, False), (10.1, False)])
def test_offer_that_takes_ten_milliseconds_is_not_under_ten(found: float, met: bool) -> None:
    costs = {kind: dict.fromkeys(SIZES, (1.0, 1.0)) for kind in ("picture", "naive")}
    times = [found / 1000] * 9
    results = QueueResults(times=times, published=times, costs=costs)
    (figure,) = [one for one in results.figures() if "published" in one.name and one.target]
    assert (figure.target, figure.met) == (10.0, met)
