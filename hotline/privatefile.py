"""Files that nobody else may read, each written in one step."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_private(path: Path, text: str, *, sync: bool = False) -> None:
    """Write `text` to `path`, 0600, in one step: a reader sees the old text or the new one.

    With `sync` the new text is on the disk, also through a power cut, once this has returned.
    """
    draft = _draft_of(path, text, sync=sync)
    try:
        draft.replace(path)
    except OSError:
        draft.unlink()
        raise
    if sync:
        _sync(path.parent)


def create_private(path: Path, text: str) -> bool:
    """Write `text` to `path`, 0600, unless something is there; return whether this did it.

    All or nothing, also through a power cut: once it has returned, the file is on the disk.
    """
    draft = _draft_of(path, text, sync=True)
    try:
        os.link(draft, path)
    except FileExistsError:  # another process was first
        return False
    finally:
        draft.unlink()
    _sync(path.parent)
    return True


@contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Keep all others who ask so from `path` while the block lasts; wait for them. Raises OSError.

    The lock is a file beside it, which stays.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = path.with_name(f".{path.name}.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _draft_of(path: Path, text: str, *, sync: bool = False) -> Path:
    """Return a file beside `path` with a name of its own: two writers never share a draft."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            if sync:
                file.flush()
                os.fsync(file.fileno())
    except BaseException:
        draft.unlink()
        raise
    return draft
