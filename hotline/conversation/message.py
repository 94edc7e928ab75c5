"""A message that a caller leaves when nobody is there: a sentence, a tone, one track.

    sentence, tone --> written down --#, silence, too long--> thanks --> over
         |                 | hung up ------------------------------------> over
         '-----------------'--danger key--> in line, to a human

Until the tone is over the caller keeps the place, and a counselor who comes wins. The sentence says
that the message is recorded: to speak after the tone is to agree, whatever was said to the notice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import StrEnum

from hotline import events as e
from hotline.call import DigitPressed, LegEnded, LegEvent, PlaybackFinished
from hotline.clock import Timer
from hotline.contact import ContactState
from hotline.conversation.errands import attempt
from hotline.conversation.visit import Visit
from hotline.conversation.ways import Ways
from hotline.events import AlarmKind, Reason, Result, Termination
from hotline.ids import RecordingId
from hotline.menu.reception import NO_MENU, MenuResult
from hotline.ports import Recorder

log = logging.getLogger(__name__)

S = ContactState
SENTENCE, TONE, THANKS, IMPOSSIBLE = "message_intro", "beep", "message_kept", "message_impossible"
END_KEY = "#"
LOOK_SECONDS = 1.0
SHORTEST_SECONDS = 1.0
"""Who hangs up sooner has left no message."""


class Phase(StrEnum):
    NONE = "none"
    SENTENCE = "sentence"
    SPEAKING = "speaking"
    THANKS = "thanks"


class Message:
    """One contact's message; `begun` is called when it is written down from then on."""

    def __init__(self, visit: Visit, ways: Ways, *, begun: Callable[[], None]) -> None:
        self._visit = visit
        self._ways = ways
        self._begun = begun
        self._phase = Phase.NONE
        self._menu: MenuResult | None = None
        """What the caller is asked for in line if there can be no message; None: is in line."""
        self._playlist: int | None = None
        self._recording: RecordingId | None = None
        self._since = 0.0
        self._seconds = 0.0
        self._timer: Timer | None = None

    @property
    def active(self) -> bool:
        return self._phase is not Phase.NONE

    def begin(self, menu: MenuResult | None = None) -> None:
        """Say the sentence. `menu`: what a caller who is not in line gets if it cannot be said."""
        self._menu = menu
        self._visit.waiting_room.leave()
        self._phase = Phase.SENTENCE
        if not self._play(SENTENCE, TONE):
            self._give_up("please_wait")  # who was not told must not be recorded

    def cancel(self) -> None:
        """A counselor has come: nothing is written down."""
        if self._phase is Phase.SENTENCE:
            self._phase = Phase.NONE

    def caller_event(self, event: LegEvent) -> bool:
        """React to the caller's leg while `active`; False: the conversation must react too."""
        if isinstance(event, LegEnded):
            return self._hung_up(event)
        if isinstance(event, PlaybackFinished) and event.playlist == self._playlist:
            self._heard()
        elif isinstance(event, DigitPressed):
            menu = self._visit.reception.danger(event.digit)
            if menu is not None:
                self._to_human(menu)
            elif event.digit == END_KEY and self._phase is Phase.SPEAKING:
                self._complete()
        return True

    def recording_stopped(self, recording: RecordingId, detail: str) -> None:
        """The recorder gave up (disk short): what was said until now is the message."""
        if self._phase is Phase.SPEAKING and recording == self._recording:
            self._visit.record(e.RecordingFailed, recording=recording, detail=detail)
            self._stop(journal=False)
            self._thank()

    def rescue(self) -> None:
        """A fault of ours: what was said so far is kept, and the caller waits for a human."""
        attempt(self._stop)
        self._phase = Phase.NONE
        self._visit.in_line.ask(self._visit.in_line.asks or self._menu or NO_MENU)
        self._visit.wait("please_wait")

    def close(self) -> None:
        """The contact is over."""
        self._stop()
        self._phase = Phase.NONE

    # --- the sentence ------------------------------------------------------------

    def _play(self, *names: str) -> bool:
        visit = self._visit
        self._playlist = visit.waiting_room.speak(list(names), language=visit.reception.language)
        return self._playlist is not None

    def _heard(self) -> None:
        if self._phase is Phase.SENTENCE and self._visit.contact.state is S.OFFERED:
            self._phase = Phase.NONE  # a phone rings for the caller just now
            self._visit.wait("please_wait")
        elif self._phase is Phase.SENTENCE:
            self._start()
        elif self._phase is Phase.THANKS:
            self._end(Reason.SERVED)

    def _give_up(self, sentence: str) -> None:
        """There can be no message: wait for a human."""
        self._phase = Phase.NONE
        if self._menu is not None and self._visit.contact.state is S.GREETED:
            self._visit.queue(self._menu)
        else:
            self._visit.wait(sentence)

    # --- speaking ----------------------------------------------------------------

    def _start(self) -> None:
        visit, recorder = self._visit, self._ways.recorder
        try:
            started = _of(recorder).start_message(visit.contact.id, caller=visit.arrival.leg)
        except Exception as error:  # whatever it is, the caller still waits for a human
            log.exception("contact %s: no message can be recorded", visit.contact.id[:8])
            visit.line.alarms.raise_alarm(AlarmKind.RECORDING_FAILED, str(error))
            self._give_up(IMPOSSIBLE)
            return
        self._begun()
        self._phase, self._recording = Phase.SPEAKING, started.id
        self._since = visit.line.clock.monotonic()
        visit.record(e.MessageStarted)
        visit.record(
            e.RecordingStarted,
            recording=started.id,
            caller_track=started.caller_track,
            counselor_track="",
        )
        visit.in_line.leave(served=True)
        self._look_later()

    def _look_later(self) -> None:
        self._timer = self._visit.line.timers.after(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        """End what is too long, or long since over."""
        if self._phase is not Phase.SPEAKING or self._recording is None:
            return
        settings = self._ways.voicemail
        quiet = _of(self._ways.recorder).quiet_seconds(self._recording, settings.silence)
        if self._spoken() >= settings.longest or quiet >= settings.silence:
            self._complete()
        else:
            self._look_later()

    def _spoken(self) -> float:
        return self._visit.line.clock.monotonic() - self._since

    def _complete(self) -> None:
        self._stop()
        self._thank()

    def _thank(self) -> None:
        self._phase = Phase.THANKS
        if not self._play(THANKS):
            self._end(Reason.SERVED)

    def _stop(self, *, journal: bool = True) -> None:
        """Close the track, if it is open."""
        if self._timer is not None:
            self._timer.cancel()
        if self._phase is Phase.SPEAKING and self._recording is not None:
            self._seconds = self._spoken()
            _of(self._ways.recorder).stop(self._recording)
            if journal:
                self._visit.record(e.RecordingStopped, recording=self._recording)

    # --- and then ----------------------------------------------------------------

    def _to_human(self, menu: MenuResult) -> None:
        self._stop()
        self._phase = Phase.NONE
        if self._visit.contact.state is S.GREETED:
            self._visit.queue(menu)
            return
        self._visit.in_line.ask(menu)
        self._visit.wait("danger_confirmed")

    def _hung_up(self, event: LegEnded) -> bool:
        speaking = self._phase is Phase.SPEAKING
        self._stop()
        if self._phase is Phase.SENTENCE or (speaking and self._seconds < SHORTEST_SECONDS):
            self._phase = Phase.NONE
            return False
        self._end(event.reason)
        return True

    def _end(self, reason: Reason) -> None:
        self._phase = Phase.NONE
        self._visit.end(
            e.MessageLeft,
            Termination(Result.MESSAGE_LEFT, reason),
            recording=self._recording,
            seconds=round(self._seconds, 1),
        )


def _of(recorder: Recorder | None) -> Recorder:
    if recorder is None:
        raise OSError("nothing is recorded here")
    return recorder
