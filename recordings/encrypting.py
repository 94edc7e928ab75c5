"""What an older version sealed without encrypting it, encrypted.

    plain file -> data key (commit) -> encrypted file -> row and link (commit) -> head
               -> plain file deleted

Killed at any arrow, the next run ends in the encrypted file alone: before the second commit it
begins anew, after it the plain file is one that no row names, and is deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import PurePosixPath

from sqlalchemy import Engine

from hotline.clock import Clock
from hotline.database import snapshot, unit_of_work
from hotline.errors import HotlineError
from hotline.ids import RecordingId
from recordings import chain
from recordings.head import HeadFile
from recordings.tables import RecordingRow, RecordingState
from recordings.vault import PIECE, PLAIN_SUFFIX, SUFFIX, Vault

log = logging.getLogger(__name__)


class PlainFileAltered(HotlineError):
    """A file that was sealed in the clear is not what was sealed: it is left for a human."""

    code = "plain_file_altered"


class Encrypting:
    """Encrypts plain sealed files, one after the other."""

    def __init__(self, *, engine: Engine, vault: Vault, head: HeadFile, clock: Clock) -> None:
        self._engine = engine
        self._vault = vault
        self._head = head
        self._clock = clock

    def plain(self) -> list[str]:
        """Return the names of all plain files of recordings that are sealed."""
        names = self._vault.storage.names(PLAIN_SUFFIX)
        return sorted(name for name in names if self._sealed(name) is not None)

    def run(self, names: list[str]) -> Iterator[HotlineError | None]:
        """Encrypt these and delete them; yield after each what kept it from it, or None.

        Raises OSError, sqlalchemy.exc.SQLAlchemyError, KeyringUnready.
        """
        for name in names:
            try:
                self._encrypt(name)
            except PlainFileAltered as error:
                yield error
            else:
                yield None

    def _sealed(self, name: str) -> RecordingRow | None:
        with snapshot(self._engine) as session:
            row = session.get(RecordingRow, _recording_of(name))
        return row if row is not None and row.state == RecordingState.SEALED else None

    def _encrypt(self, name: str) -> None:
        row, recording = self._sealed(name), _recording_of(name)
        if row is None:
            return
        if row.sealed_file == name:
            if self._vault.checksum(name) != row.checksum:
                raise PlainFileAltered(f"{name} is not the file that was sealed")
            sealed_name = name.removesuffix(PLAIN_SUFFIX) + SUFFIX
            with (
                self._vault.open(recording, name) as plain,
                self._vault.writing(recording, sealed_name) as draft,
            ):
                while piece := plain.read(PIECE):
                    draft.write(piece)
            with unit_of_work(self._engine) as session:
                again = session.get_one(RecordingRow, recording)
                at = self._clock.now()
                chain.note_file(session, again, sealed_name, self._vault, draft, at)
            log.info("recording %s is encrypted", recording[:8])
        elif self._vault.checksum(row.sealed_file or "") != row.checksum:
            raise PlainFileAltered(f"{row.sealed_file} is altered: {name} is kept")
        self._head.advance(self._engine)
        self._vault.storage.delete(name)


def _recording_of(name: str) -> RecordingId:
    return RecordingId(PurePosixPath(name).name.removesuffix(PLAIN_SUFFIX))
