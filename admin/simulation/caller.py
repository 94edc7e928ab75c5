"""Who calls, when, and what they would do: drawn from the scenario, before anybody answers."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import accumulate
from math import inf
from typing import Generic

from admin.simulation.dice import Dice, dice
from admin.simulation.distribution import Duration
from admin.simulation.scenario import Scenario, Shared, Topic
from hotline.ids import ContactId, GatewayId, NodeId
from hotline.ports import Waiting

HOUR = 3_600_000
"""Milliseconds."""
MIDNIGHT = datetime(2027, 1, 4, tzinfo=UTC)
"""When virtual days begin: the site's own midnight, called UTC."""
START = int(MIDNIGHT.timestamp()) * 1000


def instant(at: int) -> datetime:
    """Return milliseconds since 1970 as a time."""
    return MIDNIGHT + timedelta(milliseconds=at - START)


@dataclass(slots=True, kw_only=True)
class Caller:
    """One visit of one person, and all that chance decided about it. Durations in ms."""

    number: int
    attempt: int
    """1 for a first call, more for a redial."""
    waiting: Waiting
    topic: Topic
    patience: int | None
    """None: never gives up."""
    talk: int
    wrap_up: int
    ring: int
    dice: Dice
    """For what depends on how it goes: missed offers, the redial."""


class Crowd:
    """Makes the callers of one run. The n-th first caller is the same under every plan, for each
    has dice of their own (`admin.simulation.dice`)."""

    def __init__(self, scenario: Scenario, *, seed: int, run: int) -> None:
        self._scenario = scenario
        self._source = (seed, "run", run)
        self._topics = _Choice(scenario.topics)
        self._languages = _Choice(scenario.languages)
        self._nodes = _Choice(scenario.nodes)
        self._numbers = _Choice(scenario.numbers)

    def arrivals(self, begin: int, end: int) -> Iterator[int]:
        """Yield the instants of first calls: a Poisson process whose rate changes by the hour,
        by thinning (P. Lewis, G. Shedler, 1979)."""
        chance = dice(*self._source, "arrivals")
        rates = self._scenario.arrivals.per_hour
        most = max(rates)
        at = float(begin)
        while most > 0:
            at += chance.expovariate(most / HOUR)
            if at >= end:
                return
            hour = int((at - START) // HOUR) % 24
            if chance.random() * most < rates[hour]:
                yield int(at)

    def caller(self, number: int, arrived: int) -> Caller:
        """Return the `number`-th first caller."""
        chance = dice(*self._source, "caller", number)
        frequent = self._scenario.callers.frequent
        if chance.random() < frequent.share:
            person = chance.randrange(frequent.people)
            traits = dice(*self._source, "person", person)  # the same at each call
            digest = f"person {person}"
        else:
            traits, digest = chance, f"caller {number}"
        topic = self._topics.draw(traits)
        waiting = Waiting(
            contact=_contact(number, 1),
            gateway=GatewayId("gateway-1.simulated"),
            priority=topic.priority,
            arrived_at=instant(arrived),
            topic=topic.name,
            language=self._languages.draw(traits).name,
            skills=topic.skills,
            node=NodeId(self._nodes.draw(traits).name),
            caller_digest=blake2b(digest.encode(), digest_size=16).hexdigest(),
            preferred=topic.preferred,
            dnis=self._numbers.draw(traits).number,
        )
        return self._visit(number, 1, waiting, topic, chance)

    def again(self, caller: Caller, arrived: int) -> Caller:
        """Return the redial of a caller who gave up: who wants the same, at the end of the line."""
        attempt = caller.attempt + 1
        chance = dice(*self._source, "caller", caller.number, attempt)
        contact = _contact(caller.number, attempt)
        waiting = replace(caller.waiting, contact=contact, arrived_at=instant(arrived))
        return self._visit(caller.number, attempt, waiting, caller.topic, chance)

    def _visit(
        self, number: int, attempt: int, waiting: Waiting, topic: Topic, chance: Dice
    ) -> Caller:
        callers, service = self._scenario.callers, self._scenario.service
        patience = (topic.patience or callers.patience).draw(chance)
        return Caller(
            number=number,
            attempt=attempt,
            waiting=waiting,
            topic=topic,
            patience=None if patience == inf else round(patience * 1000),
            talk=_drawn(topic.talk or callers.talk, chance),
            wrap_up=_drawn(service.wrap_up, chance),
            ring=_drawn(service.ring, chance),
            dice=chance,
        )


class _Choice(Generic[Shared]):
    """Draws one of several by their shares."""

    def __init__(self, choices: Sequence[Shared]) -> None:
        self._choices = choices
        self._bounds = list(accumulate(choice.share for choice in choices))

    def draw(self, chance: Dice) -> Shared:
        drawn = chance.random() * self._bounds[-1]
        return self._choices[bisect(self._bounds, drawn)]


def _contact(number: int, attempt: int) -> ContactId:
    return ContactId(f"{number:024x}{attempt:08x}")


def _drawn(duration: Duration, chance: Dice) -> int:
    return round(duration.draw(chance) * 1000)
