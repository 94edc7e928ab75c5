"""Messages as the journal tells of them, and the commands of who deals with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from admin import bootstrap, schema
from admin.__main__ import app
from admin.files import private_folder
from admin.messages import WaitingMessage, waiting
from hotline.clock import SystemClock
from hotline.configfile import load
from hotline.database import snapshot, unit_of_work
from hotline.events import Event, MessageHandled, Result, message_subject
from hotline.ids import ContactId, new_event_id
from hotline.journal.history import read, rebuild
from hotline.journal.scribe import Scribe
from hotline.journal.stream import connect
from recordings.tables import MessageRow
from tests.histories import History
from tests.integration.test_figures import deliver

LEFT, HELD = "a" * 32, "ab" + "c" * 30


class Office:
    """A site's database and command line, and the scribe at work."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.config = folder / "hotline.toml"
        self.config.write_text(f"[redis]\nurl = {json.dumps(redis_url)}\n", "utf-8")
        self.settings = load(self.config)
        private_folder(self.settings.state)
        self.engine = bootstrap.database(self.settings)
        schema.upgrade(self.engine)
        self._stream = connect(redis_url)
        self._scribe = Scribe(
            redis=self._stream,
            engine=self.engine,
            projections=bootstrap.projections(),
            after_commit=lambda _events: None,
            clock=SystemClock(),
        )

    def close(self) -> None:
        self._stream.close()
        self.engine.dispose()

    def tell(self, *events: Event) -> None:
        """Journal these events, and whatever else is in the stream."""
        deliver(self._stream, events, self._scribe)

    @property
    def waiting(self) -> list[WaitingMessage]:
        with snapshot(self.engine) as session:
            return waiting(session)

    def command(self, *words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, [*words, "--config", str(self.config)])
        return done.exit_code, done.output


@pytest.fixture
def office(tmp_path: Path, redis_url: str) -> Iterator[Office]:
    office = Office(tmp_path, redis_url)
    yield office
    office.close()


def a_message(contact: str = LEFT) -> History:
    return History(contact).arrive().greet().queue().start_message()


def test_message_waits_from_its_end_with_what_is_known_of_it(office: Office) -> None:
    tale = a_message()
    office.tell(*tale.events)
    assert office.waiting == []
    tale.leave_message(20.0)
    office.tell(*tale.events)
    (message,) = office.waiting
    assert (message.contact, message.left_at, message.seconds) == (LEFT, tale.at, 20.0)
    assert (message.topic, message.language, message.line) == ("family", "zh", "12356")
    assert message.file == f"message of {LEFT}.caller.wav"


def test_message_that_a_fault_of_ours_cut_off_waits_too(office: Office) -> None:
    office.tell(*a_message().fail(9.0).events)
    assert [message.contact for message in office.waiting] == [LEFT]


def test_caller_who_went_on_to_a_human_or_said_nothing_left_no_message(office: Office) -> None:
    office.tell(*a_message(LEFT).leave(0.5).events)
    office.tell(*a_message(HELD).queue().fail().events)
    assert office.waiting == []


def test_contacts_without_a_message_leave_no_trace(office: Office) -> None:
    office.tell(*History(LEFT).arrive().greet().queue().fail().events)
    office.tell(*History(HELD).arrive().greet().queue().leave(9, Result.ABANDONED).events)
    assert office.waiting == []


def test_operator_lists_messages_and_says_who_dealt_with_one(office: Office) -> None:
    office.tell(*a_message(LEFT).leave_message().events, *a_message(HELD).leave_message().events)
    _, listed = office.command("messages", "list")
    assert LEFT[:8] in listed
    assert HELD[:8] in listed
    assert office.command("messages", "done", HELD[:4]) == (0, f"message {HELD[:8]} is done\n")
    office.tell()
    assert [message.contact for message in office.waiting] == [LEFT]
    with snapshot(office.engine) as session:
        (done,) = [event for event in read(session) if isinstance(event, MessageHandled)]
    assert done.by.startswith("operator:")
    assert done.subject == message_subject(ContactId(HELD))
    assert office.command("messages", "done", LEFT)[0] == 0
    office.tell()
    assert "no message waits" in office.command("messages", "list")[1]


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("a", "2 messages begin with 'a'; give more of the id"),
        ("ff", "no message 'ff' waits; see `hotline messages list`"),
        ("", "no message '' waits; see `hotline messages list`"),
    ],
)
def test_message_must_be_named_so_that_it_is_one(office: Office, named: str, said: str) -> None:
    office.tell(*a_message(LEFT).leave_message().events, *a_message(HELD).leave_message().events)
    assert office.command("messages", "done", named) == (1, f"{said}\n")
    assert len(office.waiting) == 2


def test_done_twice_is_done_by_the_first(office: Office) -> None:
    office.tell(*a_message().leave_message().events)
    contact = ContactId(LEFT)
    for name in ("first", "second"):
        office.tell(
            MessageHandled(
                id=new_event_id(),
                subject=message_subject(contact),
                seq=1,
                at=SystemClock().now(),
                contact=contact,
                by=f"operator:{name}",
            )
        )
    _fold_again(office)
    with unit_of_work(office.engine) as session:
        assert _done_by(session) == "operator:first"


def test_folding_again_agrees(office: Office) -> None:
    office.tell(*a_message(LEFT).leave_message().events, *a_message(HELD).leave_message().events)
    office.command("messages", "done", HELD)
    office.tell()
    before = office.waiting
    _fold_again(office)
    assert office.waiting == before
    assert [message.contact for message in before] == [LEFT]


def test_folding_again_begins_with_nothing(office: Office) -> None:
    with unit_of_work(office.engine) as session:
        session.add(MessageRow(contact="of no event", recording="r", left_at=SystemClock().now()))
    assert len(office.waiting) == 1
    _fold_again(office)
    assert office.waiting == []


def _fold_again(office: Office) -> None:
    with unit_of_work(office.engine) as session:
        rebuild(session, bootstrap.projections())


def _done_by(session: Session) -> str | None:
    return session.get_one(MessageRow, LEFT).done_by
