"""What a sealing job needs: here the encoder is loaded."""

from __future__ import annotations

from admin.bootstrap.recordings import head, master_keys
from hotline.clock import Clock
from hotline.config import Settings
from recordings.jobs import Workshop
from recordings.storage import FolderStorage


def workshop(settings: Settings, clock: Clock) -> Workshop:
    """The surroundings of a sealing job."""
    return Workshop(
        database_url=settings.database_url,
        root=settings.recordings_dir,
        storage=FolderStorage(settings.recordings_dir),
        masters=master_keys(settings),
        head=head(settings),
        clock=clock,
    )
