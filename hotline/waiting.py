"""What the queue is told of a contact that waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hotline.events import Priority
from hotline.ids import ContactId, CounselorId, GatewayId, NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One contact as the queue knows it.

    `arrived_at` is the INVITE's time and never changes; `skills` are required, `preferred` ones
    decide between several counselors who fit; `dnis` is the number that was dialled; `asked_for`
    is the counselor who is asked first, before the one who last took the caller: the dedicated
    one of the caller's care plan, or who owns the follow-up.

    A request for a second counselor is a `Waiting` too: `contact` is its id (`ids.request_id`),
    `arrived_at` when it was made, and all else what the contact that it is for asked for.
    """

    contact: ContactId
    gateway: GatewayId
    priority: Priority
    arrived_at: datetime
    topic: str
    language: str
    skills: tuple[str, ...]
    node: NodeId
    caller_digest: str
    preferred: tuple[str, ...] = ()
    dnis: str = ""
    asked_for: CounselorId | None = None
