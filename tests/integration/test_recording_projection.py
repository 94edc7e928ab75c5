"""Recordings as the journal tells of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from hotline import events as e
from hotline.database import Base, open_engine, unit_of_work
from hotline.events import Reason, Result, Termination
from hotline.ids import ContactId, CounselorId, RecordingId, new_contact_id, new_event_id
from recordings.projection import RecordingProjection
from recordings.tables import RecordingRow, RecordingState

START = datetime(2026, 3, 9, 22, 0, tzinfo=UTC)
STOP = START + timedelta(minutes=18)
FIRST, SECOND = RecordingId("1" * 32), RecordingId("2" * 32)
HUNG_UP = Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)


class History:
    """One contact's events, folded as they happen."""

    def __init__(self, engine: Engine) -> None:
        self.contact: ContactId = new_contact_id()
        self.events: list[e.Event] = []
        self._engine = engine

    def tell(self, kind: type[e.Event], at: datetime, **facts: object) -> None:
        seq = len(self.events) + 1
        event = kind(id=new_event_id(), subject=self.contact, seq=seq, at=at, **facts)
        self.events.append(event)
        with unit_of_work(self._engine) as session:
            RecordingProjection().fold(session, event)

    def starts(self, recording: RecordingId) -> None:
        self.tell(
            e.RecordingStarted,
            START,
            recording=recording,
            caller_track=f"{recording}.caller.wav",
            counselor_track=f"{recording}.counselor.wav",
        )

    def row(self, recording: RecordingId) -> RecordingRow:
        with unit_of_work(self._engine) as session:
            return session.get_one(RecordingRow, recording)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    engine = open_engine(f"sqlite:///{tmp_path / 'hotline.sqlite'}")
    Base.metadata.create_all(engine)
    yield History(engine)
    engine.dispose()


def test_a_recording_is_raw_from_its_start(history: History) -> None:
    history.starts(FIRST)
    row = history.row(FIRST)
    assert (row.state, row.contact) == (RecordingState.RAW, history.contact)
    assert (row.started_at, row.stopped_at) == (START, None)
    assert (row.caller_track, row.counselor_track) == (
        f"{FIRST}.caller.wav",
        f"{FIRST}.counselor.wav",
    )


def test_it_stops_when_it_is_said_to(history: History) -> None:
    history.starts(FIRST)
    history.tell(e.RecordingStopped, STOP, recording=FIRST)
    assert history.row(FIRST).stopped_at == STOP
    assert history.row(FIRST).fault is None


def test_a_failure_stops_it_and_is_noted(history: History) -> None:
    history.starts(FIRST)
    history.tell(e.RecordingFailed, STOP, recording=FIRST, detail="disk short")
    assert history.row(FIRST).stopped_at == STOP
    assert history.row(FIRST).fault == "disk short"


def test_a_failure_to_start_leaves_nothing(history: History) -> None:
    history.starts(FIRST)
    history.tell(e.RecordingFailed, STOP, recording=None, detail="disk short")
    assert history.row(FIRST).stopped_at is None


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (e.CallerLeft, {"termination": HUNG_UP}),
        (e.CounselorLeft, {"counselor": CounselorId("1001"), "termination": HUNG_UP}),
        (e.CounselorLost, {"counselor": CounselorId("1001"), "reason": Reason.RTP_SILENCE}),
        (e.PartnerLost, {"partner": "north", "reason": Reason.RTP_SILENCE}),
        (e.PartnerLeft, {"partner": "north", "termination": HUNG_UP}),
        (e.MessageLeft, {"recording": FIRST, "seconds": 9.0, "termination": HUNG_UP}),
        (e.ContactFailed, {"termination": Termination(Result.FAILED, Reason.GATEWAY_LOST)}),
    ],
)
def test_without_a_stop_the_end_of_the_conversation_is_its_end(
    history: History, kind: type[e.Event], facts: dict[str, object]
) -> None:
    history.starts(FIRST)
    history.tell(kind, STOP, **facts)
    assert history.row(FIRST).stopped_at == STOP


def test_the_first_end_counts_and_a_second_recording_has_its_own(history: History) -> None:
    history.starts(FIRST)
    history.tell(e.RecordingStopped, START + timedelta(minutes=1), recording=FIRST)
    history.starts(SECOND)
    history.tell(e.CallerLeft, STOP, termination=HUNG_UP)
    assert history.row(FIRST).stopped_at == START + timedelta(minutes=1)
    assert history.row(SECOND).stopped_at == STOP


def test_a_stop_of_what_nobody_started_is_borne(history: History) -> None:
    history.tell(e.RecordingStopped, STOP, recording=FIRST)


def test_folding_again_forgets_raw_ones_and_keeps_what_the_worker_wrote(
    history: History, tmp_path: Path
) -> None:
    history.starts(FIRST)
    history.tell(e.RecordingStopped, STOP, recording=FIRST)
    history.starts(SECOND)
    engine = open_engine(f"sqlite:///{tmp_path / 'hotline.sqlite'}")
    with unit_of_work(engine) as session:
        row = session.get_one(RecordingRow, FIRST)
        row.state, row.checksum = RecordingState.SEALED, "ab" * 32
    with unit_of_work(engine) as session:
        projection = RecordingProjection()
        projection.clear(session)
        assert session.get(RecordingRow, SECOND) is None
        for event in history.events:
            projection.fold(session, event)
    engine.dispose()
    assert history.row(FIRST).checksum == "ab" * 32
    assert history.row(FIRST).stopped_at == STOP
    assert history.row(SECOND).state == RecordingState.RAW
