"""A new master key: every data key is wrapped anew, no file is touched; then the old key can go."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Engine, func, select

from hotline.database import unit_of_work
from hotline.errors import HotlineError
from recordings.chain import alone
from recordings.datakeys import DataKeys, Rewrapped
from recordings.keyring import KeyFile
from recordings.tables import RecordingKeyRow


class MasterKeyInUse(HotlineError):
    """Data keys are still wrapped with that master key: without it their recordings are lost."""

    code = "master_key_in_use"


class Rotation:
    """Rotates the master keys of a key file."""

    def __init__(self, *, engine: Engine, masters: KeyFile, keys: DataKeys) -> None:
        self._engine = engine
        self._masters = masters
        self._keys = keys

    @property
    def is_unfinished(self) -> bool:
        """Whether an earlier rotation was broken off: keys of ours that are not current wrap
        something. Raises KeyringUnready."""
        return self._keys.to_rewrap() > 0

    def begin(self) -> str:
        """Return the id of the current master key: a new one, unless a rotation is unfinished."""
        return self._masters.current() if self.is_unfinished else self._masters.add()

    def rewrap(self) -> Iterator[Rewrapped]:
        """Wrap the data keys anew (`DataKeys.rewrap`)."""
        return self._keys.rewrap()

    def forget(self, master: str) -> None:
        """Delete a master key that wraps nothing any more.

        Nobody commits a data key while this looks; who is just about to finds out when reading it
        back (`DataKeys.make`). Raises MasterKeyInUse, MasterKeyUnknown, KeyringUnready, and
        ValueError for the current one.
        """
        with unit_of_work(self._engine) as session:
            alone(session, RecordingKeyRow.__tablename__)
            its = RecordingKeyRow.master == master
            count = session.scalar(select(func.count()).where(its)) or 0
            if count:
                raise MasterKeyInUse(f"{count} data keys are wrapped with {master}: rotate first")
            self._masters.remove(master)
