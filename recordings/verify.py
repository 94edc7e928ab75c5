"""Whether every sealed recording is there, unaltered and can be opened: harm found, and named.

What is compared: the links of the chain with each other and with the head that was noted elsewhere,
each recording's row with its newest link, each file with the SHA-256 in that link, and the envelope
with its key: the header and the first chunk, or every chunk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath

from sqlalchemy import Engine, select

from hotline.database import snapshot
from hotline.ids import RecordingId
from recordings import chain
from recordings.datakeys import DataKeyMissing
from recordings.envelope import EnvelopeBroken
from recordings.head import Head, HeadFile, HeadUnreadable
from recordings.keyring import KeyringUnready, MasterKeyUnknown, WrapBroken
from recordings.link import Link, LinkKind, faults
from recordings.tables import RecordingKeyRow, RecordingRow, RecordingState
from recordings.vault import PLAIN_SUFFIX, SUFFIX, Vault

Progress = Callable[[int, int], None]
"""Told how many recordings are done, of how many."""


class Harm(StrEnum):
    """What may be wrong."""

    CHAIN_BROKEN = "chain_broken"
    """A link was altered, removed or added."""
    LINKS_REMOVED = "links_removed"
    """The newest links are gone, or were replaced: the chain does not lead to its head."""
    HEAD_UNREADABLE = "head_unreadable"
    """Nothing says where the chain had come to: that its newest links are there is not certain."""
    ROW_MISSING = "row_missing"
    ROW_ALTERED = "row_altered"
    """The recording's row does not say what its newest link says."""
    NO_LINK = "no_link"
    """A sealed recording that is not in the chain."""
    FILE_MISSING = "file_missing"
    FILE_ALTERED = "file_altered"
    """It is not the file that was sealed: the SHA-256 differs."""
    FILE_UNREADABLE = "file_unreadable"
    """The storage does not give it."""
    KEY_MISSING = "key_missing"
    """Its data key is gone, though nobody erased it."""
    KEY_BROKEN = "key_broken"
    """Its data key cannot be unwrapped: altered, or its master key is not here."""
    KEY_KEPT = "key_kept"
    """It was erased, and yet its data key is there."""
    NOT_DECRYPTABLE = "not_decryptable"
    NOT_ENCRYPTED = "not_encrypted"
    """Sealed by a version that did not encrypt."""
    UNKNOWN_FILE = "unknown_file"
    """A file among the sealed ones that no recording names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One harm. `recording`: its id, empty where it is of the chain. `detail`: a sentence."""

    harm: Harm
    recording: str
    detail: str


@dataclass(slots=True)
class Report:
    """What was looked at, and what was found."""

    findings: list[Finding] = field(default_factory=list)
    links: int = 0
    recordings: int = 0
    erased: int = 0
    head: Head | None = None
    """The chain's newest link: to be written down elsewhere."""

    @property
    def ok(self) -> bool:
        return not self.findings


@dataclass(frozen=True, slots=True)
class _Case:
    """What the database says of one recording, at one moment."""

    id: RecordingId
    row: RecordingRow | None
    link: Link | None
    has_key: bool

    @property
    def name(self) -> str:
        return (self.row.sealed_file if self.row else None) or ""

    @property
    def is_erased(self) -> bool:
        return self.link is not None and self.link.kind == LinkKind.ERASED


