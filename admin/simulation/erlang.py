"""Erlang's formulas: how many counselors a demand needs, before anything is simulated.

Sources:
- B and C: A. K. Erlang, "Solution of some Problems in the Theory of Probabilities of Significance
  in Automatic Telephone Exchanges", 1917; B by the recursion in R. B. Cooper, *Introduction to
  Queueing Theory*, 2nd ed. 1981, section 3.3.
- A (patience runs out): C. Palm, 1946; O. Garnett, A. Mandelbaum, M. Reiman, "Designing a Call
  Center with Impatient Customers", MSOM 4(3), 2002. The wait of a caller who never gives up has
  the density of F. Baccelli and G. Hebuterne, 1981 (S. Zeltyn, A. Mandelbaum, "Call Centers with
  Impatient Customers", QUESTA 51, 2005, section 2).

All three assume Poisson arrivals and exponential handle times; times are seconds, loads erlangs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import ceil, exp, inf, log
from typing import Protocol

STEPS = 1000
"""Of Simpson's rule; the densities here are smooth: enough for nine digits."""
NEGLIGIBLE = 1e-14


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What comes in. `handle` is talk + hold + wrap-up of one call, in seconds."""

    calls_per_hour: float
    handle: float

    def __post_init__(self) -> None:
        if self.calls_per_hour <= 0 or self.handle <= 0:
            raise ValueError("calls per hour and handle time must be greater than 0")

    @property
    def rate(self) -> float:
        """Calls per second."""
        return self.calls_per_hour / 3600

    @property
    def erlangs(self) -> float:
        """Counselors busy on average when everybody is served."""
        return self.rate * self.handle

    def split(self, pools: int) -> Demand:
        """Return the demand of one of `pools` equal parts."""
        return Demand(calls_per_hour=self.calls_per_hour / pools, handle=self.handle)


def erlang_b(counselors: int, erlangs: float) -> float:
    """Return the share of calls that find all `counselors` busy when nobody can wait (M/M/n/n)."""
    blocked = 1.0
    for n in range(1, counselors + 1):
        blocked = erlangs * blocked / (n + erlangs * blocked)
    return blocked


def erlang_c(counselors: int, erlangs: float) -> float:
    """Return the probability that a call waits, all waiting for ever (M/M/n); 1 when overloaded."""
    if erlangs >= counselors:
        return 1.0
    blocked = erlang_b(counselors, erlangs)
    return counselors * blocked / (counselors - erlangs * (1 - blocked))


class Model(Protocol):
    """What a number of counselors does for a demand."""

    @property
    def waits(self) -> float:
        """The probability that a call has to wait."""
        ...

    @property
    def abandons(self) -> float:
        """The share of calls that give up."""
        ...

    @property
    def asa(self) -> float:
        """Average speed of answer, in seconds, over those who are answered."""
        ...

    @property
    def occupancy(self) -> float:
        """The busy share of the counselors' time."""
        ...

    def within(self, seconds: float) -> float:
        """Return the service level: the share of all calls answered within `seconds`."""
        ...


@dataclass(frozen=True, slots=True)
class ErlangC:
    """M/M/n: nobody gives up."""

    demand: Demand
    counselors: int

    @property
    def waits(self) -> float:
        return erlang_c(self.counselors, self.demand.erlangs)

    @property
    def abandons(self) -> float:
        return 0.0

    @property
    def asa(self) -> float:
        spare = self.counselors - self.demand.erlangs
        return inf if spare <= 0 else self.waits * self.demand.handle / spare

    @property
    def occupancy(self) -> float:
        return min(1.0, self.demand.erlangs / self.counselors) if self.counselors else 0.0

    def within(self, seconds: float) -> float:
        spare = self.counselors - self.demand.erlangs
        return 0.0 if spare <= 0 else 1 - self.waits * exp(-spare * seconds / self.demand.handle)


