"""How a call reached us, and the line it was dialled on."""

from __future__ import annotations

from dataclasses import dataclass

from hotline.events import SealedNumber
from hotline.ids import GatewayId, LegId, NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class DialledLine:
    """A number that callers dial: the menu it leads to, the tier node it belongs to."""

    flow: str
    node: NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Where a contact came from."""

    gateway: GatewayId
    leg: LegId
    trunk: str
    dnis: str
    node: NodeId
    caller: SealedNumber
