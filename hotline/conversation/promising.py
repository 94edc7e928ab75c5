"""A caller who waits and would rather be called back: the key, the choice, the promise.

Never a trap: silence and wrong keys leave the caller where they were, in line, and so does a queue
that does not answer. What was promised is confirmed in words before we hang up. A caller who hangs
up while the queue still thinks has pressed for a callback and gets it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta

from hotline import events as e
from hotline.call import LegEnded, LegEvent, PlaybackFinished
from hotline.clock import Timer
from hotline.contact import ContactState
from hotline.conversation.errands import Errands
from hotline.conversation.visit import Visit
from hotline.errors import QueueUnavailable
from hotline.events import Priority
from hotline.ids import GatewayId
from hotline.menu.openings import choice_playlist, next_windows, openings, soon
from hotline.ports import Opening, Promise

log = logging.getLogger(__name__)

KEY = "9"
HINT = "callback_hint"
CHOICE_SECONDS = 40.0
"""From the key to the end of the choice; its words are half of it."""
GOODBYE_SECONDS = 12.0
"""No goodbye takes longer; who presses the danger key in it is in line at once."""
HUNG_UP_AFTER = timedelta(seconds=GOODBYE_SECONDS + 2)
"""Nobody is called before: they would still be on our line."""

Choice = tuple[str, list[Opening]]


class Promising:
    """One caller's wish to be called. `chosen` is called when it is said, before the queue is."""

    def __init__(self, visit: Visit, *, errands: Errands, chosen: Callable[[], None]) -> None:
        self._visit = visit
        self._contact = visit.contact
        self._line = visit.line
        self._in_line = visit.in_line
        self._errands = errands
        self._chosen = chosen
        self._choices: dict[str, Choice] | None = None
        self._timer: Timer | None = None
        self.is_asking = False
        """The queue is being asked."""
        self._left: Callable[[], None] | None = None
        self._goodbye: int | None = None
        visit.waiting_room.hint = self._hint

    @property
    def has_choice(self) -> bool:
        """The caller hears, or has heard, what there is to choose from."""
        return self._choices is not None

    @property
    def _is_possible(self) -> bool:
        return (
            self._line.terms is not None
            and self._visit.arrival.dialable
            and self._contact.state is ContactState.QUEUED
            and not self._in_line.is_crisis
            and not self.is_asking
        )

    def _hint(self) -> str:
        return HINT if self._is_possible else ""

    def press(self, digit: str) -> None:
        """A key of a caller who waits."""
        if self._choices is None:
            if digit == KEY and self._is_possible:
                self._offer_choice()
            return
        chosen = self._choices.get(digit)
        self.close()
        if chosen is None or not self._is_possible:
            self._visit.waiting_room.confirm(["callback_kept"])
            return
        self._chosen()
        self.is_asking = True
        self._errands.send(lambda: self._promise(*chosen))

    def defers(self, left: Callable[[], None]) -> bool:
        """Whether the end of the caller's leg is to wait for the queue's word; `left` is called
        when it turns out that nothing was promised."""
        if self.is_asking:
            self._left = left
        return self.is_asking

    def close(self) -> None:
        """No choice any more: it was made, or the caller does not wait."""
        self._choices = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def leg_event(self, event: LegEvent) -> None:
        """The caller's leg, after the promise: hang up when the words were heard."""
        if isinstance(event, PlaybackFinished) and event.playlist == self._goodbye:
            self._hang_up()
        elif isinstance(event, LegEnded):
            self.close()

    # --- the choice ----------------------------------------------------------------

    def _offer_choice(self) -> None:
        terms = self._line.terms
        if terms is None:
            return
        now = self._line.clock.now().astimezone(terms.zone)
        words = ["callback_soon"]
        as_soon = soon(terms.hours, now, soon_hours=terms.soon_hours, days=terms.days)
        self._choices = {"1": ("soon", as_soon)}
        for key, (window, first) in enumerate(
            next_windows(terms.hours, now, days=terms.days), start=2
        ):
            stretches = [o for o in openings([window], now, days=terms.days) if o.opens > now]
            self._choices[str(key)] = ("window", stretches)
            words += choice_playlist(first, now, key)
        self._visit.waiting_room.confirm([*words, "callback_stay"])
        self._timer = self._line.timers.after(CHOICE_SECONDS, self.close)

    async def _promise(self, choice: str, stretches: list[Opening]) -> None:
        promised = False
        try:
            if self._contact.state is ContactState.QUEUED:
                promised = await self._ask(choice, stretches)
        except QueueUnavailable:
            # Perhaps it was promised all the same, and nobody will hear of it: what is said next
            # of this caller, that they are in line or have left, undoes it.
            log.warning("contact %s: no callback, the queue is away", self._contact.id[:8])
            if self._left is None:
                self._in_line.ask_again()
        finally:
            self.is_asking = False
        if promised:
            self._say_goodbye()
        elif self._left is not None:
            self._left()
        elif self._contact.state is ContactState.QUEUED:
            self._visit.waiting_room.confirm(["callback_impossible"])

    async def _ask(self, choice: str, stretches: list[Opening]) -> bool:
        """Have it promised; False when it was not, or the caller asked for something else since."""
        terms, waiting, menu = self._line.terms, self._in_line.asked(), self._in_line.asks
        hung_up = self._line.clock.now() + HUNG_UP_AFTER
        stretches = [Opening(max(o.opens, hung_up), o.closes) for o in stretches]
        stretches = [stretch for stretch in stretches if stretch.opens < stretch.closes]
        if terms is None or waiting is None or menu is None or not stretches:
            return False
        if choice == "window" and waiting.priority is Priority.NORMAL:
            waiting = replace(waiting, priority=Priority.CALLBACK)
        promise = Promise(
            waiting=replace(waiting, gateway=GatewayId("")),
            caller=self._visit.arrival.caller,
            trunk=self._visit.arrival.trunk,
            consent=self._visit.reception.consent,
            choice=choice,
            openings=tuple(
                Opening(o.opens.astimezone(UTC), o.closes.astimezone(UTC)) for o in stretches
            ),
        )
        gateway, made = self._visit.arrival.gateway, False
        # Whatever happens meanwhile and whoever hears of it: no number is given to two events.
        still = self._in_line.reserve(menu)
        try:
            made = await terms.callbacks.promise(
                waiting.contact, promise, gateway=gateway, seq=still.seq - 1, event=still.id
            )
        finally:
            if not made:
                self._contact.fill(still)
        if not made:
            return False
        if self._contact.seq != still.seq:  # in danger, say: being in line again undoes it
            self._in_line.ask_again()
            return False
        self._contact.gave_way(
            still,
            e.CallbackPromised,
            at=self._line.now(),
            choice=choice,
            until=promise.openings[-1].closes,
        )
        return True

    def _say_goodbye(self) -> None:
        language = self._in_line.asks.language if self._in_line.asks is not None else ""
        self._goodbye = self._visit.waiting_room.speak(["callback_promised"], language=language)
        if self._goodbye is None:
            self._hang_up()
        else:
            self._timer = self._line.timers.after(GOODBYE_SECONDS, self._hang_up)

    def _hang_up(self) -> None:
        self.close()
        self._line.telephone.end(self._visit.arrival.leg)
