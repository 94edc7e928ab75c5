"""A talk as the journal hears of it: who begins it, holds and recordings."""

from __future__ import annotations

import logging

from hotline import events as e
from hotline.call import LegEvent, LegHeld, LegResumed
from hotline.contact import ContactState
from hotline.conversation.errands import attempt
from hotline.conversation.talk import Talk
from hotline.conversation.visit import Visit
from hotline.events import AlarmKind
from hotline.ids import LegId, RecordingId
from hotline.ports import Offer

log = logging.getLogger(__name__)


class Talking:
    """One contact's; begins and ends as often as its `talk`."""

    def __init__(self, visit: Visit, talk: Talk) -> None:
        self._visit = visit
        self._talk = talk

    def begin(
        self, kind: type[e.ContactAnswered] | type[e.CallbackReached], offer: Offer, leg: LegId
    ) -> None:
        """Caller and counselor, on `leg`, hear each other; of a callback the journal tells on which
        leg the caller was reached. What fails before they do is raised, and nobody hears anybody;
        what fails later costs them nothing."""
        told = leg if kind is e.ContactAnswered else self._visit.arrival.leg
        try:
            self._talk.begin(leg, offer.counselor)
            self._visit.record(kind, offer=offer.id, counselor=offer.counselor, leg=told)
        except Exception:
            attempt(self._talk.end)
            raise
        try:
            self._record()
        except Exception:
            log.exception("contact %s: a fault behind the bridge", self._visit.contact.id[:8])
            self._visit.line.alarms.raise_alarm(AlarmKind.FAULT, "a recording met a fault")

    def leg_event(self, event: LegEvent) -> None:
        """React to a phone that holds, or does not any more."""
        if isinstance(event, LegHeld):
            self._visit.record(e.ContactHeld, leg=event.leg)
            self._talk.hold(event.leg)
        elif isinstance(event, LegResumed):
            self._visit.record(e.ContactResumed, leg=event.leg)
            self._talk.resume(event.leg)

    def revived(self) -> None:
        """The contact was taken for dead, and its tracks for complete: new ones for what is said
        from here on."""
        if self._talk.recording is not None:
            self._visit.record(e.RecordingStopped, recording=self._talk.stop_recording())
            self._record()

    def recording_stopped(self, recording: RecordingId, detail: str) -> None:
        """The recorder gave up (disk short): the conversation goes on unrecorded."""
        talks = self._visit.contact.state is ContactState.TALKING
        if self._talk.recording == recording and talks:
            self._talk.recording_lost()
            self._visit.record(e.RecordingFailed, recording=recording, detail=detail)

    def end(self) -> None:
        """The caller is with nobody any more."""
        stopped = self._talk.end()
        if stopped is not None:
            self._visit.record(e.RecordingStopped, recording=stopped)

    def _record(self) -> None:
        for kind, facts in self._talk.record(consent=self._visit.reception.consent):
            self._visit.record(kind, **facts)
