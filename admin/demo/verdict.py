"""What came of the demonstration's calls, and whether it is what had to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from admin.bootstrap.recordings import vault
from admin.commands.stats import as_rows, measures_of
from admin.demo.cast import CALLERS
from admin.demo.scenes import Expected
from admin.statistics.figures import Interval
from admin.statistics.sources import from_journal, from_tables
from hotline.config import Settings
from hotline.database import snapshot
from hotline.errors import HotlineError
from hotline.events import Result
from hotline.ids import RecordingId
from hotline.journal.tables import ContactRow, ContactStateRow
from hotline.sip.tone import tones_among, tones_in
from queueing.tables import OfferRow
from recordings.tables import RecordingRow
from recordings.unseal import unseal
from recordings.vault import SUFFIX, Vault

TONE_SECONDS = 1.0
"""For how long a tone must sound to count as heard."""


@dataclass(slots=True)
class Verdict:
    """The demonstration's result: its one JSON object, and every check that was made."""

    report: dict[str, Any] = field(default_factory=dict)
    checks: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return bool(self.checks) and all(check["ok"] for check in self.checks)

    def check(self, what: str, found: object, wanted: object) -> None:
        """Note whether `found` is what was `wanted`."""
        self.checks.append({"check": what, "ok": found == wanted, "found": found, "wanted": wanted})

    def as_json(self) -> dict[str, Any]:
        return {**self.report, "checks": self.checks, "ok": self.ok}


def broken_off(fault: str) -> Verdict:
    """Return the verdict over a demonstration that could not go on."""
    verdict = Verdict()
    verdict.check("the calls came to their end", fault, "no fault")
    return verdict


def judge(
    settings: Settings, engine: Engine, expected: Sequence[Expected], since: datetime, heard: Heard
) -> Verdict:
    """Compare what the database and the phones have with what was `expected`."""
    verdict = Verdict()
    with snapshot(engine) as session:
        verdict.report["contacts"] = [_contact(session, e, verdict) for e in expected]
        opened = vault(settings, engine)
        verdict.report["recordings"] = _recordings(session, opened, expected, heard, verdict)
        _statistics(session, settings, expected, since, verdict)
    for one in expected:
        _audio(one, heard, verdict)
    return verdict


@dataclass(frozen=True, slots=True)
class Heard:
    """Where the phones wrote what they heard, and which tone each counselor played."""

    by_caller: dict[str, Path]
    by_counselor: dict[str, Path]
    counselor_hertz: dict[str, int]

    @property
    def everyone(self) -> set[int]:
        """Every tone that anybody played."""
        return {caller.hertz for caller in CALLERS} | set(self.counselor_hertz.values())


def _contact(session: Session, one: Expected, verdict: Verdict) -> dict[str, Any]:
    row = session.get(ContactRow, one.contact)
    verdict.check(f"{one.scene}: in the table", row is not None, True)
    if row is None:
        return {"id": one.contact}
    states = session.scalars(
        select(ContactStateRow)
        .where(ContactStateRow.contact == one.contact)
        .order_by(ContactStateRow.seq)
    ).all()
    verdict.check(f"{one.scene}: result", row.result, one.result.value)
    verdict.check(f"{one.scene}: counselor", row.counselor, one.counselor)
    verdict.check(f"{one.scene}: priority", row.priority, one.priority)
    declined = session.scalars(
        select(OfferRow).where(OfferRow.contact == one.contact, OfferRow.outcome == "declined")
    ).all()
    verdict.check(f"{one.scene}: declined offers", len(declined), one.declined)
    verdict.check(f"{one.scene}: ended once", sum(s.state == row.result for s in states), 1)
    return {
        "id": one.contact,
        "scene": one.scene,
        "result": row.result,
        "reason": row.reason,
        "counselor": row.counselor,
        "priority": row.priority,
        "topic": row.topic,
        "states": [{"state": s.state, "at": s.at.isoformat()} for s in states],
    }


