"""When nobody of ours is there for a contact, or not soon: partners' lines, and a message.

Whether anybody is staffed is told from outside (`nobody_staffed`); how long the contact has waited
is counted here. A crisis goes to partners like everybody, is offered to everybody all the while,
and is never asked for a message.
"""

from __future__ import annotations

from collections.abc import Callable

from hotline import events as e
from hotline.call import DigitPressed, LegEvent
from hotline.clock import Timer
from hotline.contact import ContactState
from hotline.conversation.errands import Errands
from hotline.conversation.forwarding import Forwarding
from hotline.conversation.message import Message
from hotline.conversation.visit import Visit
from hotline.ids import LegId, RecordingId
from hotline.menu.reception import MenuResult

LOOK_SECONDS = 1.0
MESSAGE_KEY = "5"
NOBODY, OFFER_MESSAGE = "nobody_there", "nobody_message"


class Elsewhere:
    """One contact's other ways. `waiting` begins; `close` ends. All is harmless when late. Nothing
    begins while `engaged` says that the caller has just chosen something else."""

    def __init__(self, visit: Visit, *, errands: Errands, engaged: Callable[[], bool]) -> None:
        self._visit = visit
        self._engaged = engaged
        self._ways = ways = visit.line.ways
        self._forwarding = Forwarding(
            visit, ways, errands=errands, may_begin=lambda: self._may_begin
        )
        self._message = Message(visit, ways, begun=self._forwarding.stand_down)
        self._unstaffed = False
        self._message_offered = False
        self._since: float | None = None
        self._timer: Timer | None = None

    @property
    def legs(self) -> frozenset[LegId]:
        """Partners' legs that belong to this contact now."""
        return self._forwarding.legs

    @property
    def speaks(self) -> bool:
        """The caller is asked for a message, or leaves one."""
        return self._message.active

    def waiting(self) -> None:
        """The contact is in line."""
        if self._since is None and self._ways:
            self._since = self._visit.line.clock.monotonic()
            self._later()

    def nobody_staffed(self, nobody: bool) -> None:
        """Told each second: whether nobody on duty may be asked for this contact."""
        self._unstaffed = nobody

    def partner_event(self, event: LegEvent) -> None:
        """React to what happened to a partner's leg."""
        self._forwarding.leg_event(event)
        if self._visit.contact.state is ContactState.FORWARDED:
            self._message.cancel()

    def caller_event(self, event: LegEvent) -> bool:
        """React to the caller's leg, where it is about a message; False: it is not."""
        if self._message.active:
            return self._message.caller_event(event)
        if not isinstance(event, DigitPressed) or not self._may_choose(event.digit):
            return False
        self._message.begin()
        return True

    def take_message(self, menu: MenuResult) -> bool:
        """The menu leads to a message; False: none can be left here."""
        if not self._ways.takes_messages:
            return False
        self._visit.record(
            e.MenuFinished, outcome=menu.outcome, topic=menu.topic, language=menu.language
        )
        self._message.begin(menu)
        return True

    def stand_down(self) -> None:
        """A counselor of ours has picked up, or the caller is to be called back: no partner is
        asked any more."""
        self._forwarding.stand_down()

    def counselor_talks(self) -> None:
        """Caller and counselor hear each other."""
        self._message.cancel()

    def recording_stopped(self, recording: RecordingId, detail: str) -> None:
        """The recorder gave up (disk short)."""
        self._forwarding.recording_stopped(recording, detail)
        self._message.recording_stopped(recording, detail)

    def rescue(self) -> None:
        """A fault of ours cost the caller the partner, or the message: in line, to a human."""
        if self._visit.contact.state is ContactState.FORWARDED:
            self._forwarding.rescue()
        else:
            self._message.rescue()

    def close(self) -> None:
        """The contact is over."""
        if self._timer is not None:
            self._timer.cancel()
        self._forwarding.close()
        self._message.close()

    def _may_choose(self, digit: str) -> bool:
        visit = self._visit
        waits = visit.contact.state is ContactState.QUEUED and not visit.in_line.is_crisis
        offered = digit == MESSAGE_KEY and self._message_offered
        waits = waits and not self._engaged()
        return offered and waits and visit.reception.danger(digit) is None

    def _later(self) -> None:
        self._timer = self._visit.line.timers.after(LOOK_SECONDS, self._tick)

    def _tick(self) -> None:
        self._later()  # first, so that a fault below costs one look
        if self._may_begin:
            self._look()

    @property
    def _may_begin(self) -> bool:
        waits = self._visit.contact.state is ContactState.QUEUED and not self._engaged()
        return waits and not self._message.active

    def _look(self) -> None:
        waited = self._visit.line.clock.monotonic() - (self._since or 0.0)
        self._forwarding.look(waited=waited, unstaffed=self._unstaffed)
        nobody = self._unstaffed and not self._visit.in_line.is_crisis
        if not nobody or self._forwarding.hopes():
            self._visit.waiting_room.tell([])
            return
        self._message_offered = self._message_offered or self._ways.takes_messages
        offer = [OFFER_MESSAGE] if self._ways.takes_messages else []
        self._visit.waiting_room.tell([NOBODY, *offer])
