"""Who takes part in the demonstration: counselors, callers, their tones."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from admin.roster import EXTENSION, Person

TRUNK = "demo"
TRUNK_ADDRESS = "127.0.0.2"
COUNSELORS_ADDRESS = "127.0.0.3"

CONFIG = f"""
# The demonstration's callers come over this line.
[[edge.trunks]]
name = "{TRUNK}"
networks = ["{TRUNK_ADDRESS}/32"]
"""
"""What the demonstration needs in the configuration."""


@dataclass(frozen=True, slots=True)
class Member:
    """A person with a phone, its password of this run and the tone it plays."""

    person: Person
    hertz: int
    password: str = field(default_factory=lambda: secrets.token_urlsafe(9))


def _person(extension: str, name: str, kind: str, **skills: int) -> Person:
    return Person(extension=extension, name=name, kind=kind, node="city", skills=skills)


def volunteer() -> Member:
    """Takes calls about moods and families."""
    return Member(_person("1001", "李明", "volunteer", emotion=3, family=2), hertz=2300)


def professional() -> Member:
    """Takes crises as well."""
    return Member(
        _person("1002", "王芳", "professional", emotion=4, family=4, youth=3, crisis=5), hertz=2600
    )


def yours() -> tuple[Member, Member]:
    """Accounts for whoever watches: a counselor's phone, an in-house phone that may call us."""
    return (
        Member(_person("1003", "您 / you", "volunteer", emotion=2), hertz=0),
        Member(_person("8000", "内线 / in-house", EXTENSION), hertz=0),
    )


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls. The numbers are of no real line; the tones are above all prompts and
    music, so that hearing one proves who was heard."""

    number: str
    hertz: int


CALLERS = (
    Caller("13900000001", 1500),
    Caller("13900000002", 1620),
    Caller("13900000003", 1740),
    Caller("13900000004", 1860),
    Caller("13900000005", 1980),
    Caller("13900000006", 2100),
)
