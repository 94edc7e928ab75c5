"""Crypto-erasure: a recording whose data key is dropped cannot be heard again, from no copy."""

from __future__ import annotations

import logging

from sqlalchemy import Engine

from hotline.clock import Clock
from hotline.database import unit_of_work
from hotline.errors import HotlineError
from hotline.ids import RecordingId
from recordings import chain
from recordings.head import HeadFile
from recordings.link import LinkKind
from recordings.tables import RecordingRow, RecordingState
from recordings.vault import SUFFIX, Vault

log = logging.getLogger(__name__)


class NotErasable(HotlineError):
    """Only a recording that is sealed and encrypted is erased by its key."""

    code = "not_erasable"


class Erasure:
    """Erases recordings. Who may ask for it, and why, is the asker's to know."""

    def __init__(self, *, engine: Engine, vault: Vault, head: HeadFile, clock: Clock) -> None:
        self._engine = engine
        self._vault = vault
        self._head = head
        self._clock = clock

    def erase(self, recording: RecordingId) -> None:
        """Drop the data key and add a link that says so, in one step; then delete the file.

        Again: only what is left of it is done. Copies of the database keep a wrapped key: they are
        made useless by a rotation of the master key, and by forgetting the old one. Raises
        NotErasable, OSError.
        """
        with unit_of_work(self._engine) as session:
            row = session.get(RecordingRow, recording)
            name = (row.sealed_file if row else None) or ""
            if row is None or not name.endswith(SUFFIX):
                raise NotErasable(f"recording {recording[:8]} is not sealed and encrypted")
            if row.state != RecordingState.ERASED:
                row.state = RecordingState.ERASED
                at = self._clock.now()
                chain.append(session, LinkKind.ERASED, recording, row.checksum or "", at)
            self._vault.keys.drop(session, recording)
        self._head.advance(self._engine)
        self._vault.storage.delete(name)
        log.warning("recording %s is erased", recording[:8])
