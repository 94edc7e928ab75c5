"""Where sealed files are kept: the port, and its first implementation, a folder.

A stored file has a name (a relative path, such as ``2026/03/09/<recording>.sealed``), is whole or
not there, and never changes but by being replaced as a whole.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from io import BufferedWriter
from pathlib import Path, PurePosixPath
from typing import Protocol

from hotline.errors import HotlineError
from recordings.recorder import make_private_folders

PART = ".part"


class SealingElsewhere(HotlineError):
    """Another process is sealing this recording at this moment: try again later."""

    code = "sealing_elsewhere"


class Writable(Protocol):
    """Takes bytes, one piece after the other."""

    def write(self, data: bytes, /) -> object: ...


class Storage(Protocol):
    """Keeps sealed files by name. Whatever goes wrong outside is an OSError; of a file that is
    not there, FileNotFoundError."""

    def writing(self, name: str) -> AbstractContextManager[Writable]:
        """Let the block write `name`: once it has ended the file is there for good, replacing an
        older one; where it raises, nothing has changed. Raises SealingElsewhere."""
        ...

    def size(self, name: str) -> int:
        """Return how many bytes `name` has."""
        ...

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Return `length` bytes of `name` from `offset` on, fewer where it ends."""
        ...

    def delete(self, name: str) -> None:
        """Delete `name` for good; one that is gone already is no fault."""
        ...

    def names(self, suffix: str) -> Iterator[str]:
        """Yield every name that ends with `suffix`."""
        ...


class FolderStorage:
    """Implements Storage with files below `root`: folders 0700, files 0600."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def writing(self, name: str) -> Iterator[BufferedWriter]:
        target = self._path(name)
        make_private_folders(self._root, PurePosixPath(name).parent)
        part = target.with_name(f".{target.name}{PART}")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SealingElsewhere(f"{target.name}: another process is at it") from None
            if not _is_at(part, file.fileno()):
                # Another was done between our two steps: what we hold is its finished file.
                raise SealingElsewhere(f"{target.name}: another process has just done it")
            file.truncate(0)  # what is left of an attempt that died
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                part.replace(target)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
        sync_folder(target.parent)

    def size(self, name: str) -> int:
        return self._path(name).stat().st_size

    def read(self, name: str, offset: int, length: int) -> bytes:
        with self._path(name).open("rb", buffering=0) as file:
            file.seek(offset)
            parts = []
            while length > 0 and (part := file.read(length)):
                parts.append(part)
                length -= len(part)
        return b"".join(parts)

    def delete(self, name: str) -> None:
        path = self._path(name)
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            sync_folder(path.parent)

    def names(self, suffix: str) -> Iterator[str]:
        for path in self._root.rglob(f"*{suffix}"):
            if not path.name.startswith("."):
                yield path.relative_to(self._root).as_posix()

    def _path(self, name: str) -> Path:
        """Raises FileNotFoundError for what is not below the root: a name stands in a table, and
        must not lead elsewhere, whoever wrote it there."""
        pure = PurePosixPath(name)
        if pure.is_absolute() or not pure.parts or ".." in pure.parts:
            raise FileNotFoundError(f"{name!r} is no name of a stored file")
        return self._root / pure


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether the open file is the one that is at `path` now."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def sync_folder(folder: Path) -> None:
    """Make what was renamed or deleted in `folder` outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
