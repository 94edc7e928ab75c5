"""Leases: who is alive, and what is mended when somebody is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hotline.contact import ContactState
from hotline.ids import ContactId, CounselorId, GatewayId
from hotline.ports import Carried
from queueing.limits import Limits
from queueing.scripts import Scripts

IN_THE_QUEUE = frozenset({ContactState.QUEUED, ContactState.OFFERED, ContactState.TALKING})
"""What a contact does that the queue must know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """The answer to a heartbeat.

    `was_alive`: False at the first one, and when the gateway had been given up. `forgotten`:
    contacts that the queue held and the gateway did not. `amiss`: contacts of which the queue
    believes something else than the gateway says. `failed`: living contacts that were ended in
    the journal when the gateway was given up, each with the number of its ContactFailed; told until
    the contact is over.
    """

    was_alive: bool
    forgotten: tuple[ContactId, ...] = ()
    amiss: tuple[ContactId, ...] = ()
    failed: Mapping[ContactId, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LostContact:
    """A contact that went down with its gateway. Its ContactFailed, with `seq`, is journalled.

    `state` is ``queued``, ``offered``, ``talking`` or empty before the queue.
    """

    contact: ContactId
    gateway: GatewayId
    seq: int
    state: str
    counselor: CounselorId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What one sweep mended. `was_away`: nobody had swept for long, so all leases began anew.

    `returned`: callbacks whose gateway died.
    """

    was_away: bool
    lost: tuple[LostContact, ...]
    withdrawn: tuple[tuple[ContactId, CounselorId], ...]
    released: tuple[CounselorId, ...]
    returned: tuple[ContactId, ...] = ()


class Leases:
    """Every method may raise QueueUnavailable."""

    def __init__(self, *, scripts: Scripts, limits: Limits) -> None:
        self._scripts = scripts
        self._limits = limits

    async def heartbeat(
        self, gateway: GatewayId, carried: Mapping[ContactId, Carried], *, begins: bool = False
    ) -> Beat:
        """Say that `gateway` lives, carries exactly these contacts, and what each does.

        `begins`: this life begins now, so that every earlier life in the same slot
        (`ids.new_gateway_id`) is over: the next sweep ends what it carried, without waiting for its
        lease.
        """
        was_alive, forgotten, amiss, failed = await self._scripts.run(
            "heartbeat",
            gateway,
            round(self._limits.gateway_lease * 1000),
            self._limits.wrap_up_ms,
            self._limits.after_wrap_up,
            self._limits.place_after_fault_ms,
            int(begins),
            *(part for contact, one in carried.items() for part in _said(contact, one)),
        )
        return Beat(
            was_alive=bool(was_alive),
            forgotten=tuple(forgotten),
            amiss=tuple(amiss),
            failed={ContactId(c): int(n) for c, n in zip(failed[::2], failed[1::2], strict=True)},
        )

    async def sweep(self) -> Sweep:
        """Mend what waits for somebody who does not come; any number may sweep at once."""
        done = await self._scripts.run(
            "expire",
            round(self._limits.gateway_lease * 1000),
            round(self._limits.offer_lease * 1000),
            round(self._limits.longest_gap * 1000),
            self._limits.wrap_up_ms,
            self._limits.after_wrap_up,
            self._limits.place_after_fault_ms,
            self._limits.misses_in_a_row,
        )
        return Sweep(
            was_away=["away"] in done,
            lost=tuple(_lost(*row[1:]) for row in done if row[0] == "lost"),
            withdrawn=tuple((row[1], row[2]) for row in done if row[0] == "withdrawn"),
            released=tuple(row[1] for row in done if row[0] == "released"),
            returned=tuple(row[1] for row in done if row[0] == "returned"),
        )


def _said(contact: ContactId, one: Carried) -> tuple[str | int, ...]:
    doing = one.state.value if one.state in IN_THE_QUEUE else ""
    offer = one.offer if one.state is not ContactState.QUEUED else None
    return (
        (contact, one.seq, doing, offer.id, offer.counselor)
        if offer
        else (contact, one.seq, doing, "", "")
    )


def _lost(contact: str, gateway: str, seq: str, state: str, counselor: str) -> LostContact:
    return LostContact(
        contact=ContactId(contact),
        gateway=GatewayId(gateway),
        seq=int(seq),
        state=state,
        counselor=CounselorId(counselor) if counselor else None,
    )
