"""What several independent runs say together, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import cos, exp, lgamma, pi, sqrt, tan

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and the half width of its confidence interval.

    `value` None: nothing to divide by, such as the ASA of an hour without calls. `half` None: one
    run says nothing about chance.
    """

    value: float | None
    half: float | None = None

    def __contains__(self, truth: float) -> bool:
        """Whether the interval has `truth` inside."""
        if self.value is None or self.half is None:
            return False
        return abs(self.value - truth) <= self.half


def mean(values: Sequence[float], confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the mean of what each run measured."""
    return ratio(values, [1.0] * len(values), confidence)


def ratio(
    parts: Sequence[float], wholes: Sequence[float], confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate the ratio of two sums, such as seconds waited over calls answered, one pair a run.

    The classical interval of a ratio over independent replications (A. Law, *Simulation Modeling
    and Analysis*, section 9.5): a run with few calls weighs as little as it should.
    """
    whole, runs = sum(wholes), len(wholes)
    if not whole:
        return Estimate(None)
    value = sum(parts) / whole
    if runs < 2:
        return Estimate(value)
    squares = sum((part - value * of) ** 2 for part, of in zip(parts, wholes, strict=True))
    deviation = sqrt(squares / (runs - 1)) / (whole / runs)
    return Estimate(value, student(confidence, runs - 1) * deviation / sqrt(runs))


def greatest(values: Iterable[float]) -> Estimate:
    """Return the greatest of all runs: no mean, so no interval."""
    return Estimate(max(values, default=None))


@lru_cache(maxsize=64)
def student(confidence: float, freedom: int) -> float:
    """Return how many standard errors wide half the interval is: Student's two-sided quantile.

    With t = sqrt(freedom) tan(a) the density in `a` is a power of the cosine, which Simpson's rule
    integrates and bisection inverts.
    """
    scale = exp(lgamma((freedom + 1) / 2) - lgamma(freedom / 2)) / sqrt(pi)

    def probability(angle: float, steps: int = 2000) -> float:
        h = angle / steps
        heights = [cos(i * h) ** (freedom - 1) for i in range(steps + 1)]
        odd, even = sum(heights[1:-1:2]), sum(heights[2:-1:2])
        return 2 * scale * h / 3 * (heights[0] + 4 * odd + 2 * even + heights[-1])

    low, high = 0.0, pi / 2
    for _ in range(50):
        middle = (low + high) / 2
        if probability(middle) < confidence:
            low = middle
        else:
            high = middle
    return sqrt(freedom) * tan(low)
