"""The format of a sealed file: encrypted in chunks, so that any part of it can be read alone.

    header   "HLSEALED" | version 1 (u16) | chunk size 65536 (u32) | recording (16) | salt (32)
    body     chunk 0 | chunk 1 | ... | last chunk

Numbers are big-endian. Each chunk is the plaintext of `CHUNK` bytes (the last one of 1 to `CHUNK`;
of an empty file, of none) and its tag of 16 bytes: AES-256-GCM (NIST SP 800-38D) in the STREAM
construction (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its
Nonce-Reuse Misuse-Resistance, CRYPTO 2015). The nonce is a prefix of 7 bytes, the chunk's number
(u32) and a last byte that is 1 for the last chunk, else 0. So no chunk can be altered, moved, left
out, repeated, or taken from another file, and the file cannot end early.

Key and prefix of a file are derived from the recording's data key, the salt and the whole header
(HKDF-SHA-256, RFC 5869), and the header is associated data of each chunk. A salt is drawn for each
attempt to write: the same data key may seal as often as it takes, and never encrypts two texts
under one nonce.

Pure: it is given bytes, keys and salts, and gives bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hotline.errors import HotlineError
from hotline.ids import RecordingId

MAGIC = b"HLSEALED"
VERSION = 1
CHUNK = 65536
"""Bytes of plaintext in every chunk but the last."""
TAG = 16
KEY_BYTES = 32
SALT_BYTES = 32
MOST_CHUNKS = 2**32
"""256 TiB: what the number in the nonce can tell apart."""
_HEADER = struct.Struct(f">{len(MAGIC)}sHI16s{SALT_BYTES}s")
HEADER_BYTES = _HEADER.size
_PREFIX_BYTES = 7
_INFO = b"hotline recording envelope 1"


class EnvelopeBroken(HotlineError):
    """A sealed file is no such file, was altered or cut, or is not of this key or recording."""

    code = "envelope_broken"


@dataclass(frozen=True, slots=True)
class Header:
    """What stands in the clear at the beginning of a sealed file."""

    recording: RecordingId
    salt: bytes

    def encode(self) -> bytes:
        """Return its `HEADER_BYTES`. Raises ValueError when the id is not 32 hex digits."""
        recording = bytes.fromhex(self.recording)
        if len(recording) != 16 or len(self.salt) != SALT_BYTES:
            raise ValueError("a recording's id has 16 bytes, a salt 32")
        return _HEADER.pack(MAGIC, VERSION, CHUNK, recording, self.salt)

    @classmethod
    def decode(cls, octets: bytes) -> Header:
        """Return the header of a file that begins with `octets`. Raises EnvelopeBroken."""
        if len(octets) < HEADER_BYTES or not octets.startswith(MAGIC):
            raise EnvelopeBroken("it does not begin as a sealed file does")
        _, version, chunk, recording, salt = _HEADER.unpack_from(octets)
        if (version, chunk) != (VERSION, CHUNK):
            raise EnvelopeBroken(f"its format is version {version}, chunks of {chunk} bytes")
        return cls(RecordingId(recording.hex()), salt)


class _Cipher:
    """One file's key, nonces and associated data."""

    def __init__(self, key: bytes, header: Header) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a data key has {KEY_BYTES} bytes")
        self._associated = header.encode()
        derived = HKDF(
            algorithm=SHA256(),
            length=KEY_BYTES + _PREFIX_BYTES,
            salt=header.salt,
            info=_INFO + self._associated,
        ).derive(key)
        self._aead = AESGCM(derived[:KEY_BYTES])
        self._prefix = derived[KEY_BYTES:]

    def encrypt(self, number: int, plain: bytes, *, last: bool) -> bytes:
        return self._aead.encrypt(self._nonce(number, last), plain, self._associated)

    def decrypt(self, number: int, sealed: bytes, *, last: bool) -> bytes:
        return self._aead.decrypt(self._nonce(number, last), sealed, self._associated)

    def _nonce(self, number: int, last: bool) -> bytes:
        return self._prefix + struct.pack(">I?", number, last)


class Encryption:
    """Turns plaintext, given in pieces of any size, into a sealed file; holds one chunk of it.

    The same data key must never be used twice with the same salt, unless for the same text.
    """

    def __init__(self, key: bytes, header: Header) -> None:
        self._cipher = _Cipher(key, header)
        self._held = bytearray()
        self._number = 0
        self.header = header.encode()
        """The file's first bytes."""

    def update(self, plain: bytes) -> Iterator[bytes]:
        """Take more plaintext; yield the chunks that it completes. All must be fetched."""
        self._held += plain
        # A whole chunk is held back too: only what follows says that it is not the last.
        while len(self._held) > CHUNK:
            whole = bytes(self._held[:CHUNK])
            del self._held[:CHUNK]
            yield self._next(whole, last=False)

    def finish(self) -> bytes:
        """Return the last chunk. Nothing may follow it."""
        return self._next(bytes(self._held), last=True)

    def _next(self, plain: bytes, *, last: bool) -> bytes:
        if self._number >= MOST_CHUNKS:
            raise ValueError("more than a sealed file can hold")
        chunk = self._cipher.encrypt(self._number, plain, last=last)
        self._number += 1
        return chunk


class Decryption:
    """Where each chunk of a sealed file stands, and what is in it: in any order.

    `sealed_bytes` is the whole file's size. That it was not cut is certain once the last chunk has
    been decrypted.
    """

    def __init__(self, key: bytes, header: Header, sealed_bytes: int) -> None:
        """Raises EnvelopeBroken when no sealed file has that size."""
        body = sealed_bytes - HEADER_BYTES
        self.chunks = -(-body // (CHUNK + TAG))
        self.plain_bytes = body - self.chunks * TAG
        last_one = self.plain_bytes - (self.chunks - 1) * CHUNK
        if self.chunks < 1 or last_one < 0 or (last_one == 0 and self.chunks > 1):
            raise EnvelopeBroken(f"no sealed file has {sealed_bytes} bytes: it was cut")
        self._cipher = _Cipher(key, header)
        self._sealed_bytes = sealed_bytes

    def place(self, number: int) -> tuple[int, int]:
        """Return at which byte of the file chunk `number` begins, and how many bytes it has."""
        offset = HEADER_BYTES + number * (CHUNK + TAG)
        return offset, min(CHUNK + TAG, self._sealed_bytes - offset)

    def chunk(self, number: int, sealed: bytes) -> bytes:
        """Return the plaintext of chunk `number`, given what stands at its place.

        Raises EnvelopeBroken.
        """
        try:
            return self._cipher.decrypt(number, sealed, last=number == self.chunks - 1)
        except InvalidTag:
            raise EnvelopeBroken(
                f"chunk {number} of {self.chunks} was altered, or is of another key or file"
            ) from None
