"""A proposal of who serves whom."""

from __future__ import annotations

from dataclasses import dataclass

from hotline.ids import ContactId, CounselorId


@dataclass(frozen=True, slots=True)
class Pair:
    """This contact to this counselor. Only the offer script makes it true.

    `step`: the earliest open step, from 1, that the counselor fits (0: not said). `sticky`: this
    is the one who last took the caller.
    """

    contact: ContactId
    counselor: CounselorId
    step: int = 0
    sticky: bool = False
