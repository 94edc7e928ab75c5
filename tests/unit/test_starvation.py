"""The starvation bound: nobody below crisis is overtaken by anybody below crisis who arrived later
than the own handicap, if both ask for the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from hotline.events import Priority
from hotline.ids import ContactId
from hotline.ports import Waiting
from queueing.keys import milliseconds
from queueing.routing.order import HANDICAP
from queueing.routing.picture import Standing
from tests.unit.picture_scene import NOON_MS, PictureScene, S, a_contact, a_plan, a_standing

MINUTE = 60


@dataclass
class Service:
    """A day: contacts come, and each counselor takes `handling` seconds for each."""

    crew: list[Standing]
    handling: int

    def served(self, contacts: Iterable[Waiting]) -> list[tuple[Waiting, float]]:
        """Return everybody in the order of being served, with the seconds past noon."""
        plan = a_plan('reach = "district"\nseconds = 30', "seconds = 60", "skills = 'none'")
        scene = PictureScene(plan, *self.crew)
        standings = {standing.profile.id: standing for standing in self.crew}
        coming = sorted(contacts, key=lambda waiting: waiting.arrived_at)
        by_id = {waiting.contact: waiting for waiting in coming}
        free_again: list[tuple[float, Standing]] = []
        served: list[tuple[Waiting, float]] = []
        now = 0.0
        while len(served) < len(by_id):
            for waiting in [one for one in coming if _seconds(one) <= now]:
                coming.remove(waiting)
                scene.wait(waiting)
            for due in [some for some in free_again if some[0] <= now]:
                free_again.remove(due)
                scene.stand(due[1])
            for pair in scene.made(now):
                served.append((by_id[pair.contact], now))
                scene.picture.contact_left(pair.contact)
                standing = standings[pair.counselor]
                scene.stand(a_busy(standing))
                free_again.append((now + self.handling, standing))
            opening = scene.picture.next_opening()
            moments = [_seconds(one) for one in coming] + [at for at, _ in free_again]
            moments += [] if opening is None else [(opening - NOON_MS) / 1000]
            assert moments, "somebody waits for ever"
            assert min(moments) > now or len(served) == len(by_id)
            now = min(moments)
        return served


def a_busy(standing: Standing) -> Standing:
    return Standing(
        profile=standing.profile,
        state=S.TALKING,
        idle_since=standing.idle_since,
        busy=0,
        available=0,
        counted=standing.counted,
    )


def _seconds(waiting: Waiting) -> float:
    return (milliseconds(waiting.arrived_at) - NOON_MS) / 1000


days = st.lists(
    st.tuples(
        st.integers(0, 40 * MINUTE),
        st.sampled_from(Priority),
        st.sampled_from([(), ("grief",)]),
        st.sampled_from(["city/east", "city/west"]),
    ),
    max_size=25,
)
crews = st.lists(
    st.tuples(st.booleans(), st.sampled_from(["city/east", "city/west"])), min_size=1, max_size=3
)


@given(days, crews, st.integers(1, 10 * MINUTE))
def test_nobody_is_overtaken_by_one_who_came_later_than_the_own_handicap(
    day: list[tuple[int, Priority, tuple[str, ...], str]],
    crew: list[tuple[bool, str]],
    handling: int,
) -> None:
    contacts = [
        a_contact(f"c{n}", at=at, priority=priority, skills=skills, node=node)
        for n, (at, priority, skills, node) in enumerate(day)
    ]
    counselors = [
        a_standing(f"100{n}", node=node, **({"grief": 3} if knows else {}))
        for n, (knows, node) in enumerate(crew)
    ]
    served = Service(counselors, handling).served(contacts)
    assert len(served) == len(contacts)
    for index, (early, moment) in enumerate(served):
        for late, _ in served[index + 1 :]:
            if Priority.CRISIS in (early.priority, late.priority):
                continue
            equal = (early.skills, early.node) == (late.skills, late.node)
            if equal and _seconds(late) <= moment:
                behind = _seconds(early) - _seconds(late)
                assert behind * 1000 <= HANDICAP[late.priority]


def test_an_endless_stream_at_high_risk_keeps_nobody_waiting_for_ever() -> None:
    stream = (
        a_contact(f"r{n}", at=at, priority=Priority.HIGH_RISK)
        for n, at in zip(count(), range(0, 120 * MINUTE, 20), strict=False)
    )
    old = a_contact("old", at=MINUTE)
    served = Service([a_standing()], handling=30).served([*stream, old])
    order = [waiting.contact for waiting, _ in served]
    before = [waiting for waiting, _ in served[: order.index(ContactId("old"))]]
    assert len(order) - len(before) > 100  # many at high risk were still to come or waiting
    assert 15 * MINUTE < max(_seconds(waiting) for waiting in before) <= 16 * MINUTE
