"""Leases: who is alive, and what is mended when somebody is not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hotline.ids import ContactId, CounselorId, GatewayId
from queueing.limits import Limits
from queueing.scripts import Scripts


@dataclass(frozen=True, slots=True)
class Beat:
    """The answer to a heartbeat.

    `was_alive`: False at the first one, and when the gateway had been given up: its contacts are
    ended in the journal then. `forgotten`: contacts that the queue held and the gateway did not.
    `missing`: contacts that wait at the gateway and that the queue does not hold.
    """

    was_alive: bool
    forgotten: tuple[ContactId, ...]
    missing: tuple[ContactId, ...] = ()


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

    `returned`: callbacks whose gateway died; `given_up`: callbacks without another attempt.
    """

    was_away: bool
    lost: tuple[LostContact, ...]
    withdrawn: tuple[tuple[ContactId, CounselorId], ...]
    released: tuple[CounselorId, ...]
    returned: tuple[ContactId, ...] = ()
    given_up: tuple[ContactId, ...] = ()


class Leases:
    """Every method may raise QueueUnavailable."""

    def __init__(self, *, scripts: Scripts, limits: Limits) -> None:
        self._scripts = scripts
        self._limits = limits

    async def heartbeat(
        self,
        gateway: GatewayId,
        carried: Mapping[ContactId, int],
        *,
        waiting: Collection[ContactId] = (),
        begins: bool = False,
    ) -> Beat:
        """Say that `gateway` lives and carries exactly these contacts, each with its last seq.

        `waiting`: those of them that wait or are offered. `begins`: this life begins now, so that
        every earlier life in the same slot (`ids.new_gateway_id`) is over: the next sweep ends
        what it carried, without waiting for its lease.
        """
        rows = [
            part
            for contact, seq in carried.items()
            for part in (contact, seq, int(contact in waiting))
        ]
        was_alive, forgotten, missing = await self._scripts.run(
            "heartbeat",
            gateway,
            round(self._limits.gateway_lease * 1000),
            self._limits.wrap_up_ms,
            self._limits.after_wrap_up,
            self._limits.place_after_fault_ms,
            int(begins),
            *rows,
        )
        return Beat(bool(was_alive), tuple(forgotten), tuple(missing))

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
            given_up=tuple(row[1] for row in done if row[0] == "given_up"),
        )


def _lost(contact: str, gateway: str, seq: str, state: str, counselor: str) -> LostContact:
    return LostContact(
        contact=ContactId(contact),
        gateway=GatewayId(gateway),
        seq=int(seq),
        state=state,
        counselor=CounselorId(counselor) if counselor else None,
    )
