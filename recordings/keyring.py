"""Master keys: what wraps the data key of each recording, and stays out of the database.

Behind a port, so that a key-management service can take the key file's place: it is asked to wrap
and unwrap, and need never give a key away.

The key file has one key a line, ``<id> <64 hex digits>``; the last one is current. An id is derived
from its key, so that a line that was mistyped or cut is found before anything is wrapped with it.
"""

from __future__ import annotations

import binascii
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hotline.errors import HotlineError
from hotline.ids import RecordingId
from hotline.privatefile import alone_with, create_private, write_private

KEY_BYTES = 32
NONCE_BYTES = 12
ID_DIGITS = 16
"""Hex digits of a key's id, 64 bits: enough to tell a handful of keys apart."""


class KeyringUnready(HotlineError):
    """The master keys cannot be read now: nothing is sealed or opened until they can."""

    code = "keyring_unready"


class MasterKeyUnknown(HotlineError):
    """A data key was wrapped with a master key that is not here (any more)."""

    code = "master_key_unknown"


class WrapBroken(HotlineError):
    """A wrapped data key was altered, or is of another recording."""

    code = "wrap_broken"


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A data key, encrypted with the master key of that id."""

    master: str
    octets: bytes


class MasterKeys(Protocol):
    """Wraps and unwraps data keys, each bound to its recording. All raise KeyringUnready."""

    def current(self) -> str:
        """Return the id of the key that wraps now."""
        ...

    def known(self) -> frozenset[str]:
        """Return the ids of all keys that can unwrap."""
        ...

    def wrap(self, key: bytes, recording: RecordingId) -> Wrapped:
        """Encrypt a data key with the current master key."""
        ...

    def unwrap(self, wrapped: Wrapped, recording: RecordingId) -> bytes:
        """Return the data key. Raises MasterKeyUnknown, WrapBroken."""
        ...


class KeyFile:
    """Implements MasterKeys with a file that nobody else may read (0600).

    Wraps by AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D); the master key's id and the
    recording are associated data. The file is read each time: a rotation counts at once, in every
    process.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def create(self) -> bool:
        """Write a first key unless the file is there; return whether this did it."""
        if self._path.exists() or self._path.is_symlink():
            return False
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return create_private(self._path, _line(secrets.token_bytes(KEY_BYTES)))

    def add(self) -> str:
        """Add a key, which is current from then on, and return its id. The others stay.

        When it has returned, the key is on the disk, also through a power cut.
        """
        with alone_with(self._path):
            keys = self._keys()
            key = secrets.token_bytes(KEY_BYTES)
            self._write([*keys.values(), key])
            return key_id(key)

    def remove(self, master: str) -> None:
        """Delete a key for good. Raises MasterKeyUnknown, and ValueError for the current one."""
        with alone_with(self._path):
            keys = self._keys()
            if master not in keys:
                raise MasterKeyUnknown(f"{self._path}: there is no key {master}")
            if master == list(keys)[-1]:
                raise ValueError("the current key cannot be removed")
            self._write([key for id_, key in keys.items() if id_ != master])

    def current(self) -> str:
        return list(self._keys())[-1]

    def known(self) -> frozenset[str]:
        return frozenset(self._keys())

    def wrap(self, key: bytes, recording: RecordingId) -> Wrapped:
        master, secret = list(self._keys().items())[-1]
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(secret).encrypt(nonce, key, _associated(master, recording))
        return Wrapped(master, nonce + sealed)

    def unwrap(self, wrapped: Wrapped, recording: RecordingId) -> bytes:
        secret = self._keys().get(wrapped.master)
        if secret is None:
            raise MasterKeyUnknown(
                f"recording {recording[:8]}: its master key {wrapped.master} is not in"
                f" {self._path.name}"
            )
        nonce, sealed = wrapped.octets[:NONCE_BYTES], wrapped.octets[NONCE_BYTES:]
        try:
            return AESGCM(secret).decrypt(nonce, sealed, _associated(wrapped.master, recording))
        except (InvalidTag, ValueError):
            raise WrapBroken(
                f"recording {recording[:8]}: its wrapped data key was altered, or is of another"
            ) from None

    def _keys(self) -> dict[str, bytes]:
        """Return every key by its id, the current one last."""
        try:
            mode = self._path.lstat().st_mode
            if not stat.S_ISREG(mode) or mode & 0o077:
                raise KeyringUnready(f"{self._path}: must be a plain file that is 0600")
            lines = self._path.read_text("ascii").splitlines()
        except FileNotFoundError:
            raise KeyringUnready(
                f"{self._path}: the master keys of recordings are gone; restore a backup of it"
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise KeyringUnready(f"{self._path}: cannot be read: {error}") from None
        keys = dict(self._key_of(number, line) for number, line in enumerate(lines, 1))
        if not keys:
            raise KeyringUnready(f"{self._path}: holds no key; restore a backup of it")
        return keys

    def _key_of(self, number: int, line: str) -> tuple[str, bytes]:
        id_, _, digits = line.partition(" ")
        try:
            key = binascii.unhexlify(digits)
        except binascii.Error:
            key = b""
        if len(key) != KEY_BYTES or key_id(key) != id_:
            raise KeyringUnready(
                f"{self._path}: line {number} is no key as we write them; restore a backup of it"
            )
        return id_, key

    def _write(self, keys: list[bytes]) -> None:
        write_private(self._path, "".join(map(_line, keys)), sync=True)


def key_id(key: bytes) -> str:
    """Return the id of a master key; it says nothing of the key."""
    derived = HKDF(
        algorithm=SHA256(), length=ID_DIGITS // 2, salt=None, info=b"hotline recording key id 1"
    ).derive(key)
    return derived.hex()


def _line(key: bytes) -> str:
    return f"{key_id(key)} {key.hex()}\n"


def _associated(master: str, recording: RecordingId) -> bytes:
    return f"hotline recording key 1\n{master}\n{recording}".encode()
