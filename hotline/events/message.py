"""What becomes of a message that a caller left."""

from __future__ import annotations

from dataclasses import dataclass

from hotline.events.event import Event
from hotline.ids import ContactId


def message_subject(contact: ContactId) -> str:
    """Return the subject of the events about the message of `contact`, which is over itself."""
    return f"message:{contact}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHandled(Event):
    """Somebody has dealt with the message: it waits no longer. `by` is ``operator:<name>``."""

    contact: ContactId
    by: str
