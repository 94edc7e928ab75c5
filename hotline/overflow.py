"""Overflow: which callers a partner's line is asked to take, when, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hotline.events import Priority
from hotline.ids import ContactId, GatewayId
from hotline.sipaddress import is_sip_uri

USER = "partner."
"""A partner is dialled at the edge by this and its name; the edge alone knows where that is."""


class Overflow(BaseModel):
    """One partner's line. Several are asked in the order in which they stand.

    It rings beside our own counselors' phones and never instead: the caller keeps the place, and
    whoever answers first has the caller.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
    to: str
    """The partner's SIP address, such as ``sip:hotline@192.0.2.20:5060``."""
    after: Annotated[float, Field(gt=0, le=86400)] | None = None
    """So many seconds of waiting; none: never only because of the wait."""
    when_unstaffed: bool = False
    """At once, where nobody on duty may be asked for the contact."""
    topics: tuple[Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")], ...] = ()
    """These alone; none: every topic. Likewise below."""
    lines: tuple[Annotated[str, Field(pattern=r"^[0-9+]{2,15}$")], ...] = ()
    priorities: tuple[Priority, ...] = ()
    attempts: Annotated[int, Field(ge=1, le=10)] = 2
    """How often one contact is tried there."""
    retry_seconds: Annotated[float, Field(gt=0, le=3600)] = 60
    """The pause between two attempts."""
    ring_seconds: Annotated[float, Field(ge=5, le=110)] = 30
    """How long the partner's phone rings. The edge gives up by itself after 120 s."""
    callers: Annotated[int, Field(ge=1, le=1000)] | None = None
    """So many of our callers at once, those for whom it rings included; none: no limit. To a full
    one nobody is sent: the next in order is asked, and the caller stays in line."""
    pass_number: bool = False
    """Whether the partner is told the caller's number (P-Asserted-Identity)."""
    record: bool = False
    """Whether the conversation with the partner is recorded, where the caller has agreed."""

    @field_validator("to")
    @classmethod
    def _is_an_address(cls, uri: str) -> str:
        if not is_sip_uri(uri):
            raise ValueError("must be a SIP address such as sip:hotline@192.0.2.20:5060")
        return uri

    @model_validator(mode="after")
    def _has_an_occasion(self) -> Overflow:
        if self.after is None and not self.when_unstaffed:
            raise ValueError("needs after (seconds), when_unstaffed = true, or both")
        return self

    @property
    def extension(self) -> str:
        """What is dialled at the edge."""
        return USER + self.name

    def takes(self, *, topic: str, line: str, priority: Priority) -> bool:
        """Say whether callers of this kind may be sent there at all."""
        return (
            (not self.topics or topic in self.topics)
            and (not self.lines or line in self.lines)
            and (not self.priorities or priority in self.priorities)
        )

    def because(self, *, waited: float, unstaffed: bool) -> str:
        """Return why a caller who has waited so long is sent there now; empty: not yet."""
        if unstaffed and self.when_unstaffed:
            return "unstaffed"
        return "waiting" if self.after is not None and waited >= self.after else ""


class PartnerSeats(Protocol):
    """Counts the callers whom each partner has, for all gateways. May raise QueueUnavailable."""

    async def take_seat(
        self, partner: str, contact: ContactId, gateway: GatewayId, *, most: int
    ) -> bool:
        """Return whether `contact`, which `gateway` carries, has one of `most` seats there now."""
        ...

    async def leave_seat(self, partner: str, contact: ContactId) -> None:
        """Give the seat back, if there is one."""
        ...

    async def seats_taken(self, partner: str) -> int:
        """Return how many callers the partner has, or is being called for."""
        ...


def names_differ(overflow: Sequence[Overflow]) -> None:
    """Raise ValueError where two have one name."""
    names = [one.name for one in overflow]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"name {twice[0]} stands twice; each partner has a name of its own")


def lines_exist(overflow: Sequence[Overflow], numbers: Sequence[str]) -> None:
    """Raise ValueError where one is limited to a line that is none of ours."""
    for n, one in enumerate(overflow):
        for line in one.lines:
            if line not in numbers:
                ours = ", ".join(numbers)
                raise ValueError(
                    f"overflow.{n}.lines: {line} is none of our lines; they are {ours}"
                )
