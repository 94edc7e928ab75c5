"""What the parts of one conversation share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hotline.contact import Contact, E
from hotline.conversation.arrival import Arrival
from hotline.conversation.inline import InLine
from hotline.conversation.line import Line
from hotline.conversation.waitingroom import WaitingRoom
from hotline.events import Reason
from hotline.menu.reception import MenuResult, Reception

LOST = frozenset({Reason.RTP_SILENCE, Reason.SESSION_EXPIRED, Reason.FAULT, Reason.UNREACHABLE})
"""Endings of a leg that are the network's doing, not that of who speaks there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One contact, and what its conversation does for its parts.

    `queue`: be in line, with what the menu found out; `wait`: hear this prompt, then music; `end`:
    (kind of event, Termination, further facts) the contact is over; `stop_ringing`: no phone of a
    counselor rings for it any more.
    """

    contact: Contact
    arrival: Arrival
    line: Line
    reception: Reception
    in_line: InLine
    waiting_room: WaitingRoom
    queue: Callable[[MenuResult], None]
    wait: Callable[[str], None]
    end: Callable[..., None]
    stop_ringing: Callable[[], None]

    def record(self, kind: type[E], **facts: object) -> E:
        """Make the event happen now (see `Contact.record`)."""
        return self.contact.record(kind, at=self.line.now(), **facts)