def _recordings(
    session: Session,
    opened: Vault,
    expected: Sequence[Expected],
    heard: Heard,
    verdict: Verdict,
) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(RecordingRow).where(RecordingRow.contact.in_([e.contact for e in expected]))
    ).all()
    verdict.check(
        "recordings: of exactly those who agreed and talked",
        sorted(row.contact for row in rows),
        sorted(e.contact for e in expected if e.recorded),
    )
    found = []
    files = set(opened.storage.names(SUFFIX))
    by_contact: dict[str, Expected] = {one.contact: one for one in expected}
    for row in rows:
        verdict.check(f"recording {row.id[:8]}: sealed", row.state, "sealed")
        verdict.check(f"recording {row.id[:8]}: kept", row.sealed_file in files, True)
        seconds = {"caller": row.caller_seconds, "counselor": row.counselor_seconds}
        _sides(row, opened, by_contact[row.contact], heard, verdict)
        found.append(
            {
                "id": row.id,
                "contact": row.contact,
                "file": row.sealed_file,
                "seconds": seconds,
                "sha256": row.checksum,
            }
        )
    return found


def _sides(row: RecordingRow, opened: Vault, one: Expected, heard: Heard, verdict: Verdict) -> None:
    """Each side of the sealed file must have its own party's tone, and nobody else's."""
    name, file = f"recording {row.id[:8]}", row.sealed_file or ""
    caller: object
    counselor: object
    try:
        with opened.open(RecordingId(row.id), file) as plain:
            sides = unseal(plain, PurePosixPath(file).name)
        caller, counselor = (
            sorted(tones_among(side, heard.everyone, least=TONE_SECONDS)) for side in sides
        )
    except (HotlineError, OSError) as error:
        caller = counselor = str(error)
    verdict.check(f"{name}: the caller's side (Hz)", caller, [one.caller.hertz])
    wanted = [heard.counselor_hertz[one.counselor]] if one.counselor else []
    verdict.check(f"{name}: the counselor's side (Hz)", counselor, wanted)


def _statistics(
    session: Session,
    settings: Settings,
    expected: Sequence[Expected],
    since: datetime,
    verdict: Verdict,
) -> None:
    measures = measures_of(settings, Interval.DAY)
    folded = as_rows(from_tables(session, measures, since), measures.zone)
    again = as_rows(from_journal(session, measures, since), measures.zone)
    verdict.report["statistics"] = folded
    verdict.check("statistics: recomputed from the journal, the same", folded, again)
    whole = [row for row in folded if row["node"] == settings.site.node]
    answered = sum(one.result is Result.COMPLETED for one in expected)
    for name, wanted in (
        ("offered", len(expected)),
        ("answered", answered),
        ("abandoned", len(expected) - answered),
        ("open", 0),
    ):
        verdict.check(f"statistics: {name}", sum(row[name] for row in whole), wanted)


def _audio(one: Expected, heard: Heard, verdict: Verdict) -> None:
    """Each side must have heard the other's tone, and no other tone of anybody."""
    if one.counselor is None:
        return
    hertz = heard.counselor_hertz[one.counselor]
    by_caller = _tones(heard.by_caller[one.caller.number], heard.everyone)
    verdict.check(f"{one.scene}: what the caller heard (Hz)", by_caller, [hertz])
    by_counselor = _tones(heard.by_counselor[one.counselor], heard.everyone)
    verdict.check(
        f"{one.scene}: the counselor heard the caller's tone",
        one.caller.hertz in by_counselor,
        True,
    )
    verdict.check(f"{one.scene}: and not their own", hertz in by_counselor, False)


def _tones(folder: Path, candidates: set[int]) -> list[int]:
    tones: set[int] = set()
    for file in sorted(folder.glob("*.wav")):
        tones |= tones_in(file, candidates, least=TONE_SECONDS)
    return sorted(tones)
