"""What stands in Redis and this version cannot read: of a newer version, or damaged.

Nobody is offered to such a contact by us, and to such a counselor nobody; the others go on. They
are counted with the others, so that the picture still agrees with Redis, and an operator is told.
"""

from __future__ import annotations

from hotline.events import AlarmKind, CounselorState
from hotline.ids import ContactId, CounselorId
from hotline.ports import Alarms


class Unreadable:
    """Who cannot be read now."""

    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms
        self._contacts: set[ContactId] = set()
        self._counselors: dict[CounselorId, str] = {}

    @property
    def contacts(self) -> int:
        """How many of them wait."""
        return len(self._contacts)

    @property
    def counselors(self) -> int:
        return len(self._counselors)

    @property
    def ready(self) -> int:
        """How many of the counselors are ready."""
        return sum(state == CounselorState.READY for state in self._counselors.values())

    def clear(self) -> None:
        """The picture begins anew; the alarm stands until `tell`."""
        self._contacts.clear()
        self._counselors.clear()

    def contact_waits(self, contact: ContactId, *, readable: bool) -> None:
        if not readable:
            self._contacts.add(contact)
        else:
            self._contacts.discard(contact)

    def contact_left(self, contact: ContactId) -> None:
        self._contacts.discard(contact)

    def counselor_stands(self, counselor: CounselorId, state: str, *, readable: bool) -> None:
        if not readable:
            self._counselors[counselor] = state
        else:
            self._counselors.pop(counselor, None)

    def counselor_removed(self, counselor: CounselorId) -> None:
        self._counselors.pop(counselor, None)

    def tell(self) -> None:
        """Raise the alarm, or take it back."""
        if self._contacts or self._counselors:
            self._alarms.raise_alarm(
                AlarmKind.UNREADABLE,
                f"{self.contacts} contacts wait and {self.counselors} counselors are there that "
                "this version cannot read; nobody is offered to them by this gateway",
            )
        else:
            self._alarms.clear_alarm(AlarmKind.UNREADABLE)
