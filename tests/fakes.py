"""Hand-written fakes of our ports, for pure tests of those who use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from hotline.errors import PromptMissing, QueueUnavailable
from hotline.events import AlarmKind, CounselorState, Event
from hotline.ids import ContactId, CounselorId, LegId, OfferId, RecordingId
from hotline.ports import Offer, OfferOutcome, StartedRecording, Waiting


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
    """Notes what it is told; legs live only in the test."""

    def __init__(self, capacity: int = 100) -> None:
        self.capacity = capacity
        self.said: list[tuple[str, LegId]] = []
        self.ended: dict[LegId, tuple[int, int | None]] = {}
        self.dialled: list[tuple[str, Mapping[str, str], LegId]] = []

    def dial(self, extension: str, *, headers: Mapping[str, str]) -> LegId:
        leg = LegId(f"counselor-leg-{len(self.dialled) + 1}")
        self.dialled.append((extension, headers, leg))
        return leg

    def ring(self, leg: LegId) -> None:
        self.said.append(("ring", leg))

    def answer(self, leg: LegId) -> None:
        self.said.append(("answer", leg))

    def end(self, leg: LegId, *, status: int = 486, retry_after: int | None = None) -> None:
        self.ended.setdefault(leg, (status, retry_after))


class FakeAudio:
    """Knows who would hear what."""

    def __init__(self) -> None:
        self.playing: dict[LegId, tuple[str, ...]] = {}
        self.bridges: set[frozenset[LegId]] = set()
        self.playlists = 0

    def play(self, leg: LegId, playlist: Sequence[Path], *, loop: bool = False) -> int:
        self.playing[leg] = tuple(path.stem for path in playlist)
        self.playlists += 1
        return self.playlists

    def stop_playing(self, leg: LegId) -> None:
        self.playing.pop(leg, None)

    def bridge(self, one: LegId, other: LegId) -> None:
        self.bridges.add(frozenset({one, other}))

    def part(self, one: LegId, other: LegId) -> None:
        self.bridges.discard(frozenset({one, other}))


class FakePrompts:
    """Every prompt exists, but for those in `missing`."""

    def __init__(self) -> None:
        self.missing: set[str] = set()

    def find(self, name: str, language: str) -> Path:
        if name in self.missing:
            raise PromptMissing(f"no prompt {name}")
        return Path(f"/prompts/{language or 'zh'}/{name}.wav")


class FakeQueue:
    """Implements Queue, Offers, Counselors and Screening; `away` makes all of it unavailable."""

    def __init__(self) -> None:
        self.away = False
        self.said: list[tuple[str, object]] = []
        self.waiting: dict[ContactId, Waiting] = {}
        self.valid = True
        self.blocked: set[str] = set()
        self.states: dict[CounselorId, CounselorState] = {}
        self.refusal: Exception | None = None
        self.instead: CounselorState | None = None
        """The state that holds although another was asked for."""

    def _here(self) -> None:
        if self.away:
            raise QueueUnavailable("away")

    async def enqueue(self, waiting: Waiting) -> None:
        self._here()
        self.said.append(("enqueue", waiting.contact))
        self.waiting[waiting.contact] = waiting

    async def leave(self, contact: ContactId) -> None:
        self._here()
        self.said.append(("leave", contact))
        self.waiting.pop(contact, None)

    async def position(self, contact: ContactId) -> int:
        self._here()
        return list(self.waiting).index(contact) + 1 if contact in self.waiting else 0

    async def accept(self, offer: Offer) -> bool:
        self._here()
        self.said.append(("accept", offer.id))
        return self.valid

    async def give_back(self, offer: Offer, outcome: OfferOutcome) -> bool:
        self._here()
        self.said.append((f"give_back {outcome}", offer.id))
        return True

    async def finish(self, offer: Offer, *, requeue: bool) -> None:
        self._here()
        self.said.append(("finish and requeue" if requeue else "finish", offer.id))

    async def change_state(
        self, counselor: CounselorId, state: CounselorState, *, reason: str, by: str
    ) -> CounselorState:
        self._here()
        if self.refusal is not None:
            raise self.refusal
        self.states[counselor] = state
        return self.instead or state

    async def is_blocked(self, caller_digest: str) -> bool:
        self._here()
        return caller_digest in self.blocked


class FakeRecorder:
    """Starts recordings, unless the disk is `full`."""

    def __init__(self) -> None:
        self.full = False
        self.running: set[RecordingId] = set()
        self.started = 0

    def start(self, contact: ContactId, *, caller: LegId, counselor: LegId) -> StartedRecording:
        if self.full:
            raise OSError("no space left on device")
        self.started += 1
        recording = RecordingId(f"recording-{self.started}")
        self.running.add(recording)
        return StartedRecording(id=recording, caller_track="a.wav", counselor_track="b.wav")

    def stop(self, recording: RecordingId) -> None:
        self.running.discard(recording)


class FakeAlarms:
    """Keeps the alarms that stand."""

    def __init__(self) -> None:
        self.standing: dict[AlarmKind, str] = {}

    def raise_alarm(self, kind: AlarmKind, detail: str) -> None:
        self.standing.setdefault(kind, detail)

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
