"""A contact in line: asked for, spoken of, and put back where it was when the queue forgot it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hotline import events as e
from hotline.clock import Clock
from hotline.contact import Contact, ContactState
from hotline.conversation.arrival import Arrival
from hotline.conversation.errands import Errands
from hotline.conversation.waitingroom import WaitingRoom
from hotline.errors import QueueUnavailable
from hotline.events import Priority
from hotline.menu.ivr import Outcome
from hotline.menu.reception import MenuResult
from hotline.ports import Place, Queue, Waiting


class InLine:
    """One contact's waiting, as the queue and the caller know it."""

    def __init__(
        self,
        *,
        contact: Contact,
        arrival: Arrival,
        queue: Queue,
        waiting_room: WaitingRoom,
        errands: Errands,
        clock: Clock,
    ) -> None:
        self._contact = contact
        self._arrival = arrival
        self._queue = queue
        self._waiting_room = waiting_room
        self._errands = errands
        self._clock = clock
        self._menu: MenuResult | None = None
        self.since = clock.now()
        """When the contact arrived; earlier, when it has the place of an earlier visit."""
        self.is_elsewhere = False
        """Somebody else serves it, and the queue is to hear when that is over."""
        self.refusals = 0
        """How often in a row it could not be put in line, by a fault of ours."""

    @property
    def waits(self) -> bool:
        """The contact is in line, or a phone rings for it."""
        return self._contact.state in (ContactState.QUEUED, ContactState.OFFERED)

    @property
    def is_crisis(self) -> bool:
        return self._menu is not None and self._menu.priority is Priority.CRISIS

    @property
    def asks(self) -> MenuResult | None:
        """What the caller chose last."""
        return self._menu

    def ask(self, menu: MenuResult) -> None:
        """Be in line for what the caller chose last."""
        self._menu = menu
        self.is_elsewhere = False
        self._contact.record(e.ContactQueued, at=self._clock.now(), **self._facts(menu))
        self._errands.send(self._enqueue)

    def reserve(self, menu: MenuResult) -> e.ContactQueued:
        """Take the next number to say that the contact is in line for the same as before."""
        return self._contact.reserve(e.ContactQueued, at=self._clock.now(), **self._facts(menu))

    def _facts(self, menu: MenuResult) -> dict[str, Any]:
        return {
            "priority": menu.priority,
            "topic": menu.topic,
            "language": menu.language,
            "skills": menu.skills,
            "node": self._arrival.node,
        }

    def ask_again(self) -> None:
        """Be in line for the same, whatever the queue believes."""
        if self._menu is not None and self.waits:
            self.ask(self._menu)

    def ask_urgently(self) -> None:
        """Be in line for the same, before those who are in no danger that anybody knows of."""
        if self._menu is not None:
            urgent = (
                self._menu if self.is_crisis else replace(self._menu, priority=Priority.HIGH_RISK)
            )
            self.ask(urgent)

    def recall(self, asked: Waiting) -> None:
        """The contact was in line before, elsewhere, as `asked` says."""
        self.since = asked.arrived_at
        self._menu = MenuResult(
            outcome=Outcome.CHOSEN,
            topic=asked.topic,
            language=asked.language,
            skills=asked.skills,
            priority=asked.priority,
            asked_for=asked.asked_for,
        )

    def wait(self, first: str) -> None:
        """Let the caller hear `first` (a prompt's name), then music and the place."""
        language = self._menu.language if self._menu is not None else ""
        self._waiting_room.enter(
            first, language=language, crisis=self.is_crisis, announce=self._announce
        )

    def requeue(self) -> None:
        """The queue has lost this contact (Redis lost its data): in line again, unless that is
        under way."""
        if self.waits and self._errands.idle:
            self._errands.send(self._enqueue)

    def again(self) -> None:
        """In line again, where it was: whoever served the contact elsewhere is lost."""
        self.is_elsewhere = False
        self._errands.send(self._enqueue)

    def leave(self, *, fault: bool = False, served: bool = False) -> None:
        """The contact is out of line; `fault`: by no wish of the caller's, who may want the place
        back; `served`: elsewhere, until it leaves once more."""
        self.is_elsewhere = served
        self._errands.send(lambda: self._queue.leave(self._contact.id, fault=fault, served=served))

    def _announce(self) -> None:
        if self._contact.state is ContactState.QUEUED and self._errands.idle:
            self._errands.send(lambda: self._waiting_room.speak_place(self._place))

    async def _place(self) -> Place:
        place = await self._queue.place(self._contact.id)
        if place.position == 0 and self._contact.state is ContactState.QUEUED:
            self._errands.send(self._enqueue)  # Redis came back without us
        return place

    def asked(self) -> Waiting | None:
        """Return what the queue is asked for; None before the menu is over."""
        if self._menu is None:
            return None
        return self._arrival.waiting(self._contact.id, self._menu, since=self.since)

    async def _enqueue(self) -> None:
        waiting = self.asked()
        if waiting is None or not self.waits:
            return
        rings = self._contact.state is ContactState.OFFERED
        self.refusals += 1
        try:
            kept = await self._queue.enqueue(waiting, rings=rings)
        except QueueUnavailable:
            self.refusals = 0
            raise
        self.refusals = 0
        if kept is not None and self.waits:
            self.since = kept.since
            self._contact.record(
                e.PlaceKept, at=self._clock.now(), since=kept.since, because=kept.because
            )
