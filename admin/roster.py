"""Who works here: the database keeps it, the edge lets their phones in, the queue routes to them.

The database is the truth. `publish` says it all again to the queue, which may have been emptied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Engine, delete, select

from admin.tables import CounselorRow
from hotline.database import snapshot, unit_of_work
from hotline.edge.credentials import Credentials, Role
from hotline.errors import UnknownCounselor
from hotline.ids import CounselorId, NodeId
from queueing.routing.skills import CounselorKind, CounselorProfile

EXTENSION = "extension"
"""The kind of an in-house phone: it may dial our lines and takes no calls."""


class Profiles(Protocol):
    """What the queue is told of counselors."""

    async def put_counselor(self, profile: CounselorProfile) -> bool: ...

    async def remove_counselor(self, counselor: CounselorId, *, by: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One counselor or in-house phone. `kind` is a CounselorKind or ``extension``."""

    extension: str
    name: str
    kind: str
    node: str
    skills: dict[str, int]

    @property
    def role(self) -> Role:
        """What the phone may call."""
        if self.kind == EXTENSION:
            return Role.EXTENSION
        return Role.SUPERVISOR if self.kind == CounselorKind.SUPERVISOR else Role.COUNSELOR

    @property
    def profile(self) -> CounselorProfile:
        """Raises ValueError for an unknown kind or a level outside 1 to 5."""
        return CounselorProfile(
            id=CounselorId(self.extension),
            name=self.name,
            kind=CounselorKind(self.kind),
            node=NodeId(self.node),
            skills=self.skills,
        )


class Roster:
    """Adds, removes and lists people, in all three places."""

    def __init__(self, *, engine: Engine, credentials: Credentials, profiles: Profiles) -> None:
        self._engine = engine
        self._credentials = credentials
        self._profiles = profiles

    async def add(self, person: Person, password: str) -> None:
        """Add the person, or replace what was known; the phone can register at once.

        Raises ConfigError for a wrong extension or an empty password, ValueError for a wrong kind
        or skill level; nothing has changed then.
        """
        profile = None if person.kind == EXTENSION else person.profile
        self._credentials.put(person.extension, password, person.role)  # checks the extension
        with unit_of_work(self._engine) as session:
            session.merge(
                CounselorRow(
                    extension=person.extension,
                    name=person.name,
                    kind=person.kind,
                    node=person.node,
                    skills=person.skills,
                )
            )
        if profile is not None:
            await self._profiles.put_counselor(profile)

    async def remove(self, extension: str, *, by: str) -> None:
        """Remove the person everywhere. Raises UnknownCounselor, StateRefused while serving."""
        person = next((p for p in self.people() if p.extension == extension), None)
        if person is None:
            raise UnknownCounselor(f"no counselor has extension {extension}")
        if person.kind != EXTENSION:
            await self._profiles.remove_counselor(CounselorId(extension), by=by)
        with unit_of_work(self._engine) as session:
            session.execute(delete(CounselorRow).where(CounselorRow.extension == extension))
        self._credentials.remove(extension)

    def people(self) -> list[Person]:
        """Return everyone, by extension."""
        with snapshot(self._engine) as session:
            rows = session.scalars(select(CounselorRow).order_by(CounselorRow.extension))
            return [
                Person(
                    extension=row.extension,
                    name=row.name,
                    kind=row.kind,
                    node=row.node,
                    skills=row.skills,
                )
                for row in rows
            ]

    async def publish(self) -> int:
        """Tell the queue of every counselor; return how many there are."""
        counselors = [person for person in self.people() if person.kind != EXTENSION]
        for person in counselors:
            await self._profiles.put_counselor(person.profile)
        return len(counselors)
