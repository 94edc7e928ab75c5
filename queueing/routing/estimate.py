"""How long a caller has still to wait, as a band of minutes, or nothing where the last hour
supports nothing.

The evidence is the instants of the last hour at which a counselor answered who is here now and
could have taken this caller too, for a contact that went no further ahead than this one. Whoever
of these counselors becomes free takes somebody ahead of the caller, or the caller: whatever the
others in line ask for, the caller at position p waits no longer than until the p-th such answer.
(How `queueing.pace` gathers them.)

A band is told when both of two ways say that at most `DOUBT` wait longer than its upper end:

- *the rate*: n answers in the hour, come as chance comes (Poisson), let the next p of them take
  longer with a chance that is known exactly, for the thinness of the evidence too: fewer than p
  are negative binomial in n. It knows nothing of answers that come in bunches.
- *the windows*: of all instants of the hour, the share from which the p-th answer took longer. It
  sees bunches (a shift that began together), but a lucky hour with few answers deceives it.

Simulated over days for 1 to 14 counselors, exponential, log-normal and constant handle times,
loads of 0.95 and 1.3, callers who give up (the simulator is `tests/unit/waiting_line.py`); of
those who were told a band, so many waited longer than its upper end at a load of 0.95:

                                   windows, a tenth   rate, a tenth   both, a twentieth
    one counselor, exponential               18 %            10 %    hardly ever tells
    two counselors, exponential              24 %            10 %    never tells
    three counselors, exponential             6 %             2 %     1 %
    14 counselors, exponential                3 %             1 %     0.4 %

The windows alone promise too much where answers are few. The rate alone, asked for a tenth, is at
the limit there, for the hours in which it can tell a short band at all are the lucky ones; hence
a twentieth. The windows are kept beside it for counselors who began together. What this costs is
an honest silence: a hotline of one or two counselors tells the position alone. A lower end is no
promise: most callers wait shorter than their band.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from math import exp, lgamma, log

from hotline.ports import Band

MINUTE = 60_000
HOUR = 60 * MINUTE

LEAST_ANSWERS = 5
"""Fewer in the hour are no evidence."""
DOUBT = 0.05
"""How likely the wait may be to outlast the band's upper end: half of what we allow, for the
hours in which a short band can be told at all are the lucky ones."""
SURELY_LONG = 0.9
"""How likely more than 20 minutes must be to be said."""
UNLIKELY = 0.05
"""A recent stretch with so few answers, or fewer, comes by chance no more often: the rate fell."""
RECENT = (10 * MINUTE, 20 * MINUTE, 30 * MINUTE)

ENDS: tuple[tuple[Band, int], ...] = (
    (Band.UNDER_2, 2 * MINUTE),
    (Band.FROM_2_TO_5, 5 * MINUTE),
    (Band.FROM_5_TO_10, 10 * MINUTE),
    (Band.FROM_10_TO_20, 20 * MINUTE),
)
"""The upper end of each band that has one."""


def estimate(position: int, answered: Sequence[int], *, now: int) -> Band | None:
    """Return the shortest band that the evidence supports for the caller at `position` (from 1).

    `answered`: ms, oldest first; what is older than an hour, or later than `now`, counts for
    nothing. None: too little evidence, a rate that fell, or a wait that may be shorter or longer
    than 20 minutes.
    """
    hour = [at for at in answered if now - HOUR < at <= now]
    if position < 1 or len(hour) < LEAST_ANSWERS or _rate_fell(hour, now):
        return None
    if position > len(hour):  # it takes more than an hour
        return Band.OVER_20
    for band, end in ENDS:
        if _chance_by_rate(position, len(hour), end) > DOUBT:
            continue
        if _share_of_windows(position, hour, end, now) <= DOUBT:
            return band
    long = _chance_by_rate(position, len(hour), ENDS[-1][1]) >= SURELY_LONG
    return Band.OVER_20 if long else None


def _chance_by_rate(position: int, answers: int, end: int) -> float:
    """Return how likely fewer than `position` answers come within `end`, after `answers` in the
    hour: a Poisson process whose rate is known by these alone."""
    none = log(HOUR / (HOUR + end))
    some = log(end / (HOUR + end))
    return sum(
        exp(lgamma(answers + j) - lgamma(j + 1) - lgamma(answers) + answers * none + j * some)
        for j in range(position)
    )


def _share_of_windows(position: int, hour: Sequence[int], end: int, now: int) -> float:
    """Return from what share of the instants of the hour (but the last `end`, of which we do not
    know it) the `position`-th answer took longer than `end`."""
    last = now - end
    starts = (now - HOUR, *hour, now)
    late = 0
    for number, (begin, close) in enumerate(pairwise(starts)):
        answer = number + position - 1  # the one that ends a wait begun between these two
        due = hour[answer] if answer < len(hour) else now + end
        late += max(0, min(close, last, due - end) - begin)
    return late / (HOUR - end)


def _rate_fell(hour: Sequence[int], now: int) -> bool:
    """Whether the latest part of the hour has so few of its answers that chance is no excuse."""
    silence = now - hour[-1]
    stretches = [(silence, 0)]
    stretches += [(recent, len(hour) - bisect_right(hour, now - recent)) for recent in RECENT]
    return any(_at_most(few, len(hour), recent / HOUR) < UNLIKELY for recent, few in stretches)


def _at_most(few: int, answers: int, share: float) -> float:
    """Return how likely at most `few` of `answers` fall into this `share` of the time."""
    if share <= 0 or few >= answers:
        return 1.0
    return sum(
        exp(
            lgamma(answers + 1) - lgamma(k + 1) - lgamma(answers - k + 1)
            + k * log(share) + (answers - k) * log(1 - share)
        )
        for k in range(few + 1)
    )  # fmt: skip
