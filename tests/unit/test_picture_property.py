"""The picture agrees with the naive one, whatever happens in whatever order."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace as replaced
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hotline.events import CounselorState, Priority
from hotline.ids import ContactId, CounselorId
from hotline.ports import Waiting
from queueing.routing.picture import Pair, Picture, Standing
from queueing.routing.plan import Plan, default_plan, read_plan
from queueing.routing.skills import CounselorKind
from tests.unit.naive_picture import NaivePicture
from tests.unit.picture_scene import NOON, NOON_MS, a_contact, a_plan, a_standing

NARROW = read_plan(
    """
format = 1
partners = ["othercity"]
sticky = { seconds = 7, days = 1 }
[[routes]]
name = "crisis"
for = { priorities = ["crisis"] }
steps = [
  { name = "certified", also = ["crisis:3"], seconds = 5 },
  { name = "professional", kinds = ["professional"], skills = "none" },
]
[[routes]]
name = "old number"
for = { numbers = ["96000"], topics = ["grief", "youth"] }
steps = [
  { name = "street", reach = "street", level = 3, seconds = 10 },
  { name = "partner", reach = "partner", seconds = 10 },
  { name = "same again", reach = "street", level = 3, seconds = 10 },
  { name = "topic", skills = "without_topic" },
]
[[routes]]
name = "rest"
steps = [
  { name = "district", reach = "district", seconds = 3 },
  { name = "city", seconds = 20.5 },
  { name = "language", skills = "language", level = 2, kinds = ["volunteer", "supervisor"] },
]
""",
    origin="narrow",
)
PLANS = [default_plan(), NARROW, a_plan("", sticky=0), a_plan("seconds = 5", "skills='none'")]

contacts = st.sampled_from([ContactId(f"c{n}") for n in range(7)])
counselors = st.sampled_from([CounselorId(f"100{n}") for n in range(5)])
nodes = st.sampled_from(
    ["city", "city/east", "city/west", "city/east/riverside", "city/east/hill", "othercity/mid"]
)
names = st.sampled_from(["grief", "youth", "crisis"])
wanted = st.just(()) | st.lists(
    st.builds("{}{}".format, names, st.sampled_from(["", "", ":2", ":4"])), max_size=2
).map(tuple)
waits = st.builds(
    a_contact,
    contacts,
    priority=st.sampled_from(Priority),
    skills=wanted,
    preferred=wanted,
    language=st.sampled_from(["zh", "zh", "en", "fr"]),
    node=nodes,
    topic=st.sampled_from(["grief", "other"]),
    dnis=st.sampled_from(["12356", "96000"]),
)
held = st.dictionaries(
    st.sampled_from(["grief", "youth", "crisis", "lang-zh", "lang-fr"]), st.integers(1, 5)
)
stands = st.builds(
    lambda skills, *args, **more: a_standing(*args, **more, **skills),
    held,
    counselors,
    st.sampled_from([*CounselorState, *4 * [CounselorState.READY], CounselorState.TALKING]),
    idle=st.integers(0, 3),
    share=st.sampled_from([0, 0.1, 0.9]),
    hours=st.sampled_from([0.1, 1, 1]),
    node=st.sampled_from(["city/east", "city/east", "city/east/riverside", "city", "othercity/a"]),
    kind=st.sampled_from(CounselorKind),
)
ages = st.sampled_from([0, 0, 1, 5_000, 30_000, 300_000, 900_000, -2_000, -40_000])
spans = st.sampled_from([0, 1, 999, 3_000, 5_000, 7_000, 20_500, 60_000, 600_000, -4_000, -90_000])


class TwoPictures(RuleBasedStateMachine):
    """Every change is told to both; both are asked the same."""

    @initialize(
        plan=st.sampled_from(PLANS),
        eager=st.booleans(),
        crew=st.lists(stands, max_size=5),
        line=st.lists(st.tuples(waits, st.none() | counselors), max_size=5),
    )
    def begin(
        self,
        plan: Plan,
        eager: bool,
        crew: list[Standing],
        line: list[tuple[Waiting, CounselorId | None]],
    ) -> None:
        self.picture, self.naive = Picture(plan), NaivePicture(plan)
        self.now = NOON_MS
        self.proposed: list[Pair] = []
        self.eager = False
        for standing in crew:
            self.both("counselor_stands", standing)
        for waiting, sticky in line:
            self.both("contact_waits", waiting, sticky=sticky)
        self.eager = eager
        """Whether both are asked after every change, or only now and then."""

    def both(self, change: str, *args: object, **more: object) -> None:
        for picture in (self.picture, self.naive):
            getattr(picture, change)(*args, **more)
        if self.eager:
            self.is_asked()

    @rule(waiting=waits, sticky=st.none() | counselors, age=ages, agreed=st.booleans())
    def comes(self, waiting: Waiting, sticky: CounselorId | None, age: int, agreed: bool) -> None:
        arrived = NOON + timedelta(milliseconds=self.now - NOON_MS - age)
        asked_for = sticky if agreed else None
        waiting = replaced(waiting, arrived_at=arrived, asked_for=asked_for)
        self.both("contact_waits", waiting, sticky=sticky)

    @rule(contact=contacts, change=waits)
    def asks_for_something_else(self, contact: ContactId, change: Waiting) -> None:
        caller = self.naive.callers.get(contact)
        if caller is not None:
            arrived = caller.waiting.arrived_at
            asked_for = caller.waiting.asked_for
            change = replaced(change, contact=contact, arrived_at=arrived, asked_for=asked_for)
            self.both("contact_waits", change, sticky=caller.sticky)

    @rule(contact=contacts)
    def says_it_again(self, contact: ContactId) -> None:
        caller = self.naive.callers.get(contact)
        if caller is not None:
            self.both("contact_waits", replaced(caller.waiting), sticky=caller.sticky)

    @rule(contact=contacts)
    def leaves(self, contact: ContactId) -> None:
        self.both("contact_left", contact)

    @rule(standing=stands)
    def stands(self, standing: Standing) -> None:
        self.both("counselor_stands", standing)

    @rule(
        counselor=counselors,
        state=st.sampled_from([*CounselorState, *3 * [CounselorState.READY]]),
        idle=st.integers(0, 3),
    )
    def changes_state(self, counselor: CounselorId, state: CounselorState, idle: int) -> None:
        standing = self.naive.standings.get(counselor)
        if standing is not None:
            idle_since = self.now - idle
            self.both("counselor_stands", replaced(standing, state=state, idle_since=idle_since))

    @rule(counselor=counselors, really=st.booleans())
    def is_removed(self, counselor: CounselorId, really: bool) -> None:
        if really:
            self.both("counselor_removed", counselor)

    @rule(span=spans)
    def time_passes(self, span: int) -> None:
        self.now += span

    @rule(plan=st.sampled_from(PLANS))
    def plan_changes(self, plan: Plan) -> None:
        self.both("use", plan)

    @rule(most=st.sampled_from([None, None, 1, 9, 30]))
    def is_asked(self, most: int | None = None) -> None:
        """In one go, or in slices: it comes to the same."""
        made = self.picture.pairs(self.now, most=most)
        while self.picture.is_unfinished:
            made += self.picture.pairs(self.now, most=most)
        assert made == self.naive.pairs(self.now)
        self.proposed += made
        due = self.picture.next_opening()
        assert due is None or due > self.now
        later = self.now + 10**9 if due is None else due - 1
        assert deepcopy(self.naive).pairs(later) == []

    @rule(which=st.integers(0), late=st.booleans())
    def claim_is_refused(self, which: int, late: bool) -> None:
        if self.proposed:
            which %= len(self.proposed)
            self.both("release", self.proposed[which] if late else self.proposed.pop(which))

    @rule(which=st.integers(0))
    def claim_succeeds(self, which: int) -> None:
        if self.proposed:
            pair = self.proposed.pop(which % len(self.proposed))
            self.both("contact_left", pair.contact)
            standing = self.naive.standings.get(pair.counselor)
            if standing is not None:
                self.both("counselor_stands", replaced(standing, state=CounselorState.OFFERED))

    @rule(really=st.integers(0, 9))
    def is_taken_anew(self, really: int) -> None:
        if really == 9:
            self.both("clear")

    @invariant()
    def both_say_the_same(self) -> None:
        assert self.picture.waiting == len(self.naive.callers)
        ready = [s for s in self.naive.standings.values() if s.state is CounselorState.READY]
        assert self.picture.ready == len(ready)
        assert self.picture.unstaffed(self.now) == self.naive.unstaffed()


TwoPictures.TestCase.settings = settings(max_examples=60, stateful_step_count=60)
TestTwoPictures = TwoPictures.TestCase
