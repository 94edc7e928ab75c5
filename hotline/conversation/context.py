"""What a partner is told of a contact, in headers: so that no caller tells the story again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from hotline.conversation.arrival import Arrival
from hotline.ids import ContactId
from hotline.menu.reception import MenuResult

_NUMBER = re.compile(r"\+?[0-9]{2,20}")


def context(
    contact: ContactId, arrival: Arrival, menu: MenuResult, *, waited: float
) -> Mapping[str, str]:
    """Return the headers: never the caller's number. A value is percent-encoded UTF-8 (RFC 3986)
    where it is not plain, so that none can break out of its line."""
    facts = {
        "Contact": contact,
        "Topic": menu.topic,
        "Language": menu.language,
        "Priority": menu.priority.value,
        "Waited": str(max(0, round(waited))),
        "Line": arrival.dnis,
        "Node": arrival.node_for(menu),
    }
    return {f"X-Hotline-{name}": quote(value, safe="/+*") for name, value in facts.items()}


def asserted_identity(number: str, *, realm: str) -> str:
    """Return the value of P-Asserted-Identity (RFC 3325) for `number`; empty for what is none."""
    return f"<sip:{number}@{realm}>" if _NUMBER.fullmatch(number) else ""
