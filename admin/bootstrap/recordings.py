"""What opens recordings, and keeps their keys. What seals them stands in `workshop`: every command
and process imports this one, and only the worker needs the encoder."""

from __future__ import annotations

from sqlalchemy import Engine

from hotline.clock import SystemClock
from hotline.config import Settings
from recordings.datakeys import DataKeys
from recordings.head import HeadFile
from recordings.keyring import KeyFile
from recordings.storage import FolderStorage
from recordings.vault import Vault


def master_keys(settings: Settings) -> KeyFile:
    """What wraps the data keys of recordings; the file may not be there yet (`first_key`)."""
    return KeyFile(settings.secrets_dir / "recordings.key")


def first_key(settings: Settings, engine: Engine) -> bool:
    """Make the first master key; return False where the file is lost, and nothing was made.

    Lost: it is not there, and data keys are wrapped. A new file in its place would hide that, until
    somebody wants to hear a recording. Needs the tables.
    """
    keys = master_keys(settings)
    if not (settings.secrets_dir / "recordings.key").exists():
        if data_keys(settings, engine).uses():
            return False
        keys.create()
    return True


def head(settings: Settings) -> HeadFile:
    """Where the chain of sealed files had come to."""
    return HeadFile(settings.secrets_dir / "recordings.head")


def data_keys(settings: Settings, engine: Engine) -> DataKeys:
    """The data key of each recording."""
    return DataKeys(engine=engine, masters=master_keys(settings), clock=SystemClock())


def vault(settings: Settings, engine: Engine) -> Vault:
    """The sealed files."""
    return Vault(storage=FolderStorage(settings.recordings_dir), keys=data_keys(settings, engine))
