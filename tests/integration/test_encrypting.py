"""What an older version sealed in the clear: read, named, and encrypted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from hotline.database import unit_of_work
from hotline.ids import RecordingId
from recordings.encrypting import Encrypting
from recordings.seal import seal
from recordings.tables import RecordingRow, RecordingState
from recordings.verify import Harm, Verification
from tests.sealing_scene import CALLER_TONE, SealingScene
from tests.tracks import decode_sealed, strength


@pytest.fixture
def scene(tmp_path: Path, redis_url: str) -> Iterator[SealingScene]:
    scene = SealingScene(tmp_path, redis_url)
    yield scene
    scene.close()


@pytest.fixture
def old(scene: SealingScene) -> RecordingId:
    """A recording that was sealed without being encrypted."""
    recording = scene.record()
    content = BytesIO()
    seal(*scene.tracks(recording), content)
    name = f"2026/03/09/{recording}.opus"
    (scene.root / name).write_bytes(content.getvalue())
    for track in scene.tracks(recording):
        track.unlink()
    with unit_of_work(scene.engine) as session:
        row = session.get_one(RecordingRow, recording)
        row.state, row.sealed_file = RecordingState.SEALED, name
        row.checksum = hashlib.sha256(content.getvalue()).hexdigest()
        row.sealed_at = row.discarded_at = scene.clock.now()
    return recording


def encrypting(scene: SealingScene) -> Encrypting:
    return Encrypting(
        engine=scene.engine, vault=scene.vault, head=scene.workshop.head, clock=scene.clock
    )


def encrypt_all(scene: SealingScene) -> list[str]:
    work = encrypting(scene)
    return [str(fault) for fault in work.run(work.plain()) if fault]


def harm(scene: SealingScene) -> list[Harm]:
    head = scene.workshop.head
    report = Verification(engine=scene.engine, vault=scene.vault, head=head, deep=True).run()
    return [finding.harm for finding in report.findings]


def test_a_file_of_an_older_version_is_read_named_and_encrypted(
    scene: SealingScene, old: RecordingId
) -> None:
    content = scene.opened(old).read()
    left, _, rate = decode_sealed(scene.opened(old))
    assert strength(left, rate, CALLER_TONE) > 0.01
    assert harm(scene) == [Harm.NOT_ENCRYPTED]
    assert encrypt_all(scene) == []
    assert harm(scene) == []
    assert scene.row(old).sealed_file == f"2026/03/09/{old}.sealed"
    assert scene.opened(old).read() == content
    assert [path for path in scene.root.rglob("*") if path.is_file()] == [scene.sealed_file(old)]
    assert encrypting(scene).plain() == []


def test_an_encryption_killed_before_the_plain_file_was_deleted_is_finished(
    scene: SealingScene, old: RecordingId
) -> None:
    plain = scene.sealed_file(old)
    content = plain.read_bytes()
    encrypt_all(scene)
    plain.write_bytes(content)
    assert harm(scene) == [Harm.UNKNOWN_FILE]
    checksum = scene.checksum(old)
    assert encrypt_all(scene) == []
    assert not plain.exists()
    assert scene.checksum(old) == checksum
    assert harm(scene) == []


def test_an_altered_plain_file_is_left_for_a_human(scene: SealingScene, old: RecordingId) -> None:
    plain = scene.sealed_file(old)
    plain.write_bytes(plain.read_bytes() + b"x")
    [fault] = encrypt_all(scene)
    assert "is not the file that was sealed" in fault
    assert plain.exists()
    assert set(harm(scene)) == {Harm.NOT_ENCRYPTED, Harm.FILE_ALTERED}


def test_a_plain_file_is_kept_while_its_encrypted_one_is_not_what_was_noted(
    scene: SealingScene, old: RecordingId
) -> None:
    plain = scene.sealed_file(old)
    content = plain.read_bytes()
    encrypt_all(scene)
    plain.write_bytes(content)
    scene.sealed_file(old).write_bytes(b"spoilt")
    assert len(encrypt_all(scene)) == 1
    assert plain.exists()
