"""Sealing broken off at each arrow of its way: the next attempt ends in one good file and row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BufferedWriter
from pathlib import Path

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from hotline.database import snapshot
from hotline.ids import RecordingId
from recordings.chain import links
from recordings.head import HeadFile
from recordings.jobs import Workshop
from recordings.storage import FolderStorage, SealingElsewhere
from recordings.tables import RecordingRow, RecordingState
from recordings.verify import Verification
from tests.sealing_scene import CALLER_TONE, COUNSELOR_TONE, SealingScene
from tests.tracks import decode_sealed, strength


class Killed(BaseException):
    """The process ended here."""


class Storage(FolderStorage):
    """Ends the process before the file's first byte, in the middle of it, or once it is there."""

    def __init__(self, root: Path, where: str) -> None:
        super().__init__(root)
        self._where = where

    @contextmanager
    def writing(self, name: str) -> Iterator[BufferedWriter]:
        if self._where == "before the file":
            raise Killed
        with super().writing(name) as file:
            if self._where == "in the file":
                file.write(b"half of it")
                raise Killed
            yield file
        raise Killed


class Head(HeadFile):
    """Ends the process before the head is noted, or once it is."""

    def __init__(self, path: Path, *, noted: bool) -> None:
        super().__init__(path)
        self._noted = noted

    def advance(self, engine: Engine) -> None:
        if self._noted:
            super().advance(engine)
        raise Killed


def in_storage(where: str) -> Callable[[SealingScene], Workshop]:
    return lambda scene: replace(scene.workshop, storage=Storage(scene.root, where))


def at_head(*, noted: bool) -> Callable[[SealingScene], Workshop]:
    path = "secrets/recordings.head"
    return lambda scene: replace(scene.workshop, head=Head(scene.root.parent / path, noted=noted))


@pytest.fixture
def scene(tmp_path: Path, redis_url: str) -> Iterator[SealingScene]:
    scene = SealingScene(tmp_path, redis_url)
    yield scene
    scene.close()


def assert_sealed_well(scene: SealingScene, recording: RecordingId, *, sealings: int = 1) -> None:
    assert scene.state(recording) == RecordingState.SEALED
    assert [path for path in scene.root.rglob("*") if path.is_file()] == [
        scene.sealed_file(recording)
    ]
    left, right, rate = decode_sealed(scene.opened(recording))
    assert len(left) / rate == pytest.approx(2.0, abs=0.05)
    assert strength(left, rate, CALLER_TONE) > 100 * strength(left, rate, COUNSELOR_TONE)
    assert strength(right, rate, COUNSELOR_TONE) > 100 * strength(right, rate, CALLER_TONE)
    with snapshot(scene.engine) as session:
        assert len(list(links(session))) == sealings
    head = scene.workshop.head
    assert Verification(engine=scene.engine, vault=scene.vault, head=head, deep=True).run().ok


POINTS = {
    "before the file": in_storage("before the file"),
    "in the file": in_storage("in the file"),
    "between the file and its row": in_storage("after the file"),
    "between the row and the head": at_head(noted=False),
    "between the head and deleting": at_head(noted=True),
}


@pytest.mark.parametrize("point", POINTS)
def test_broken_off_anywhere_the_next_attempt_ends_in_one_good_file(
    scene: SealingScene, point: str
) -> None:
    recording = scene.record()
    for _ in range(2):
        with pytest.raises(Killed):
            POINTS[point](scene).sealing(scene.engine).seal(recording)
        assert all(track.exists() for track in scene.tracks(recording))
        assert scene.sealing.waiting() == [recording]
    scene.sealing.seal(recording)
    assert_sealed_well(scene, recording)


class Overtaken(FolderStorage):
    """Does something between the file and its row."""

    def __init__(self, root: Path, meanwhile: Callable[[], object]) -> None:
        super().__init__(root)
        self._meanwhile = meanwhile

    @contextmanager
    def writing(self, name: str) -> Iterator[BufferedWriter]:
        with super().writing(name) as file:
            yield file
        self._meanwhile()


def test_of_two_who_seal_at_a_time_the_row_is_of_the_one_whose_file_is_there(
    scene: SealingScene,
) -> None:
    """One was held up between the file and its row, and thought dead."""
    recording = scene.record()
    storage = Overtaken(scene.root, lambda: scene.sealing.seal(recording))
    held_up = replace(scene.workshop, storage=storage)
    with pytest.raises(SealingElsewhere):
        held_up.sealing(scene.engine).seal(recording)
    assert_sealed_well(scene, recording)
    assert held_up.sealing(scene.engine).seal(recording) == RecordingState.SEALED
    assert_sealed_well(scene, recording)


class TooLate(FolderStorage):
    """Does something before the file is begun."""

    def __init__(self, root: Path, before: Callable[[], object]) -> None:
        super().__init__(root)
        self._before = before

    @contextmanager
    def writing(self, name: str) -> Iterator[BufferedWriter]:
        self._before()
        with super().writing(name) as file:
            yield file


def test_who_finds_the_tracks_sealed_and_deleted_by_another_has_nothing_to_complain_of(
    scene: SealingScene,
) -> None:
    recording = scene.record()
    storage = TooLate(scene.root, lambda: scene.sealing.seal(recording))
    late = replace(scene.workshop, storage=storage)
    assert late.sealing(scene.engine).seal(recording) == RecordingState.SEALED
    assert scene.row(recording).problem is None
    assert_sealed_well(scene, recording)


def test_broken_off_between_the_two_tracks_the_other_is_deleted_too(scene: SealingScene) -> None:
    recording = scene.record()
    caller, counselor = scene.tracks(recording)
    content = counselor.read_bytes()
    scene.sealing.seal(recording)
    counselor.write_bytes(content)
    scene.sealing.seal(recording)
    assert not caller.exists()
    assert_sealed_well(scene, recording)


def test_tracks_are_there_until_the_row_is_committed(scene: SealingScene) -> None:
    """The database fails at the last moment: at the commit that notes the sealing."""
    recording = scene.record()

    def refuse(session: object, *_: object) -> None:
        rows = getattr(session, "dirty", ())
        if any(isinstance(row, RecordingRow) and row.sealed_file for row in rows):
            raise Killed

    event.listen(Session, "before_flush", refuse)
    try:
        with pytest.raises(Killed):
            scene.sealing.seal(recording)
    finally:
        event.remove(Session, "before_flush", refuse)
    assert scene.state(recording) == RecordingState.RAW
    assert all(track.exists() for track in scene.tracks(recording))
    scene.sealing.seal(recording)
    assert_sealed_well(scene, recording)