class Verification:
    """Looks at everything; changes nothing. What is sealed meanwhile does not disturb it."""

    def __init__(
        self,
        *,
        engine: Engine,
        vault: Vault,
        head: HeadFile,
        deep: bool = False,
        expected: Head | None = None,
        progress: Progress = lambda _done, _all: None,
    ) -> None:
        """`deep`: decrypt every chunk. `expected`: a head that was written down before."""
        self._engine = engine
        self._vault = vault
        self._head = head
        self._deep = deep
        self._expected = expected
        self._progress = progress

    def run(self) -> Report:
        """Return what was found. Raises KeyringUnready where there are no master keys at all, and
        sqlalchemy.exc.SQLAlchemyError."""
        self._vault.keys.masters.known()
        report = Report()
        known = self._walk(report)
        report.recordings = len(known)
        for done, recording in enumerate(known, 1):
            report.findings += self._certain_harm(recording, report)
            self._progress(done, len(known))
        report.findings += self._strangers()
        return report

    # --- the chain ---------------------------------------------------------------------------

    def _walk(self, report: Report) -> list[RecordingId]:
        """Look at the chain; return every recording that it or a row calls sealed."""
        heads = self._heads(report)  # before the links: it may only be older than they
        wanted = {head.number for head in heads}
        digests: dict[int, str] = {}
        known: dict[str, None] = {}

        def noted(links: Iterator[Link]) -> Iterator[Link]:
            for link in links:
                report.links, report.head = report.links + 1, Head.of(link)
                known[link.recording] = None
                if link.number in wanted:
                    digests[link.number] = link.digest
                yield link

        sealed = select(RecordingRow.id).where(
            RecordingRow.state.in_([RecordingState.SEALED, RecordingState.ERASED])
        )
        with snapshot(self._engine) as session:
            for fault in faults(noted(chain.links(session))):
                report.findings.append(Finding(Harm.CHAIN_BROKEN, fault.link.recording, fault.text))
            known |= dict.fromkeys(session.scalars(sealed.order_by(RecordingRow.sealed_at)))
        for head in heads:
            if digests.get(head.number) != head.digest:
                report.findings.append(_removed(head.number, digests.get(head.number), report.head))
        return [RecordingId(recording) for recording in known]

    def _heads(self, report: Report) -> list[Head]:
        """Return the links that must be there."""
        heads = [self._expected] if self._expected else []
        try:
            noted = self._head.read()
        except HeadUnreadable as error:
            report.findings.append(Finding(Harm.HEAD_UNREADABLE, "", str(error)))
        else:
            if noted is not None:
                heads.append(noted)
            else:
                with snapshot(self._engine) as session:
                    begun = chain.newest(session) is not None
                if begun:
                    text = "the file that names the newest link is gone"
                    report.findings.append(Finding(Harm.HEAD_UNREADABLE, "", text))
        return heads

    # --- one recording -----------------------------------------------------------------------

    def _certain_harm(self, recording: RecordingId, report: Report) -> list[Finding]:
        """Look at one recording; again where it was sealed or erased anew while we looked."""
        case = self._case(recording)
        while True:
            found = list(self._examine(case))
            again = self._case(recording) if found else case
            if again.link == case.link and again.name == case.name:
                report.erased += case.is_erased
                return found
            case = again

    def _case(self, recording: RecordingId) -> _Case:
        with snapshot(self._engine) as session:
            return _Case(
                recording,
                session.get(RecordingRow, recording),
                chain.newest_of(session, recording),
                session.get(RecordingKeyRow, recording) is not None,
            )

    def _examine(self, case: _Case) -> Iterator[Finding]:
        if case.row is None:
            yield Finding(Harm.ROW_MISSING, case.id, "the chain names it, and it has no row")
            return
        if case.is_erased:
            if case.has_key:
                yield Finding(Harm.KEY_KEPT, case.id, "it was erased, and its data key is there")
            if case.row.state != RecordingState.ERASED:
                yield Finding(Harm.ROW_ALTERED, case.id, "it was erased; its row does not say so")
            return
        if case.row.state not in (RecordingState.SEALED, RecordingState.ERASED):
            text = f"it was sealed; its row says {case.row.state}"
            yield Finding(Harm.ROW_ALTERED, case.id, text)
        if case.name.endswith(PLAIN_SUFFIX) and case.link is None:
            yield Finding(Harm.NOT_ENCRYPTED, case.id, f"{case.name} lies there in the clear")
            yield from self._file(case, case.row.checksum or "")
            return
        yield from self._linked(case)
        yield from self._file(case, case.link.checksum if case.link else case.row.checksum or "")
        yield from self._opens(case)

    def _linked(self, case: _Case) -> Iterator[Finding]:
        if case.link is None:
            yield Finding(Harm.NO_LINK, case.id, "it is sealed, and not in the chain")
        elif case.row is not None and case.row.checksum != case.link.checksum:
            text = f"its row has another SHA-256 than link {case.link.number}"
            yield Finding(Harm.ROW_ALTERED, case.id, text)

    def _file(self, case: _Case, checksum: str) -> Iterator[Finding]:
        try:
            if self._vault.checksum(case.name) != checksum:
                text = f"{case.name} is not the file that was sealed"
                yield Finding(Harm.FILE_ALTERED, case.id, text)
        except FileNotFoundError:
            yield Finding(Harm.FILE_MISSING, case.id, f"{case.name} is not there")
        except OSError as error:
            yield Finding(Harm.FILE_UNREADABLE, case.id, f"{case.name}: {error}")

    def _opens(self, case: _Case) -> Iterator[Finding]:
        """Look at the key also where there is no file: a copy may be."""
        try:
            self._vault.keys.read(case.id)
        except DataKeyMissing:
            yield Finding(Harm.KEY_MISSING, case.id, "its data key is gone, and nobody erased it")
            return
        except (MasterKeyUnknown, WrapBroken, KeyringUnready) as error:
            yield Finding(Harm.KEY_BROKEN, case.id, str(error))
            return
        try:
            with suppress(OSError):  # said already
                decryption = self._vault.examine(case.id, case.name)
                last = decryption.chunks - 1
                wanted = range(decryption.chunks) if self._deep else sorted({0, last})
                for number in wanted:
                    self._vault.chunk(case.name, decryption, number)
        except EnvelopeBroken as error:
            yield Finding(Harm.NOT_DECRYPTABLE, case.id, f"{case.name}: {error}")

    # --- what nobody knows -------------------------------------------------------------------

    def _strangers(self) -> Iterator[Finding]:
        for suffix in (SUFFIX, PLAIN_SUFFIX):
            for name in self._vault.storage.names(suffix):
                recording = PurePosixPath(name).name.removesuffix(suffix)
                with snapshot(self._engine) as session:
                    row = session.get(RecordingRow, recording)
                if row is None or (row.sealed_file != name and row.state != RecordingState.RAW):
                    text = f"{name} belongs to no recording"
                    yield Finding(Harm.UNKNOWN_FILE, recording if row else "", text)


def _removed(number: int, found: str | None, newest: Head | None) -> Finding:
    last = newest.number if newest else 0
    text = (
        f"link {number} was there, and the chain ends with link {last}"
        if found is None
        else f"link {number} is not the one that was there: it, or all up to it, was replaced"
    )
    return Finding(Harm.LINKS_REMOVED, "", text)
