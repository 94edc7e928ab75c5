"""What a caller asks for by a key while waiting: no recording, help in danger, a callback."""

from __future__ import annotations

from collections.abc import Callable

from hotline import events as e
from hotline.call import DigitPressed, LegEnded, LegEvent, PlaybackFinished
from hotline.conversation.errands import Errands
from hotline.conversation.promising import Promising
from hotline.conversation.visit import Visit


class Wishes:
    """One caller's. `chosen` is called when the caller wants to be called: nobody else is asked
    for the contact any more."""

    def __init__(self, visit: Visit, *, errands: Errands, chosen: Callable[[], None]) -> None:
        self._visit = visit
        self._promising = Promising(visit, errands=errands, chosen=chosen)

    @property
    def under_way(self) -> bool:
        """The queue is being asked for a callback: the caller is asked nothing else meanwhile."""
        return self._promising.is_asking

    def takes(self, event: LegEvent, *, again: Callable[[LegEvent], None]) -> bool:
        """Whether this event of a caller's leg is to go no further: a key of the choice, or the end
        of a leg whose caller is just being promised a callback; `again` takes that event later,
        when it turns out that nothing was promised."""
        if isinstance(event, LegEnded):
            return self._promising.defers(lambda: again(event))
        if not isinstance(event, DigitPressed) or not self._promising.has_choice:
            return False
        if self._visit.reception.danger(event.digit) is not None:
            return False
        self._promising.press(event.digit)
        return True

    def waiting_event(self, event: LegEvent) -> None:
        """React to a caller who waits."""
        if isinstance(event, PlaybackFinished):
            self._visit.waiting_room.playback_finished(event.playlist)
        elif isinstance(event, DigitPressed):
            self._pressed(event.digit)

    def goodbye_event(self, event: LegEvent) -> None:
        """The caller was promised a callback and hears us say so; in danger, waits after all."""
        visit = self._visit
        menu = visit.reception.danger(event.digit) if isinstance(event, DigitPressed) else None
        if menu is None:
            self._promising.leg_event(event)
            return
        self._promising.close()
        visit.in_line.ask(menu)
        visit.wait("danger_confirmed")

    def close(self) -> None:
        """The caller does not wait any more."""
        self._promising.close()

    def _pressed(self, digit: str) -> None:
        visit = self._visit
        if confirmation := visit.reception.refusal(digit):
            visit.record(e.ConsentRefused)
            visit.waiting_room.confirm(confirmation)
        elif (menu := visit.reception.danger(digit)) is not None:
            self._promising.close()
            if not visit.in_line.is_crisis:
                visit.in_line.ask(menu)
            visit.waiting_room.confirm_danger()
        else:
            self._promising.press(digit)
