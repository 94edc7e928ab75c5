"""What a change costs the picture, by how many wait: ``python -m tests.bench.picture_cost``.

2,000 counselors, 60 skills, 16 districts of 4 streets each, 3 languages. All are busy but the one
who becomes ready, which is what a full queue looks like. Prints, per number of waiting contacts,
µs of this thread's CPU time (median and p99) for: a counselor becomes ready and gets a contact; a
new contact comes in; one leaves; a counselor signs off; and the ms it takes to fill the picture.
"""

from __future__ import annotations

import gc
import random
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

from hotline.events import CounselorState, Priority
from hotline.ids import ContactId
from hotline.ports import Waiting
from queueing.routing.picture import Picture, Standing
from queueing.routing.plan import default_plan
from queueing.routing.skills import CounselorKind
from tests.unit.picture_scene import a_contact, a_standing, at

SIZES = (100, 300, 1_000, 3_000, 10_000)
COUNSELORS, ROUNDS = 2_000, 400
SKILLS = [f"skill{n:02}" for n in range(60)]
STREETS = [f"city/d{n:02}/s{m}" for n in range(16) for m in range(4)]
LANGUAGES = ["zh"] * 8 + ["en", "yue"]
PRIORITIES = [Priority.NORMAL] * 85 + [Priority.CALLBACK] * 8 + [Priority.HIGH_RISK] * 7
ARRIVED_OVER = 1800.0
"""Seconds over which those who wait have come."""


class Load:
    """A city's worth of people; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._contacts = 0

    def counselor(self, number: int, state: CounselorState) -> Standing:
        some = self._random
        skills = {skill: some.randint(1, 5) for skill in some.sample(SKILLS, some.randint(3, 8))}
        skills |= {f"lang-{language}": 3 for language in {"zh", some.choice(LANGUAGES)}}
        return a_standing(
            str(10_000 + number),
            state,
            idle=some.uniform(0, 600),
            share=some.uniform(0.3, 0.7),
            node=some.choice(STREETS),
            kind=some.choices(list(CounselorKind), [80, 16, 4])[0],
            **skills,
        )

    def contact(self, seconds: float) -> Waiting:
        some = self._random
        self._contacts += 1
        skills = tuple(some.sample(SKILLS, some.choice([0, 1, 1, 1, 2])))
        return a_contact(
            f"{self._contacts:032x}",
            at=seconds,
            priority=some.choice(PRIORITIES),
            skills=tuple(f"{skill}:2" if some.random() < 0.2 else skill for skill in skills),
            preferred=tuple(some.sample(SKILLS, some.choice([0, 0, 1]))),
            language=some.choice(LANGUAGES),
            node=some.choice(STREETS),
            topic=skills[0] if skills else "other",
        )


class Trial:
    """One picture with so many waiting, and what is measured on it."""

    def __init__(self, waiting: int) -> None:
        self.load = Load(seed=waiting)
        self.picture = Picture(default_plan())
        self.crew = [self.load.counselor(n, CounselorState.TALKING) for n in range(COUNSELORS)]
        self.line: list[ContactId] = []
        started = time.thread_time()
        for standing in self.crew:
            self.picture.counselor_stands(standing)
        for n in range(waiting):
            self.come(-ARRIVED_OVER * (1 - n / waiting))
        self.picture.pairs(at(0))
        self.fill_ms = (time.thread_time() - started) * 1000

    def come(self, seconds: float) -> None:
        waiting = self.load.contact(seconds)
        self.line.append(waiting.contact)
        self.picture.contact_waits(waiting)

    def ready(self, seconds: float) -> Iterator[float]:
        """Yield the µs from a counselor's becoming ready to the pair; the claim succeeds."""
        standing = self.load._random.choice(self.crew)
        ready = replace(standing, state=CounselorState.READY)
        started = time.thread_time()
        self.picture.counselor_stands(ready)
        made = self.picture.pairs(at(seconds))
        yield (time.thread_time() - started) * 1e6
        for pair in made:
            self.picture.contact_left(pair.contact)
            self.line.remove(pair.contact)
        self.picture.counselor_stands(standing)

    def arrival(self, seconds: float) -> Iterator[float]:
        """Yield the µs of a new contact; in vain, for all are busy."""
        waiting = self.load.contact(seconds)
        self.line.append(waiting.contact)
        started = time.thread_time()
        self.picture.contact_waits(waiting)
        self.picture.pairs(at(seconds))
        yield (time.thread_time() - started) * 1e6

    def leaving(self, seconds: float) -> Iterator[float]:
        contact = self.line.pop(self.load._random.randrange(len(self.line)))
        started = time.thread_time()
        self.picture.contact_left(contact)
        self.picture.pairs(at(seconds))
        yield (time.thread_time() - started) * 1e6
        self.come(seconds)
        self.picture.pairs(at(seconds))

    def signing_on_and_off(self, seconds: float) -> Iterator[float]:
        standing = self.load._random.choice(self.crew)
        started = time.thread_time()
        self.picture.counselor_stands(replace(standing, state=CounselorState.OFFLINE))
        self.picture.pairs(at(seconds))
        yield (time.thread_time() - started) * 1e6
        self.picture.counselor_stands(standing)
        self.picture.pairs(at(seconds))


def idle_pool() -> list[float]:
    """Return the µs from a contact's coming to its pair while 1,000 counselors are idle."""
    load, picture, taken = Load(seed=1), Picture(default_plan()), []
    ready = [load.counselor(n, CounselorState.READY) for n in range(COUNSELORS // 2)]
    for standing in ready:
        picture.counselor_stands(standing)
    by_id = {standing.profile.id: standing for standing in ready}
    for number in range(ROUNDS):
        waiting = load.contact(number)
        started = time.thread_time()
        picture.contact_waits(waiting)
        made = picture.pairs(at(number))
        taken += [(time.thread_time() - started) * 1e6] * len(made)
        picture.contact_left(waiting.contact)
        for pair in made:
            picture.counselor_stands(replace(by_id[pair.counselor], idle_since=at(number)))
            picture.release(pair)
    return taken


def main() -> int:
    kinds = ("ready", "arrival", "leaving", "signing_on_and_off")
    print(f"{'waiting':>8}", *(f"{kind:>24}" for kind in kinds), f"{'fill ms':>8}")
    for waiting in SIZES:
        trial = Trial(waiting)
        gc.collect()
        gc.freeze()
        taken: dict[str, list[float]] = {kind: [] for kind in kinds}
        for number in range(ROUNDS):
            for kind in kinds:
                taken[kind] += getattr(trial, kind)(1 + number / 10)
        cells = map(_cell, taken.values())
        print(f"{waiting:>8}", *(f"{cell:>24}" for cell in cells), f"{trial.fill_ms:>8.0f}")
    print(f"nobody waits, 1,000 idle: a contact comes and gets one: {_cell(idle_pool())}")
    return 0


def _cell(some: list[float]) -> str:
    return f"{statistics.median(some):>10.0f} p99 {statistics.quantiles(some, n=100)[98]:>8.0f}"


if __name__ == "__main__":
    sys.exit(main())
