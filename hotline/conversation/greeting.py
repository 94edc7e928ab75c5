"""The menu of one contact, from our 200 until it is in line, leaves a message or is refused."""

from __future__ import annotations

import logging
from collections.abc import Callable

from hotline import events as e
from hotline.contact import ContactState
from hotline.conversation.visit import Visit
from hotline.events import Result, Termination
from hotline.menu.ivr import Outcome
from hotline.menu.reception import MenuResult

log = logging.getLogger(__name__)


class Greeting:
    """`take_message` says whether the menu may lead to a message; `rescue` tells of a
    fault, and leads to a human."""

    def __init__(
        self,
        visit: Visit,
        *,
        take_message: Callable[[MenuResult], bool],
        rescue: Callable[[], None],
    ) -> None:
        self._visit = visit
        self._take_message = take_message
        self._rescue = rescue

    async def begin(self) -> None:
        """Greet the caller, if there is still one."""
        visit = self._visit
        if visit.contact.state is not ContactState.GREETED:
            return
        try:
            await visit.reception.open(
                finished=self._finished, consented=self._consented, failed=self._rescue
            )
        except Exception:
            log.exception("contact %s: the menu broke, leading to a human", visit.contact.id[:8])
            self._rescue()

    def _consented(self, agreed: bool) -> None:
        self._visit.record(e.ConsentGiven if agreed else e.ConsentRefused)

    def _finished(self, menu: MenuResult) -> None:
        if menu.outcome == Outcome.ENDED:
            self._visit.end(e.ContactRefused, Termination(Result.REFUSED, menu.refusal))
        elif menu.outcome != Outcome.MESSAGE or not self._take_message(menu):
            self._visit.queue(menu)
