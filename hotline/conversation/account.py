"""What a contact does, said by each heartbeat; and said again to a queue that believes otherwise.

The queue is wrong when Redis came back without its last second, or when others had given this
gateway up. It is put right by the contact itself, in the order of all that it has to say
(`errands`), never by the heartbeat, whose words may be older than the last of these.
"""

from __future__ import annotations

import logging

from hotline.contact import Contact, ContactState
from hotline.conversation.errands import Errands
from hotline.conversation.inline import InLine
from hotline.conversation.line import Line
from hotline.conversation.seat import Seat
from hotline.events import AlarmKind
from hotline.ports import Carried, Restated

log = logging.getLogger(__name__)

S = ContactState


class Account:
    """One contact's; `seat` is that of its (first) counselor."""

    def __init__(
        self,
        *,
        contact: Contact,
        in_line: InLine,
        line: Line,
        errands: Errands,
        seat: Seat,
    ) -> None:
        self._contact = contact
        self._in_line = in_line
        self._line = line
        self._errands = errands
        self._seat = seat
        self._revived = 0
        """The number of the last ContactFailed that was taken back."""

    @property
    def carried(self) -> Carried:
        """What the heartbeat says."""
        contact = self._contact
        return Carried(seq=contact.seq, state=contact.state, offer=self._seat.serving)

    def tell_again(self) -> None:
        """The queue says otherwise: tell it, unless something else is about to be told."""
        if not self._errands.idle:
            return
        if self._contact.state is S.QUEUED:
            self._in_line.requeue()
        elif self._contact.state in (S.OFFERED, S.TALKING):
            self._errands.send(self._restate)

    def revive(self, seq: int) -> bool:
        """Take back the ContactFailed that others journalled with this number; return whether
        that was still to be done."""
        contact, offer = self._contact, self._seat.serving
        if not contact.lives or seq <= self._revived:
            return False
        self._revived = seq
        counselor = offer.counselor if offer is not None else None
        contact.revive(seq, at=self._line.now(), state=contact.state, counselor=counselor)
        self._mended("had been given up, and lives")
        return True

    async def _restate(self) -> None:
        offer, waiting = self._seat.serving, self._in_line.asked()
        if offer is None or waiting is None:  # it is over meanwhile
            return
        talking = self._contact.state is S.TALKING
        does = "talks with" if talking else "is offered to"
        match await self._line.offers.restate(waiting, offer, talking=talking):
            case Restated.MENDED:
                self._mended(f"{does} counselor {offer.counselor}, and the queue did not know")
            case Restated.REFUSED if self._contact.state is S.OFFERED:
                self._seat.withdrawn(offer.id)
            case Restated.REFUSED:
                log.warning(
                    "contact %s: %s counselor %s, and the queue holds to a newer offer",
                    self._contact.id[:8], does, offer.counselor,
                )  # fmt: skip

    def _mended(self, what: str) -> None:
        log.warning("contact %s: %s: mended", self._contact.id[:8], what)
        self._line.alarms.raise_alarm(AlarmKind.STUCK_STATE_MENDED, f"a contact {what}")
