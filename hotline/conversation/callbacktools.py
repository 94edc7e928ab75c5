"""What whoever calls back needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hotline.contact import Contact
from hotline.conversation.arrival import Arrival
from hotline.conversation.conversation import Conversation
from hotline.conversation.line import Line
from hotline.events import SealedNumber
from hotline.ids import GatewayId
from hotline.ports import Callbacks, Prompts


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """`converse` makes the conversation that follows; `shown` is the number that callers see,
    empty: the one that they dialled."""

    gateway: GatewayId
    line: Line
    callbacks: Callbacks
    prompts: Prompts
    converse: Callable[[Arrival, Contact], Conversation]
    number_of: Callable[[SealedNumber], str]
    shown: str
    ring_timeout: float
    ring_seconds: float
