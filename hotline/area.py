"""Areas: which node of the tiers a caller belongs to, by the first digits of the number.

A prefix is compared with the number as `hotline.number` normalises it, and may be written as people
write it: ``0571``, ``+86571`` and ``571`` begin the same. Of several that fit, the longest wins.
Written with the 0 or +86 before it, it is an area code, and fits full numbers alone: the local
number 5712345, sent without its area code, is nobody of area 0571.

The node is coarse on purpose. It goes into the journal, to the queue and to partners, where the
number never goes: so a prefix has seven digits at the most, and ten thousand full numbers or more
share it. It is a guess as well: a mobile number tells where it was bought. What the caller says in
the menu counts more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from hotline.ids import NodeId
from hotline.number import normalise
from hotline.tier import TierNode

MOST_DIGITS = 7
FULL_DIGITS = 10
"""A landline with its area code, a mobile number: no shorter ones are full."""
_WRITTEN = re.compile(r"\+?[0-9]{1,14}")


def _prefix(text: str) -> str:
    plain = normalise(text) if _WRITTEN.fullmatch(text) else ""
    if not 1 <= len(plain) <= MOST_DIGITS:
        raise ValueError(
            f"must be the first 1 to {MOST_DIGITS} digits of callers' numbers (a leading 0 or +86 "
            "is not counted), such as 0571 or 1380571"
        )
    return text


class Area(BaseModel):
    """Callers whose number begins with `prefix` belong to `node`, unless they say otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prefix: Annotated[str, AfterValidator(_prefix)]
    node: TierNode

    @property
    def digits(self) -> str:
        """The prefix, normalised."""
        return normalise(self.prefix)

    def fits(self, number: str) -> bool:
        """Whether the normalised `number` is of this area."""
        is_code = self.digits != self.prefix and not self.digits.startswith("00")
        least = FULL_DIGITS if is_code else 0
        return number.startswith(self.digits) and len(number) >= least


def prefixes_differ(areas: Sequence[Area]) -> None:
    """Raise ValueError where two areas have one prefix."""
    seen: dict[str, str] = {}
    for area in areas:
        if area.digits in seen:
            raise ValueError(
                f"prefix {area.prefix} is {seen[area.digits]} once more; each area has a prefix of "
                "its own"
            )
        seen[area.digits] = area.prefix


class Areas:
    """All areas of a site."""

    def __init__(self, areas: Sequence[Area] = ()) -> None:
        self._areas = sorted(areas, key=lambda area: len(area.digits), reverse=True)

    def node_of(self, number: str) -> NodeId | None:
        """Return the node of a caller; None for a withheld number, and one of no area."""
        plain = normalise(number)
        return next((NodeId(area.node) for area in self._areas if area.fits(plain)), None)
