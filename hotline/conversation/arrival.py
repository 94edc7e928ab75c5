"""How a call reached us, and the line it was dialled on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hotline.events import SealedNumber
from hotline.ids import ContactId, GatewayId, LegId, NodeId
from hotline.menu.hours import ALWAYS, Hours, read_hours
from hotline.menu.reception import MenuResult
from hotline.ports import Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class DialledLine:
    """A number that callers dial: the menu it leads to, the tier node it belongs to; when it is
    open, and the menu (`closed`) it leads to at other times."""

    flow: str
    node: NodeId
    hours: Hours = field(default_factory=lambda: read_hours(ALWAYS))
    closed: str = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Where a contact came from. `node`: the caller's by the area of the number, else the line's;
    `dialable`: the caller can be called back."""

    gateway: GatewayId
    leg: LegId
    trunk: str
    dnis: str
    node: NodeId
    caller: SealedNumber
    dialable: bool = False

    def node_for(self, menu: MenuResult) -> NodeId:
        """Return the contact's tier node: what the caller chose, or the area's, or the line's."""
        return menu.node or self.node

    def waiting(self, contact: ContactId, menu: MenuResult, *, since: datetime) -> Waiting:
        """Return what the queue is asked for, by a caller who arrived at `since`."""
        return Waiting(
            contact=contact,
            gateway=self.gateway,
            priority=menu.priority,
            arrived_at=since,
            topic=menu.topic,
            language=menu.language,
            skills=menu.skills,
            node=self.node_for(menu),
            caller_digest=self.caller.digest,
            preferred=menu.preferred,
            dnis=self.dnis,
            asked_for=menu.asked_for,
        )
