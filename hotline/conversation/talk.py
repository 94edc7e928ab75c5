"""Caller and counselor in conversation: the bridge, the hold, the two tracks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from hotline import events as e
from hotline.conversation.care import CareLimit
from hotline.conversation.waitingroom import MUSIC
from hotline.errors import PromptMissing
from hotline.events import AlarmKind
from hotline.ids import ContactId, LegId, RecordingId
from hotline.ports import Alarms, Audio, Offer, Prompts, Recorder

log = logging.getLogger(__name__)


class Talk:
    """One contact's conversation; begins and ends more than once when a counselor is lost.

    `recorder` is None where the site records nothing. `care` counts the time, where the caller has
    a plan that limits it.
    """

    def __init__(
        self,
        *,
        contact: ContactId,
        caller: LegId,
        audio: Audio,
        prompts: Prompts,
        recorder: Recorder | None,
        alarms: Alarms,
        care: CareLimit,
    ) -> None:
        self._contact = contact
        self._caller = caller
        self._audio = audio
        self._prompts = prompts
        self._recorder = recorder
        self._alarms = alarms
        self.care = care
        self._recording: RecordingId | None = None
        self.offer: Offer | None = None
        self.counselor: LegId | None = None

    def begin(self, offer: Offer, counselor: LegId) -> None:
        """Let caller and counselor hear each other."""
        self.offer = offer
        self.counselor = counselor
        self._audio.bridge(self._caller, counselor)
        self.care.begin(counselor, offer.counselor)

    def record(self, *, consent: bool) -> Iterator[tuple[type[e.Event], dict[str, Any]]]:
        """Start both tracks if the caller agreed; yield what the journal must say of it."""
        if not consent or self._recorder is None or self.counselor is None:
            return
        try:
            started = self._recorder.start(
                self._contact, caller=self._caller, counselor=self.counselor
            )
        except Exception as error:  # whatever it is, the two are talking
            log.exception("contact %s: recording did not start", self._contact[:8])
            self._alarms.raise_alarm(AlarmKind.RECORDING_FAILED, str(error))
            yield e.RecordingFailed, {"recording": None, "detail": str(error)}
            return
        self._alarms.clear_alarm(AlarmKind.RECORDING_FAILED)
        self._recording = started.id
        yield (
            e.RecordingStarted,
            {
                "recording": started.id,
                "caller_track": started.caller_track,
                "counselor_track": started.counselor_track,
            },
        )

    @property
    def recording(self) -> RecordingId | None:
        return self._recording

    def recording_lost(self) -> RecordingId | None:
        """The recorder stopped by itself: return which recording that was."""
        recording, self._recording = self._recording, None
        return recording

    def hold(self) -> None:
        """The counselor's phone holds: the caller hears music, not silence."""
        if self.counselor is None:
            return
        self._audio.part(self._caller, self.counselor)
        try:
            music = self._prompts.find(MUSIC, "")
            self._audio.play(self._caller, [music], loop=True)
        except PromptMissing as error:
            self._alarms.raise_alarm(AlarmKind.PROMPT_MISSING, str(error))

    def resume(self) -> None:
        """The hold is over."""
        if self.counselor is None:
            return
        self._audio.stop_playing(self._caller)
        self._audio.bridge(self._caller, self.counselor)

    def end(self) -> RecordingId | None:
        """Part the two and close the tracks; return the recording that was closed."""
        if self.counselor is not None:
            self._audio.part(self._caller, self.counselor)
        self.care.end()
        self.offer = None
        self.counselor = None
        return self.stop_recording()

    def stop_recording(self) -> RecordingId | None:
        """Close the tracks; return the recording that was closed."""
        recording = self.recording_lost()
        if recording is not None and self._recorder is not None:
            self._recorder.stop(recording)
        return recording
