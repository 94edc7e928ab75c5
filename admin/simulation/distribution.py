"""Durations as a scenario file writes them: a kind and its parameters, in seconds.

    patience = { kind = "exponential", mean = 300 }
    handle   = { kind = "lognormal", mean = 1320, sigma = 0.7 }
    ring     = { kind = "fixed", seconds = 6 }
    wrap_up  = { kind = "empirical", seconds = [60, 90, 90, 240] }
    patience = { kind = "never" }

A bare number is a fixed duration. Each draws from the dice that it is given.
"""

from __future__ import annotations

from math import exp, inf, log
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from admin.simulation.dice import Dice

A_WEEK = 7 * 86400
Positive = Annotated[float, Field(gt=0, le=A_WEEK)]
NotNegative = Annotated[float, Field(ge=0, le=A_WEEK)]


class _Kind(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Exponential(_Kind):
    """Without memory: what Erlang assumes."""

    kind: Literal["exponential"]
    mean: Positive

    def draw(self, dice: Dice) -> float:
        return dice.expovariate(1 / self.mean)


class Lognormal(_Kind):
    """What handle times of telephone services look like (L. Brown et al., "Statistical Analysis
    of a Telephone Call Center", JASA 100, 2005); `sigma` is the spread of the logarithm."""

    kind: Literal["lognormal"]
    mean: Positive
    sigma: Annotated[float, Field(gt=0, le=3)]

    def draw(self, dice: Dice) -> float:
        return exp(dice.gauss(log(self.mean) - self.sigma**2 / 2, self.sigma))


class Fixed(_Kind):
    """Always the same."""

    kind: Literal["fixed"]
    seconds: NotNegative

    @property
    def mean(self) -> float:
        return self.seconds

    def draw(self, dice: Dice) -> float:  # noqa: ARG002 - one signature for all kinds
        return self.seconds


class Empirical(_Kind):
    """One of the durations that were measured, each as likely."""

    kind: Literal["empirical"]
    seconds: Annotated[tuple[NotNegative, ...], Field(min_length=1)]

    @property
    def mean(self) -> float:
        return sum(self.seconds) / len(self.seconds)

    def draw(self, dice: Dice) -> float:
        return dice.choice(self.seconds)


class Never(_Kind):
    """It does not end: the patience of somebody who never hangs up."""

    kind: Literal["never"]

    @property
    def mean(self) -> float:
        return inf

    def draw(self, dice: Dice) -> float:  # noqa: ARG002 - one signature for all kinds
        return inf


def _bare_number(given: Any) -> Any:
    if isinstance(given, int | float) and not isinstance(given, bool):
        return {"kind": "fixed", "seconds": given}
    return given


Duration = Annotated[
    Exponential | Lognormal | Fixed | Empirical,
    Field(discriminator="kind"),
    BeforeValidator(_bare_number),
]
"""A time that ends."""
Patience = Annotated[
    Exponential | Lognormal | Fixed | Empirical | Never,
    Field(discriminator="kind"),
    BeforeValidator(_bare_number),
]
"""A time that may not."""


def fixed(seconds: float) -> Fixed:
    """Return a duration that is always `seconds`."""
    return Fixed(kind="fixed", seconds=seconds)
