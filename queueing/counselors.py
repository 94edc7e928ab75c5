"""The counselors: who they are and what each does now."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from redis.asyncio import Redis

from hotline.errors import StateRefused, UnknownCounselor
from hotline.events import CounselorState
from hotline.ids import ContactId, CounselorId, requested_for
from queueing import keys
from queueing.presence import Presence
from queueing.routing.skills import CounselorProfile, profile_from_json, profile_to_json
from queueing.scripts import Scripts, redis_errors

log = logging.getLogger(__name__)

_FIELDS = ("state", "since", "reason", "contact", "wish")


class Counselors:
    """Implements `hotline.ports.Counselors`. Every method may raise QueueUnavailable."""

    def __init__(self, redis: Redis, *, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    async def change_state(
        self, counselor: CounselorId, state: CounselorState, *, reason: str, by: str
    ) -> CounselorState:
        """Ask for ready, not_ready or offline; return the state that holds now.

        That is ``talking`` during a conversation: the wish comes true when wrap-up ends.
        Raises UnknownCounselor, or StateRefused for a state that nobody can ask for.
        """
        answer: str = await self._scripts.run("change_state", counselor, state, reason, by)
        _check(answer, counselor, f"cannot become {state}")
        return CounselorState(answer)

    async def put_counselor(self, profile: CounselorProfile) -> bool:
        """Add a counselor, who is offline then, or change the profile. True: is new."""
        text = profile_to_json(profile)
        return bool(await self._scripts.run("put_counselor", profile.id, text))

    async def remove_counselor(self, counselor: CounselorId, *, by: str) -> None:
        """Remove a counselor. Raises UnknownCounselor, or StateRefused while offered or talking."""
        answer: str = await self._scripts.run("remove_counselor", counselor, by)
        _check(answer, counselor, "is serving and cannot be removed")

    async def counselors(self) -> list[Presence]:
        """Return every counselor by extension, with what each does now; but for those whom this
        version cannot read, of whom the picture tells an operator (`queueing.unreadable`)."""
        with redis_errors():
            profiles = await self._redis.hgetall(keys.PROFILES)
            async with self._redis.pipeline(transaction=False) as pipe:
                for counselor in sorted(profiles):
                    pipe.hmget(keys.COUNSELOR + str(counselor), _FIELDS)
                rows = await pipe.execute()
        found = [
            _presence(
                str(counselor), str(profiles[counselor]), dict(zip(_FIELDS, row, strict=True))
            )
            for counselor, row in zip(sorted(profiles), rows, strict=True)
            if row[0] is not None  # removed between the two commands
        ]
        return [presence for presence in found if presence is not None]


def _check(answer: str, counselor: CounselorId, refusal: str) -> None:
    if answer == "unknown":
        raise UnknownCounselor(f"no counselor has extension {counselor}")
    if answer == "refused":
        raise StateRefused(f"counselor {counselor} {refusal}")


def _presence(counselor: str, profile: str, row: Mapping[str, str | None]) -> Presence | None:
    try:
        return Presence(
            profile=profile_from_json(profile),
            state=CounselorState(row["state"] or CounselorState.OFFLINE),
            since=_instant(row["since"] or 0),
            reason=row["reason"] or "",
            contact=_contact(row["contact"]),
            wish=CounselorState(row["wish"]) if row["wish"] else None,
        )
    except ValueError as error:
        log.error("counselor %s cannot be read: %s", counselor, type(error).__name__)
        return None


def _contact(text: str | None) -> ContactId | None:
    """Return whom a counselor serves: of a request, the contact that it is for."""
    return (requested_for(ContactId(text)) or ContactId(text)) if text else None


def _instant(milliseconds: str | float) -> datetime:
    return datetime.fromtimestamp(float(milliseconds) / 1000, UTC)
