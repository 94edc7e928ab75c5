"""Keys and chain on PostgreSQL: many workers at a time make one chain without a gap."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine

from admin import schema
from hotline.clock import SystemClock
from hotline.database import open_engine, snapshot, unit_of_work
from hotline.ids import RecordingId
from recordings import chain
from recordings.datakeys import DataKeys
from recordings.head import Head, HeadFile
from recordings.keyring import KeyFile
from recordings.link import LinkKind, faults
from recordings.rotation import MasterKeyInUse, Rotation
from recordings.storage import FolderStorage
from recordings.tables import RecordingRow
from recordings.vault import Vault
from recordings.verify import Verification
from tests.postgres import PostgresServer

RECORDINGS = [RecordingId(f"{n:032x}") for n in range(1, 25)]
CLOCK = SystemClock()


@pytest.fixture
def engine() -> Iterator[Engine]:
    # Not below pytest's own folder, which is closed to PostgreSQL's user.
    with tempfile.TemporaryDirectory(prefix="hotline-postgres-") as folder:
        Path(folder).chmod(0o755)
        server = PostgresServer(Path(folder) / "cluster")
        server.start()
        engine = open_engine(server.url)
        schema.upgrade(engine)
        yield engine
        engine.dispose()
        server.stop()


def test_what_many_workers_seal_at_a_time_is_one_chain_that_holds(
    engine: Engine, tmp_path: Path
) -> None:
    masters = KeyFile(tmp_path / "recordings.key")
    masters.create()
    keys = DataKeys(engine=engine, masters=masters, clock=CLOCK)
    vault = Vault(storage=FolderStorage(tmp_path / "recordings"), keys=keys)
    head = HeadFile(tmp_path / "recordings.head")

    def seal(recording: RecordingId) -> None:
        name = f"{recording}.sealed"
        with vault.writing(recording, name) as draft:
            draft.write(recording.encode())
        with unit_of_work(engine) as session:
            row = RecordingRow(
                id=recording, contact="c", caller_track="a", counselor_track="b",
                started_at=CLOCK.now(),
            )  # fmt: skip
            session.add(row)
            chain.note_file(session, row, name, vault, draft, CLOCK.now())
        head.advance(engine)

    with ThreadPoolExecutor(6) as workers:
        list(workers.map(seal, RECORDINGS))
    with snapshot(engine) as session:
        links = list(chain.links(session))
    assert [link.number for link in links] == list(range(1, len(RECORDINGS) + 1))
    assert list(faults(links)) == []
    assert head.read() == Head.of(links[-1])
    assert {link.kind for link in links} == {LinkKind.SEALED}

    rotation = Rotation(engine=engine, masters=masters, keys=keys)
    old = masters.current()
    with pytest.raises(MasterKeyInUse):
        rotation.forget(old)
    rotation.begin()
    assert sum(batch.count for batch in rotation.rewrap()) == len(RECORDINGS)
    rotation.forget(old)
    report = Verification(engine=engine, vault=vault, head=head, deep=True).run()
    assert (report.ok, report.recordings) == (True, len(RECORDINGS))
