"""Sealing a caller's number: readable only with the key, yet equal callers are known as equal.

One 32-byte master key; two keys are derived from it (HKDF-SHA-256, RFC 5869), one for each use:

* the cipher is AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D) and seals the number as it
  was dialled in, bound to its digest;
* the digest is HMAC-SHA-256 of the *normalised* number.

A number is normalised so that the forms in which Chinese operators send one line become equal:

1. spaces, hyphens, dots and brackets go (RFC 3966 visual separators);
2. a leading ``+`` becomes ``00``;
3. a leading ``0086`` goes, and so does ``86`` before an eleven-digit mobile number;
4. then one leading ``0`` goes (the trunk prefix: ``010...`` and ``+8610...`` are one line), unless
   it is the ``00`` of another country.

A local number without its area code stays different from the full one: nobody can know the area.

A caller who withholds the number (empty, ``anonymous`` and the like) is sealed as two empty texts:
all such callers would have one digest, and must never be counted as one repeat caller. What is no
number at all, octets that are not UTF-8 among it, is sealed as it came: whoever sends the same
twice is the same caller, and can be blocked.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
import secrets
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hotline.errors import ConfigError, HotlineError
from hotline.events import SealedNumber
from hotline.privatefile import create_private

KEY_BYTES = 32
NONCE_BYTES = 12
ANONYMOUS = frozenset(
    {"", "anonymous", "unknown", "unavailable", "restricted", "private", "withheld", "asserted"}
)
_SEPARATORS = re.compile(r"[\s\-.()]+")
_MOBILE_WITH_COUNTRY = re.compile(r"86(1[3-9]\d{9})")
_LINE = re.compile(
    r"1[3-9][0-9]{9}"  # mobile
    r"|(?:10|2[0-9])[0-9]{8}"  # a landline with the area code of a big city
    r"|(?!400|800|95[06-9]|96)[3-9][0-9]{2}[0-9]{7,8}"  # of any other; 400, 96: services
    r"|[2-8][0-9]{6,7}"  # a landline of this area
)
"""Normalised, by the Chinese numbering plan. Neither 16x (information at premium rates) nor 1xx and
9xxxx (services) are lines of people."""


class SealBroken(HotlineError):
    """A sealed number was made with another key, or was changed."""

    code = "seal_broken"


def normalise(number: str) -> str:
    """Return the form in which equal lines are equal; empty for a withheld number."""
    plain = _SEPARATORS.sub("", number).casefold()
    if plain in ANONYMOUS:
        return ""
    if plain.startswith("+"):
        plain = "00" + plain[1:]
    if plain.startswith("0086"):
        plain = plain[4:]
    elif mobile := _MOBILE_WITH_COUNTRY.fullmatch(plain):
        plain = mobile[1]
    if plain.startswith("0") and not plain.startswith("00"):
        plain = plain[1:]
    return plain


def dialable(number: str) -> str:
    """Return `number` as it can be dialled to call its owner back; empty where we must not.

    Only lines of people in this country: whoever forges a caller's number must not make us pay for
    a call abroad or to a premium rate, nor ring an emergency service or a phone in the house.
    """
    return _SEPARATORS.sub("", number) if _LINE.fullmatch(normalise(number)) else ""


class NumberSealer:
    """Seals and opens telephone numbers with keys derived from one master key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ConfigError(f"the number key has {len(key)} bytes; it must have {KEY_BYTES}")
        self._cipher = AESGCM(_derive(key, b"hotline number cipher 1"))
        self._digest_key = _derive(key, b"hotline number digest 1")

    def seal(self, number: str) -> SealedNumber:
        """Return `number` sealed; two empty texts for a withheld number."""
        normal = normalise(number)
        if not normal:
            return SealedNumber(cipher="", digest="")
        digest = hmac.new(self._digest_key, _octets(normal), hashlib.sha256).hexdigest()
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, _octets(number.strip()), digest.encode())
        return SealedNumber(cipher=urlsafe_b64encode(nonce + sealed).decode(), digest=digest)

    def open(self, sealed: SealedNumber) -> str:
        """Return the number as it was dialled in; empty for a withheld one. Raises SealBroken.

        Octets that are not UTF-8 are shown as ``\\xff``: the text can be printed anywhere.
        """
        if not sealed.cipher:
            return ""
        try:
            raw = urlsafe_b64decode(sealed.cipher)
            opened = self._cipher.decrypt(
                raw[:NONCE_BYTES], raw[NONCE_BYTES:], sealed.digest.encode()
            )
        except (InvalidTag, ValueError):  # binascii.Error is a ValueError
            raise SealBroken("this number was sealed with another key, or was changed") from None
        return opened.decode("utf-8", "backslashreplace")


def _octets(number: str) -> bytes:
    """Return what stood in the SIP header: octets that are not UTF-8 came to us as surrogates."""
    return number.encode("utf-8", "surrogateescape")


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(key)


def load_or_create_key(path: Path) -> bytes:
    """Return the key in `path`, creating it (0600, all or nothing) where there is none.

    Raises ConfigError when the file can be read by others, is no plain file, or holds no key: a
    new key in its place would make every sealed number unreadable, so that is never done.
    """
    if not path.exists() and not path.is_symlink():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Where another process was first, its key counts.
        create_private(path, secrets.token_hex(KEY_BYTES) + "\n")
    mode = path.lstat().st_mode
    if not stat.S_ISREG(mode):
        raise ConfigError(f"{path}: must be a plain file")
    if mode & 0o077:
        raise ConfigError(
            f"{path}: others may read it (mode {stat.S_IMODE(mode):04o}); it must be 0600: "
            f"chmod 600 {path}"
        )
    try:
        key = binascii.unhexlify(path.read_bytes().strip())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{path}: must hold {2 * KEY_BYTES} hex digits; restore it from a backup")
    return key
