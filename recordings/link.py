"""One link of the chain of sealed files: pure.

Each sealing and each erasure adds a link. A link's digest is SHA-256 over its fields and the digest
of the link before it, so that a link that was altered, removed, added or moved is found by whoever
walks the chain from its beginning; the SHA-256 of the file in it finds a file that was altered. Who
removes the last links leaves a chain that is right in itself: see `recordings.head`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from hotline.ids import RecordingId

BEFORE_THE_FIRST = "0" * 64
"""What stands for the digest before link 1."""


class LinkKind(StrEnum):
    """What happened to a recording."""

    SEALED = "sealed"
    """Its file was written; of several such links the last counts."""
    ERASED = "erased"
    """Its data key was dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a link says. `checksum`: SHA-256 (hex) of the sealed file. `digest`: as it is stored,
    which is not to say that it is right."""

    number: int
    kind: str
    recording: RecordingId
    checksum: str
    at: datetime
    previous: str
    digest: str = ""

    def true_digest(self) -> str:
        """Return what the digest must be, in hex."""
        fields = (
            "hotline recording chain 1",
            str(self.number),
            self.kind,
            self.recording,
            self.checksum,
            self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            self.previous,
        )
        return hashlib.sha256("\n".join(fields).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ChainFault:
    """Where the chain does not hold, and why, in a sentence."""

    link: Link
    text: str


def faults(links: Iterable[Link]) -> Iterator[ChainFault]:
    """Walk the chain, in order from its first link; yield where it does not hold."""
    number, digest = 0, BEFORE_THE_FIRST
    for link in links:
        if link.number != number + 1:
            missing = link.number - number - 1
            yield ChainFault(link, f"{missing} links before link {link.number} were removed")
        elif link.previous != digest:
            yield ChainFault(link, f"link {link.number} does not follow from the one before it")
        if link.digest != link.true_digest():
            yield ChainFault(link, f"link {link.number} was altered")
        number, digest = link.number, link.digest
