"""A proposal of who serves whom."""

from __future__ import annotations

from dataclasses import dataclass, field

from hotline.ids import ContactId, CounselorId


@dataclass(frozen=True, slots=True)
class Pair:
    """This contact to this counselor. Only the offer script makes it true.

    `step`: the earliest open step, from 1, that the counselor fits (0: not said). `sticky`: this
    is the one who last took the caller. `opened`: all steps that are open for the contact
    (`routing.opened`), so that none of them closes should the offer come to nothing.
    """

    contact: ContactId
    counselor: CounselorId
    step: int = 0
    sticky: bool = False
    opened: str = field(default="", compare=False)