@dataclass(frozen=True)
class ErlangA:
    """M/M/n+M: each caller waits an exponential time with mean `patience`, then leaves.

    All in logarithms where numbers grow without bound: neither a crowd nor an idle day overflows.
    """

    demand: Demand
    counselors: int
    patience: float

    @property
    def waits(self) -> float:
        return 1 - self._at_once

    @property
    def abandons(self) -> float:
        """By the balance of those who leave the line: rate x share = mean line / patience."""
        return self.mean_wait / self.patience

    @cached_property
    def mean_wait(self) -> float:
        """Seconds in line over all callers, answered or not (Little's law)."""
        log_busy = self._log_all_busy
        line = sum(k * exp(log_busy + weight) for k, weight in enumerate(self._line, start=1))
        return line / self.demand.rate

    @property
    def asa(self) -> float:
        answered = 1 - self.abandons
        if answered <= NEGLIGIBLE:
            return inf
        return _integral(lambda x: x * self._answered_at(x), self._end_of_wait) / answered

    @property
    def occupancy(self) -> float:
        busy = self.demand.erlangs * (1 - self.abandons)
        return busy / self.counselors if self.counselors else 0.0

    def within(self, seconds: float) -> float:
        upto = min(seconds, self._end_of_wait)
        return self._at_once + _integral(self._answered_at, upto)

    @cached_property
    def _line(self) -> list[float]:
        """The logarithm of the probability of 1, 2, 3 ... in line over that of nobody in line."""
        weights: list[float] = []
        weight = 0.0
        excess = self.demand.rate - self._service
        while weight > log(NEGLIGIBLE) or len(weights) < excess * self.patience:
            leaving = self._service + (len(weights) + 1) / self.patience
            weight += log(self.demand.rate / leaving)
            weights.append(weight)
        return weights

    @property
    def _service(self) -> float:
        """Calls per second that all counselors finish."""
        return self.counselors / self.demand.handle

    @cached_property
    def _blocked(self) -> float:
        return erlang_b(self.counselors, self.demand.erlangs)

    @cached_property
    def _log_sum(self) -> float:
        """Of the probabilities of all states, over those of the states without a line."""
        if self._blocked == 0:
            return 0.0
        weights = [log(self._blocked) + weight for weight in self._line]
        most = max(0.0, *weights)
        return most + log(exp(-most) + sum(exp(weight - most) for weight in weights))

    @property
    def _log_all_busy(self) -> float:
        """Of the probability of as many calls as counselors: all busy, nobody in line."""
        return log(self._blocked) - self._log_sum if self._blocked else -inf

    @property
    def _at_once(self) -> float:
        return (1 - self._blocked) * exp(-self._log_sum)

    def _answered_at(self, x: float) -> float:
        """The density of being answered after `x` seconds of waiting."""
        if self.counselors == 0:
            return 0.0
        ahead = self.demand.rate * self.patience * (1 - exp(-x / self.patience))
        stays = ahead - self._service * x - x / self.patience
        return self._service * exp(self._log_all_busy + stays)

    @cached_property
    def _end_of_wait(self) -> float:
        """A wait that hardly anybody has; behind the most usual one, which an overload delays."""
        x = min(self.patience, self.demand.handle)
        if 0 < self._service < self.demand.rate:
            x = max(x, 1.5 * self.patience * log(self.demand.rate / self._service))
        while self._answered_at(x) * x > NEGLIGIBLE:
            x *= 1.5
        return x


def staffing(demand: Demand, *, within: float, level: float, patience: float | None = None) -> int:
    """Return the fewest counselors who answer the share `level` (below 1) of calls in `within` s.

    With `patience` (mean seconds) callers give up and count as not answered. Raises ValueError for
    a level outside 0 to 1, for no number of counselors reaches it.
    """
    if not 0 < level < 1:
        raise ValueError("the level must be greater than 0 and less than 1")
    short = ceil(level * demand.erlangs) - 1  # who cannot even serve that share of the calls
    enough, stride = short + 1, 1
    while model(demand, enough, patience).within(within) < level:
        short, enough, stride = enough, enough + stride, stride * 2
    while enough - short > 1:
        middle = (enough + short) // 2
        if model(demand, middle, patience).within(within) < level:
            short = middle
        else:
            enough = middle
    return enough


def model(demand: Demand, counselors: int, patience: float | None) -> Model:
    """Return Erlang A with a `patience`, Erlang C without."""
    if patience is None:
        return ErlangC(demand, counselors)
    if patience <= 0:
        raise ValueError("patience must be greater than 0")
    return ErlangA(demand, counselors, patience)


def _integral(density: Callable[[float], float], end: float) -> float:
    """Integrate from 0 to `end` by Simpson's rule."""
    h = end / STEPS
    inner = sum((4 if i % 2 else 2) * density(i * h) for i in range(1, STEPS))
    return (density(0) + inner + density(end)) * h / 3
