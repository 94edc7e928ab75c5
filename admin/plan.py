"""The routing plan of this site: which one serves when Redis has none, and what there was before.

Redis holds the plan in force. The journal has every plan that ever was in force, with its text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, select

from hotline.database import snapshot
from hotline.errors import PlanError
from hotline.events import RoutingPlanChanged
from hotline.ids import EventId
from hotline.journal.tables import JournalRow
from queueing.planning import Plans
from queueing.routing.plan import DEFAULT, default_plan, read_plan

SYSTEM = "system"
"""By whom a plan was put in force that nobody loaded."""


@dataclass(frozen=True, slots=True)
class PlanText:
    """A plan that can be read, and where it comes from."""

    text: str
    origin: str


def read_plan_file(path: Path) -> str:
    """Return the text of a plan's file. Raises PlanError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"{path}: cannot be read: {error}") from None


def history(engine: Engine) -> list[RoutingPlanChanged]:
    """Return every change of the plan that the journal knows, the oldest first.

    By time: numbers begin again when Redis is lost.
    """
    wanted = select(JournalRow).where(JournalRow.type == RoutingPlanChanged.__name__)
    with snapshot(engine) as session:
        return [
            RoutingPlanChanged(
                id=EventId(row.id),
                subject=row.subject,
                seq=row.seq,
                at=row.at,
                version=row.data["version"],
                by=row.data["by"],
                text=row.data["text"],
            )
            for row in session.scalars(wanted.order_by(JournalRow.at, JournalRow.seq))
        ]


async def publish_first(
    plans: Plans, *, file: Path, engine: Engine, say: Callable[[str], None]
) -> None:
    """Put a plan in force when Redis has none: the operator's `file`; else the one that somebody
    loaded last, which a Redis that lost its data has forgotten; else the shipped one.

    One that is faulty is told and the next one serves: callers wait for no file. Where a plan is in
    force already it stays, and a `file` that says something else is told of.
    """
    in_force = await plans.current_version()
    if in_force is not None:
        _tell_of_another(file, in_force, say)
        return
    chosen = _first(file, engine, say)
    published = await plans.publish(chosen.text, origin=chosen.origin, by=SYSTEM, only_first=True)
    if published.is_new:
        say(f"routing plan {published.version} of {chosen.origin} is in force")


def _first(file: Path, engine: Engine, say: Callable[[str], None]) -> PlanText:
    loaded = [change for change in history(engine) if change.by != SYSTEM]
    sources: list[tuple[str, Callable[[], str]]] = []
    if file.exists():
        sources.append((str(file), lambda: read_plan_file(file)))
    if loaded:
        last = loaded[-1]
        sources.append((f"{last.by}, out of the journal", lambda: last.text))
    for origin, read in sources:
        try:
            text = read()
            read_plan(text, origin=origin)
        except PlanError as error:
            say(f"not used: {error}")
        else:
            return PlanText(text, origin)
    return PlanText(default_plan().text, DEFAULT)


def _tell_of_another(file: Path, in_force: str, say: Callable[[str], None]) -> None:
    if not file.exists():
        return
    try:
        version = read_plan(read_plan_file(file), origin=str(file)).version
    except PlanError as error:
        say(str(error))
        return
    if version != in_force:
        say(f"{file} is not the plan in force; `hotline plan load {file}` makes it so")
