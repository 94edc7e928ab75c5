"""Who gets whom."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from hotline.events import Priority
from hotline.ids import NodeId
from hotline.ports import Waiting
from queueing.ranking import Ranking, ReadyCounselor, nearness, place, rank
from queueing.skills import Need, fits
from tests.queue_scene import NOON, a_profile, a_waiting


def a_ready(
    extension: str, *, idle: float = 0, node: str = "city", **skills: int
) -> ReadyCounselor:
    """A counselor who has been idle for `idle` seconds."""
    return ReadyCounselor(a_profile(extension, node=node, **skills), NOON - timedelta(seconds=idle))


def chosen(line: list[Waiting], ready: list[ReadyCounselor]) -> list[tuple[str, str]]:
    return [(pair.contact, pair.counselor) for pair in rank(line, ready)]


def test_priority_goes_before_age() -> None:
    line = [
        a_waiting("old", after=0),
        a_waiting("callback", priority=Priority.CALLBACK, after=1),
        a_waiting("risk", priority=Priority.HIGH_RISK, after=2),
        a_waiting("crisis", priority=Priority.CRISIS, after=3),
    ]
    ready = [a_ready(f"100{n}") for n in range(4)]
    assert [contact for contact, _ in chosen(line, ready)] == ["crisis", "risk", "callback", "old"]


def test_among_equals_the_older_goes_first() -> None:
    line = [a_waiting("young", after=0.001), a_waiting("old", after=0)]
    assert chosen(line, [a_ready("1001")]) == [("old", "1001")]


def test_longest_idle_counselor_is_chosen() -> None:
    ready = [a_ready("1001", idle=10), a_ready("1002", idle=60), a_ready("1003", idle=30)]
    assert chosen([a_waiting()], ready) == [("c1", "1002")]


def test_own_district_goes_before_longer_idle() -> None:
    ready = [
        a_ready("1001", idle=900, node="city/west"),
        a_ready("1002", idle=5, node="city/east"),
    ]
    assert chosen([a_waiting(node="city/east/riverside")], ready) == [("c1", "1002")]


def test_other_district_serves_rather_than_nobody() -> None:
    ready = [a_ready("1001", node="city/west")]
    assert chosen([a_waiting(node="city/east")], ready) == [("c1", "1001")]


def test_contact_whom_nobody_fits_holds_up_nobody() -> None:
    line = [a_waiting("rare", skills=("sign",)), a_waiting("plain", after=1)]
    assert chosen(line, [a_ready("1001")]) == [("plain", "1001")]


def test_line_in_two_pages_is_ranked_as_one() -> None:
    ready = [a_ready("1001"), a_ready("1002", grief=1)]
    line = [a_waiting(f"c{n}", after=n) for n in range(3)]
    ranking = Ranking(ready)
    pages = [*ranking.pairs(line[:1]), *ranking.pairs(line[1:])]
    assert pages == list(rank(line, ready))
    assert ranking.is_exhausted


def test_nearness_counts_common_tiers_not_letters() -> None:
    east = NodeId("city/east")
    assert nearness(east, NodeId("city/east/riverside")) == 2
    assert nearness(east, NodeId("city/eastern")) == 1
    assert nearness(east, NodeId("town/east")) == 0


SKILLS = ("grief", "youth", "crisis")
lines = st.lists(
    st.tuples(st.sampled_from(list(Priority)), st.integers(0, 5), st.sets(st.sampled_from(SKILLS))),
    max_size=12,
).map(
    lambda rows: [
        a_waiting(f"c{n}", priority=p, after=after, skills=tuple(sorted(skills)))
        for n, (p, after, skills) in enumerate(rows)
    ]
)
crews = st.lists(st.sets(st.sampled_from(SKILLS)), max_size=6).map(
    lambda rows: [
        a_ready(f"{1000 + n}", idle=n, **dict.fromkeys(skills, 3)) for n, skills in enumerate(rows)
    ]
)


@given(lines, crews)
def test_every_pair_fits_and_nobody_who_fits_was_passed_over(
    line: list[Waiting], ready: list[ReadyCounselor]
) -> None:
    got = dict(chosen(line, ready))
    profiles = {counselor.profile.id: counselor.profile for counselor in ready}
    assert len(set(got.values())) == len(got)
    free = set(profiles)
    for waiting in sorted(line, key=place):
        fitting = {c for c in free if fits(profiles[c], Need.of(waiting))}
        if not fitting and waiting.priority is Priority.CRISIS:
            fitting = set(free)  # nobody who is certified is free: any human
        assert (waiting.contact in got) is bool(fitting)
        if fitting:
            assert got[waiting.contact] in fitting
            free.remove(got[waiting.contact])


def test_a_crisis_that_nobody_is_certified_for_goes_to_anybody_who_is_free() -> None:
    crisis = a_waiting("c1", priority=Priority.CRISIS, skills=("crisis",))
    assert chosen([crisis], [a_ready("1001", emotion=3)]) == [("c1", "1001")]


def test_a_crisis_prefers_who_is_certified_to_who_is_idle_longer() -> None:
    crisis = a_waiting("c1", priority=Priority.CRISIS, skills=("crisis",))
    ready = [a_ready("1001", idle=50), a_ready("1002", idle=1, crisis=3)]
    assert chosen([crisis], ready) == [("c1", "1002")]


def test_any_other_contact_waits_for_somebody_who_fits() -> None:
    waiting = a_waiting("c1", priority=Priority.HIGH_RISK, skills=("grief",))
    assert chosen([waiting], [a_ready("1001", youth=3)]) == []
