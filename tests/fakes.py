"""Hand-written fakes of our ports, for pure tests of those who use them.

That of the queue stands in `tests.fakequeue`. What each promises is said in `test_contract_*.py`,
of it and of the real one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from hotline.errors import PromptMissing
from hotline.events import OCCURRENCES, AlarmKind, Event
from hotline.ids import ContactId, CounselorId, LegId, OfferId, RecordingId
from hotline.ports import Offer, StartedRecording
from tests.fakequeue import FakeQueue as FakeQueue


class EventList:
    """A Sink that keeps what it is given."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def append(self, event: Event) -> None:
        self.events.append(event)

    @property
    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


class FakeTelephone:
    """Notes what it is told; legs live only in the test, until they are ended here."""

    def __init__(self, capacity: int = 100) -> None:
        self.capacity = capacity
        self.said: list[tuple[str, LegId]] = []
        self.ended: dict[LegId, tuple[int, int | None]] = {}
        self.dialled: list[tuple[str, Mapping[str, str], LegId]] = []
        self.out_of_order = False
        self.called: list[tuple[str, str, LegId]] = []
        """Callers whom we call: number, shown number, leg."""

    def dial(self, extension: str, *, headers: Mapping[str, str]) -> LegId:
        if self.out_of_order:
            raise RuntimeError("a fault that nobody thought of")
        leg = LegId(f"counselor-leg-{len(self.dialled) + 1}")
        self.dialled.append((extension, headers, leg))
        return leg

    def dial_caller(self, number: str, *, shown: str) -> LegId:
        leg = LegId(f"called-leg-{len(self.called) + 1}")
        self.called.append((number, shown, leg))
        return leg

    def ring(self, leg: LegId) -> None:
        self._say("ring", leg)

    def answer(self, leg: LegId) -> None:
        self._say("answer", leg)

    def end(self, leg: LegId, *, status: int = 486, retry_after: int | None = None) -> None:
        self.ended.setdefault(leg, (status, retry_after))

    def _say(self, command: str, leg: LegId) -> None:
        if leg not in self.ended:
            self.said.append((command, leg))


class FakeAudio:
    """Knows who would hear what. Every file can be opened, but for those in `broken`."""

    def __init__(self) -> None:
        self.broken: set[str] = set()
        """By name, without ``.wav``."""
        self.playing: dict[LegId, tuple[str, ...]] = {}
        self.heard: set[tuple[LegId, LegId]] = set()
        """Listener and speaker."""
        self.playlists = 0

    def play(self, leg: LegId, playlist: Sequence[Path], *, loop: bool = False) -> int:
        names = tuple(path.stem for path in playlist)
        if not names or self.broken.intersection(names):
            raise PromptMissing(f"cannot play {names}")
        self.playing[leg] = names
        self.playlists += 1
        return self.playlists

    def stop_playing(self, leg: LegId) -> None:
        self.playing.pop(leg, None)

    def hear(self, listener: LegId, speaker: LegId) -> None:
        self.heard.add((listener, speaker))

    def unhear(self, listener: LegId, speaker: LegId) -> None:
        self.heard.discard((listener, speaker))

    @property
    def bridges(self) -> set[frozenset[LegId]]:
        """Those who hear each other."""
        return {frozenset(pair) for pair in self.heard if pair[::-1] in self.heard}


class FakePrompts:
    """Every prompt exists, but for those in `missing`; the site's language is ``zh``."""

    def __init__(self) -> None:
        self.missing: set[str] = set()
        """Names, or ``en/name`` for one that is missing in one language only."""

    def find(self, name: str, language: str) -> Path:
        if re.fullmatch(r"[a-z0-9_]+", name) and name not in self.missing:
            for spoken in (language or "zh", "zh"):
                if f"{spoken}/{name}" not in self.missing:
                    return Path(f"/prompts/{spoken}/{name}.wav")
        raise PromptMissing(f"no prompt {name}")


class FakeRecorder:
    """Starts recordings, unless the disk is `full`."""

    def __init__(self) -> None:
        self.full = False
        self.running: set[RecordingId] = set()
        self.started = 0
        self.quiet = 0.0
        """For how long the caller has said nothing."""
        self.joined: list[tuple[RecordingId, LegId]] = []
        """Who else is written to the counselor's track."""

    def start(self, contact: ContactId, *, caller: LegId, counselor: LegId) -> StartedRecording:
        if self.full:
            raise OSError("no space left on device")
        self.started += 1
        recording = RecordingId(f"recording-{self.started}")
        self.running.add(recording)
        return StartedRecording(
            id=recording,
            caller_track=f"{recording}.caller.wav",
            counselor_track=f"{recording}.counselor.wav",
        )

    def start_message(self, contact: ContactId, *, caller: LegId) -> StartedRecording:
        both = self.start(contact, caller=caller, counselor=LegId(""))
        return replace(both, counselor_track="")

    def quiet_seconds(self, recording: RecordingId, most: float) -> float:
        return min(self.quiet, most) if recording in self.running else 0.0

    def join(self, recording: RecordingId, counselor: LegId) -> None:
        if recording in self.running:
            self.joined.append((recording, counselor))

    def stop(self, recording: RecordingId) -> None:
        self.running.discard(recording)


class FakeAlarms:
    """Keeps the alarms that stand, and everything that an operator was told."""

    def __init__(self) -> None:
        self.standing: dict[AlarmKind, str] = {}
        self.told: list[tuple[AlarmKind, str]] = []

    def raise_alarm(self, kind: AlarmKind, detail: str) -> None:
        if kind in self.standing:
            return
        self.told.append((kind, detail))
        if kind not in OCCURRENCES:
            self.standing[kind] = detail

    def clear_alarm(self, kind: AlarmKind) -> None:
        self.standing.pop(kind, None)


def an_offer(contact: ContactId, *, expires_at: datetime, number: int = 1) -> Offer:
    """An offer of `contact` to counselor 1001."""
    return Offer(
        id=OfferId(str(number)),
        contact=contact,
        counselor=CounselorId("1001"),
        expires_at=expires_at,
    )
