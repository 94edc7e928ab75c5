"""In which order a contact's events count, and what a burial is worth beside them: pure.

A *burial* is the ContactFailed that others journal for a contact whose gateway they take for dead
(`gateway_lost`). Its number is made from the last heartbeat, so the owner's own events, which wait
on a disk, may have the same number or a higher one, and come days later. It is hearsay:

* An ending that the owner itself told beats it: the burial never was.
* The owner took it back (ContactRevived) as the next thing it said: both count, and nobody heard
  the other between the two. When it said anything else before, nothing was interrupted, and the
  burial never was.
* Otherwise the contact did end with its gateway: after all that its owner said, and not before.

Both folds, the scribe's and the recomputation, are of `settled` histories, so that neither the
order of delivery nor the database's choice among equal numbers can be seen in a figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from hotline import events as e
from hotline.events import Event, Reason

Ending = (
    e.CallerLeft
    | e.CounselorLeft
    | e.PartnerLeft
    | e.MessageLeft
    | e.ContactRefused
    | e.ContactFailed
    | e.CallbackGivenUp
    | e.CallbackWithdrawn
)
"""What ends a contact."""


def place(event: Event) -> tuple[int, datetime, str]:
    """Return what one contact's events are ordered by: no two are equal."""
    return event.seq, event.at, event.id


def is_burial(event: Event) -> bool:
    """Tell whether others than the owner said that this contact ended."""
    return isinstance(event, e.ContactFailed) and event.termination.reason is Reason.GATEWAY_LOST


def settled(history: Iterable[Event]) -> list[Event]:
    """Return one contact's events in the order in which they count, without burials that do not.

    `history` is in any order, and may have holes. A burial that counts last may be told with a
    later number and time than it was journalled with; every other event is returned as it is.
    """
    ordered = sorted(history, key=place)
    burials = [event for event in ordered if is_burial(event)]
    if not burials:
        return ordered
    own = [event for event in ordered if not is_burial(event)]
    counted = own + [kept for kept in (_kept(burial, own) for burial in burials) if kept]
    return sorted(counted, key=place)


def _kept(burial: Event, own: Sequence[Event]) -> Event | None:
    """Return `burial` as it counts beside what the owner said, or None."""
    later = [event for event in own if place(event) > place(burial)]
    if later and isinstance(later[0], e.ContactRevived):
        return burial
    if any(isinstance(event, e.ContactRevived) for event in later):
        return None
    if any(isinstance(event, Ending) for event in own):
        return None
    if not later:
        return burial
    last = own[-1]
    return replace(burial, seq=last.seq + 1, at=max(burial.at, last.at))
