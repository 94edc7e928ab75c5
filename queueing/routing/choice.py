"""Whom a contact gets: one contact, everybody who is there, one answer.

Of the counselors who are ready and fit an open step of its route: the one who last took this caller
(or was agreed on for this caller: also without fitting a step); else the one of the earliest step,
then one who is not overburdened, then who holds more of the preferred skills, then the higher
levels in the required ones, then whoever has been idle longest. A contact is kept for a counselor
who last took the caller, fits an open step and is on duty but busy, for as long as the plan says.
A crisis is kept for nobody: it goes to the earliest step where anybody is free, and there rather to
the one who last took this caller.

Whoever was *tried* for the contact (asked in vain) is asked last for it, the one who last took the
caller as well: after everybody else in all open steps, and not before a step that opens soon. In
working out when its steps open they count as off duty while anybody else is on duty
(`Place.has_others`), so that a step of theirs alone holds none of the later ones back. Once only
they are free, whoever was tried longest ago is asked again.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hotline.ids import CounselorId
from queueing.routing.crew import Crew, Seat
from queueing.routing.place import Place

NO_STEP: Final = -1
"""In place of a step's number, from 0: fits none, and is asked all the same."""
SOON: Final = 20_000
"""ms for which a step that is to open is waited for, rather than to ask again whoever was tried:
about as long as a phone rings in vain."""


class Serve(NamedTuple):
    """`seat` is to serve the contact, by `step` (from 0, or NO_STEP)."""

    seat: Seat
    step: int


class Keep(NamedTuple):
    """The contact is kept for `counselor` until then, in ms since 1970."""

    counselor: CounselorId
    until: int


class Defer(NamedTuple):
    """Only those are free who were tried, and others may be asked soon."""


def choose(place: Place, crew: Crew, now: int, *, keeping: int) -> Serve | Keep | Defer | None:
    """Return what is to become of a contact in line; None: it waits on. `keeping`: for how many ms
    after its arrival it may be kept."""
    tried = crew.mask(place.tried) if place.tried else 0
    sticky = None
    if place.sticky is not None and place.sticky not in place.tried:
        sticky = crew.seat(place.sticky)
    if sticky is not None and sticky.standing.is_on_duty and not place.is_crisis:
        step = _step_of(place, sticky)
        if step is not None and sticky.is_free:
            return Serve(sticky, step)
        if step is not None and now < place.arrived + keeping:
            return Keep(sticky.counselor, place.arrived + keeping)
    for index, circle in place.open:
        free = circle.members & crew.free & ~tried
        if sticky is not None and free & sticky.bit:
            return Serve(sticky, index)
        if free:
            need = place.need
            return Serve(crew.best(free, preferred=need.preferred, levels=need.levels), index)
    return _try_again(place, crew, now) if tried & crew.free else None


def _try_again(place: Place, crew: Crew, now: int) -> Serve | Defer | None:
    for counselor in place.tried:
        seat = crew.seat(counselor)
        step = _step_of(place, seat) if seat is not None and seat.is_free else None
        if seat is not None and step is not None:
            others_soon = place.has_others and place.due is not None and place.due <= now + SOON
            return Defer() if others_soon else Serve(seat, step)
    return None


def _step_of(place: Place, seat: Seat) -> int | None:
    """Return the earliest open step, from 0, by which this counselor may be asked."""
    step = place.first_step(seat.bit)
    return NO_STEP if step is None and place.dedicated == seat.counselor else step
