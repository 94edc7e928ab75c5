"""What we read of an INVITE: who calls, what was dialled, what the edge wrote. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PREFIX = "x-hotline-"
_USER = re.compile(r"\bsips?:([^@;>\s]+)@|\btel:([^;>\s]+)", re.IGNORECASE)
_COMPACT = {"f": "from", "t": "to"}
_TOKEN = re.compile(r"[0-9A-Za-z*+_.-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """`caller` is never logged. `headers`: ``X-Hotline-*``, lower case, without the prefix."""

    caller: str
    dialled: str
    headers: Mapping[str, str]


def parse(message: str) -> Invite:
    """Read the text of an INVITE that the engine has already accepted as well-formed."""
    head = re.split(r"\r?\n\r?\n", message, maxsplit=1)[0]
    lines = re.sub(r"\r?\n[ \t]+", " ", head).splitlines()
    caller_of: dict[str, str] = {}
    ours: dict[str, str] = {}
    for name, value in _fields(lines[1:]):
        if name.startswith(PREFIX):
            ours[name.removeprefix(PREFIX)] = value
        elif name in ("p-asserted-identity", "from"):
            caller_of.setdefault(name, _user(value))
    caller = caller_of.get("p-asserted-identity") or caller_of.get("from", "")
    return Invite(caller=caller, dialled=_user(lines[0]), headers=ours)


def _fields(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            name = name.strip().lower()
            yield _COMPACT.get(name, name), value.strip()


def _user(text: str) -> str:
    found = _USER.search(text)
    return (found.group(1) or found.group(2)) if found else ""


def target(extension: str, host: str, port: int) -> str:
    """Return the SIP URI of `extension` at the edge; ValueError where it is not a plain token."""
    if not _TOKEN.fullmatch(extension):
        raise ValueError("an extension has letters, digits and * + _ . - only")
    return f"sip:{extension}@{host}:{port}"


def checked(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return `headers`; ValueError where a name or a value would break the message's lines."""
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or re.search(r"[\x00-\x1f\x7f]", value):
            raise ValueError(f"header {name!r} cannot be sent")
    return headers
