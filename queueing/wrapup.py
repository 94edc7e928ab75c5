"""More time for the record: a wrap-up that its owner lengthens."""

from __future__ import annotations

from datetime import UTC, datetime

from hotline.errors import StateRefused, UnknownCounselor
from hotline.ids import CounselorId
from queueing.limits import Limits
from queueing.scripts import Scripts


class WrapUps:
    """Implements that part of `hotline.ports.Counselors`. May raise QueueUnavailable."""

    def __init__(self, *, scripts: Scripts, limits: Limits) -> None:
        self._scripts = scripts
        self._limits = limits

    async def extend_wrap_up(self, counselor: CounselorId, *, by: str) -> datetime:
        """Lengthen the wrap-up that runs, and return when it ends now.

        Raises UnknownCounselor, or StateRefused when none runs or it is as long as it may be.
        """
        answer: str = await self._scripts.run(
            "extend_wrap_up",
            counselor,
            round(self._limits.wrap_up_extension * 1000),
            round(max(self._limits.wrap_up, self._limits.wrap_up_most) * 1000),
            by,
        )
        if answer == "unknown":
            raise UnknownCounselor(f"no counselor has extension {counselor}")
        if answer == "refused":
            raise StateRefused(f"counselor {counselor} has no wrap-up that could be longer")
        return datetime.fromtimestamp(int(answer) / 1000, UTC)
