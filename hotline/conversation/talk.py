"""A caller in conversation, with one counselor or two: who hears whom, the hold, the two tracks."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from hotline import events as e
from hotline.conversation.care import CareLimit
from hotline.conversation.hearing import Heard, Party, hearing, is_alone
from hotline.conversation.waitingroom import MUSIC
from hotline.errors import PromptMissing
from hotline.events import AlarmKind
from hotline.ids import ContactId, CounselorId, LegId, RecordingId
from hotline.ports import Alarms, Audio, Prompts, Recorder

log = logging.getLogger(__name__)


class Talk:
    """One contact's conversation; begins and ends more than once when a counselor is lost.

    Who hears whom follows from the parts that they take (`hearing`); a caller with whom nobody is
    left hears music. `recorder` is None where the site records nothing. `care` counts the time,
    where the caller has a plan that limits it.
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
        self._parties: dict[LegId, Party] = {}
        """All but the caller; counselors in the order in which they came."""
        self._heard: frozenset[Heard] = frozenset()
        self._has_music = False

    # --- who is in it ----------------------------------------------------------------

    def begin(self, leg: LegId, counselor: CounselorId) -> None:
        """Let caller and counselor hear each other."""
        self._parties = {leg: Party(leg)}
        self._arrange()
        self.care.begin(leg, counselor)

    def join(self, leg: LegId) -> None:
        """Let a second counselor hear both, and be heard by them."""
        if leg not in self._parties:
            self._parties[leg] = Party(leg)
            try:
                self._arrange()
            except Exception:
                del self._parties[leg]
                raise

    def has(self, leg: LegId) -> bool:
        """Whether that counselor is in it."""
        return leg in self._parties

    def part(self, leg: LegId) -> None:
        """The second counselor is out of it."""
        if self._parties.pop(leg, None) is not None:
            self._arrange()

    def succeed(self, leg: LegId, counselor: CounselorId) -> None:
        """The first counselor is out of it, and `leg` goes on with the caller alone."""
        self._parties = {leg: self._parties.get(leg, Party(leg))}
        self._arrange()
        self.care.end()
        self.care.begin(leg, counselor)

    def hold(self, leg: LegId) -> None:
        """A counselor's phone holds: the caller hears the other one, or music, not silence."""
        self._change(leg, apart=True)

    def resume(self, leg: LegId) -> None:
        """The hold is over."""
        self._change(leg, apart=False)

    def end(self) -> RecordingId | None:
        """Part everybody and close the tracks; return the recording that was closed."""
        self._parties = {}
        self._let_hear(frozenset())
        self._has_music = False
        self.care.end()
        return self.stop_recording()

    def _change(self, leg: LegId, *, apart: bool) -> None:
        party = self._parties.get(leg)
        if party is not None and party.apart != apart:
            self._parties[leg] = replace(party, apart=apart)
            self._arrange()

    def _arrange(self) -> None:
        """Let everybody hear whom they should, and nobody else."""
        everybody = [Party(self._caller), *self._parties.values()]
        waits = bool(self._parties) and is_alone(self._caller, everybody)
        if self._has_music and not waits:
            self._has_music = False
            self._audio.stop_playing(self._caller)
        self._let_hear(hearing(everybody))
        if waits and not self._has_music:
            self._play_music()

    def _let_hear(self, wanted: frozenset[Heard]) -> None:
        for heard in self._heard - wanted:
            self._audio.unhear(*heard)
            self._heard -= {heard}
        for heard in wanted - self._heard:
            self._heard |= {heard}  # first: what fails halfway is taken back with the rest
            self._audio.hear(*heard)

    def _play_music(self) -> None:
        self._has_music = True
        try:
            music = self._prompts.find(MUSIC, "")
            self._audio.play(self._caller, [music], loop=True)
        except PromptMissing as error:
            self._missing(error)

    # --- a word to one counselor ---------------------------------------------------------

    def whisper(self, leg: LegId, names: Sequence[str]) -> int | None:
        """Say these prompts to one counselor, over whatever they hear; nobody else hears it.

        Returns the playlist's number, or None when there is nothing to say.
        """
        files = []
        for name in names:
            try:
                files.append(self._prompts.find(name, ""))
            except PromptMissing as error:
                self._missing(error)
        try:
            return self._audio.play(leg, files) if files else None
        except PromptMissing as error:
            self._missing(error)
            return None

    def hush(self, leg: LegId) -> None:
        """Say nothing more to that counselor."""
        self._audio.stop_playing(leg)

    def _missing(self, error: PromptMissing) -> None:
        log.warning("contact %s: %s", self._contact[:8], error)
        self._alarms.raise_alarm(AlarmKind.PROMPT_MISSING, str(error))

    # --- the two tracks --------------------------------------------------------------------

    def record(self, *, consent: bool) -> Iterator[tuple[type[e.Event], dict[str, Any]]]:
        """Start both tracks if the caller agreed; yield what the journal must say of it."""
        if not consent or self._recorder is None or not self._parties:
            return
        try:
            started = self._recorder.start(
                self._contact, caller=self._caller, counselor=next(iter(self._parties))
            )
        except Exception as error:  # whatever it is, the two are talking
            log.exception("contact %s: recording did not start", self._contact[:8])
            self._alarms.raise_alarm(AlarmKind.RECORDING_FAILED, str(error))
            yield e.RecordingFailed, {"recording": None, "detail": str(error)}
            return
        self._alarms.clear_alarm(AlarmKind.RECORDING_FAILED)
        self._recording = started.id
        for leg in [*self._parties][1:]:
            self.admit(leg)
        yield (
            e.RecordingStarted,
            {
                "recording": started.id,
                "caller_track": started.caller_track,
                "counselor_track": started.counselor_track,
            },
        )

    def admit(self, leg: LegId) -> None:
        """A second counselor picked up: what they say belongs on the counselor's track, before
        the first one's leg, and with it the track, could end."""
        if self._recorder is None or self._recording is None:
            return
        try:
            self._recorder.join(self._recording, leg)
        except Exception as error:  # whatever it is, they are about to talk
            log.exception("contact %s: a counselor is not recorded", self._contact[:8])
            self._alarms.raise_alarm(AlarmKind.RECORDING_FAILED, str(error))

    def stop_recording(self) -> RecordingId | None:
        """Close the tracks; return the recording that was closed."""
        recording = self.recording_lost()
        if recording is not None and self._recorder is not None:
            self._recorder.stop(recording)
        return recording

    @property
    def recording(self) -> RecordingId | None:
        return self._recording

    def recording_lost(self) -> RecordingId | None:
        """The recorder stopped by itself: return which recording that was."""
        recording, self._recording = self._recording, None
        return recording
