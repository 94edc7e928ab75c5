"""Sealed files: encrypted as they are written, decrypted as they are read, any part of them.

What is written goes through the envelope into the storage: the sound of a conversation is never on
a disk in the clear, not even for a moment. What is read is a file object with `seek`, for a player
of ranges as for PyAV, and needs one chunk of memory.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from hotline.ids import RecordingId
from recordings.datakeys import DataKeys
from recordings.envelope import (
    CHUNK,
    HEADER_BYTES,
    SALT_BYTES,
    Decryption,
    Encryption,
    EnvelopeBroken,
    Header,
)
from recordings.storage import Storage, Writable

SUFFIX = ".sealed"
PLAIN_SUFFIX = ".opus"
"""Sealed by a version that did not encrypt."""
PIECE = 1 << 20
"""Bytes read at once where a file is read from end to end."""


class Draft:
    """A sealed file being written: takes plaintext; `checksum` is there once it is whole."""

    def __init__(self, encryption: Encryption, target: Writable) -> None:
        self._encryption = encryption
        self._target = target
        self._hash = hashlib.sha256()
        self.checksum = ""
        """SHA-256 of the sealed file, in hex."""
        self.header = encryption.header
        """The file's first bytes, which no other attempt has."""
        self._put(encryption.header)

    def write(self, plain: bytes, /) -> int:
        """Encrypt more of it; return how many bytes were taken, which is all."""
        for chunk in self._encryption.update(plain):
            self._put(chunk)
        return len(plain)

    def finish(self) -> None:
        """Write the last chunk."""
        self._put(self._encryption.finish())
        self.checksum = self._hash.hexdigest()

    def _put(self, sealed: bytes) -> None:
        self._hash.update(sealed)
        self._target.write(sealed)


class Vault:
    """Writes and opens sealed files by recording and name."""

    def __init__(self, *, storage: Storage, keys: DataKeys) -> None:
        self.storage = storage
        self.keys = keys

    @contextmanager
    def writing(self, recording: RecordingId, name: str) -> Iterator[Draft]:
        """Let the block write the plaintext of `name`; the file is whole, or not there at all.

        The data key is on the disk before the file's first byte. Raises SealingElsewhere,
        KeyringUnready, MasterKeyUnknown, WrapBroken, OSError, and what the block raises.
        """
        key = self.keys.make(recording)
        header = Header(recording, secrets.token_bytes(SALT_BYTES))
        with self.storage.writing(name) as target:
            draft = Draft(Encryption(key, header), target)
            yield draft
            draft.finish()

    def open(self, recording: RecordingId, name: str) -> io.BufferedIOBase:
        """Return the plaintext of `name`: a binary file that can be read and sought.

        Its length is certain from the start, each part when it is read: where anything was altered,
        EnvelopeBroken is raised here or by `read`. Also raises what `DataKeys.read` does,
        FileNotFoundError and OSError. What an older version sealed without encrypting is given as
        it is, by its name alone: a plain file in the place of an encrypted one is broken.
        """
        if name.endswith(PLAIN_SUFFIX):
            return io.BufferedReader(_StoredFile(self.storage, name))
        plain = _PlainFile(self.storage, name, self.examine(recording, name))
        plain.check_length()
        return io.BufferedReader(plain, CHUNK)

    def examine(self, recording: RecordingId, name: str) -> Decryption:
        """Return what decrypts `name`; nothing is decrypted yet. Raises as `open` does."""
        size = self.storage.size(name)
        header = Header.decode(self.storage.read(name, 0, HEADER_BYTES))
        if header.recording != recording:
            raise EnvelopeBroken(f"{name} is recording {header.recording[:8]}")
        return Decryption(self.keys.read(recording), header, size)

    def holds(self, name: str, draft: Draft) -> bool:
        """Whether `name` is what was written through `draft`, and not what another process wrote
        over it since. Raises OSError."""
        with suppress(FileNotFoundError):
            return self.storage.read(name, 0, HEADER_BYTES) == draft.header
        return False

    def chunk(self, name: str, decryption: Decryption, number: int) -> bytes:
        """Return one chunk of plaintext. Raises EnvelopeBroken, FileNotFoundError, OSError."""
        return decryption.chunk(number, self.storage.read(name, *decryption.place(number)))

    def checksum(self, name: str) -> str:
        """Return the SHA-256 of the file as it is stored, in hex. Raises OSError."""
        digest, size = hashlib.sha256(), self.storage.size(name)
        for offset in range(0, size, PIECE):
            digest.update(self.storage.read(name, offset, PIECE))
        return digest.hexdigest()


class _StoredFile(io.RawIOBase):
    """A stored file as it is."""

    def __init__(self, storage: Storage, name: str) -> None:
        self._storage = storage
        self._name = name
        self._size = storage.size(name)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("a position before the beginning")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # typeshed has no name for it
        wanted = max(0, min(len(view), self._size - self._position))
        part = self._at(self._position, wanted) if wanted else b""
        view[: len(part)] = part
        self._position += len(part)
        return len(part)

    def _at(self, position: int, wanted: int) -> bytes:
        """Return `wanted` bytes from `position` on, or fewer; never none."""
        return self._storage.read(self._name, position, wanted)


class _PlainFile(_StoredFile):
    """The plaintext of a sealed file; keeps the chunk that was read last."""

    def __init__(self, storage: Storage, name: str, decryption: Decryption) -> None:
        super().__init__(storage, name)
        self._size = decryption.plain_bytes
        self._decryption = decryption
        self._held: tuple[int, bytes] = (-1, b"")

    def check_length(self) -> None:
        """Decrypt the last chunk: it says that nothing is missing behind it."""
        self._chunk(self._decryption.chunks - 1)

    def _at(self, position: int, wanted: int) -> bytes:
        number, start = divmod(position, CHUNK)
        return self._chunk(number)[start : start + wanted]

    def _chunk(self, number: int) -> bytes:
        if self._held[0] != number:
            sealed = self._storage.read(self._name, *self._decryption.place(number))
            try:
                self._held = (number, self._decryption.chunk(number, sealed))
            except EnvelopeBroken as error:
                raise EnvelopeBroken(f"{self._name}: {error}") from None
        return self._held[1]
