"""Contacts, counselors and plans for tests of the picture. Instants are seconds past noon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hotline.events import CounselorState, Priority
from hotline.ids import ContactId, CounselorId, GatewayId, NodeId
from hotline.ports import Waiting
from queueing.keys import milliseconds
from queueing.routing.picture import Pair, Picture, Standing
from queueing.routing.plan import Plan, read_plan
from queueing.routing.skills import CounselorKind, CounselorProfile

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOON_MS = milliseconds(NOON)
S = CounselorState


def at(seconds: float) -> int:
    """Return an instant as the picture counts it."""
    return NOON_MS + round(seconds * 1000)


def a_contact(
    name: str = "c1",
    *,
    at: float = 0,
    priority: Priority = Priority.NORMAL,
    skills: tuple[str, ...] = (),
    preferred: tuple[str, ...] = (),
    language: str = "zh",
    node: str = "city/east/riverside",
    topic: str = "grief",
    dnis: str = "12356",
) -> Waiting:
    return Waiting(
        contact=ContactId(name),
        gateway=GatewayId("gateway-1.aaaaaaaa"),
        priority=priority,
        arrived_at=NOON + timedelta(seconds=at),
        topic=topic,
        language=language,
        skills=skills,
        node=NodeId(node),
        caller_digest="d" * 64,
        preferred=preferred,
        dnis=dnis,
    )


def a_standing(
    extension: str = "1001",
    state: CounselorState = S.READY,
    *,
    idle: float = 0,
    share: float = 0,
    hours: float = 1,
    node: str = "city/east/riverside",
    kind: CounselorKind = CounselorKind.VOLUNTEER,
    **skills: int,
) -> Standing:
    """A counselor who has been idle since `idle` seconds before noon, was ready or busy for
    `hours` before, and busy for a `share` of that."""
    profile = CounselorProfile(
        id=CounselorId(extension),
        name=f"Counselor {extension}",
        kind=kind,
        node=NodeId(node),
        skills={name.replace("_", "-"): level for name, level in skills.items()},
    )
    duty = round(hours * 3_600_000)
    return Standing(
        profile=profile,
        state=state,
        idle_since=at(-idle),
        busy=round(share * duty),
        available=duty,
        counted=NOON_MS,
    )


def a_plan(*steps: str, sticky: float = 20, partners: str = "") -> Plan:
    """A plan with one route; each step is given as TOML lines without its name."""
    text = f"format = 1\npartners = [{partners}]\n[sticky]\nseconds = {sticky}\n"
    text += '[[routes]]\nname = "all"\n'
    for number, step in enumerate(steps or ("",), 1):
        text += f'[[routes.steps]]\nname = "step {number}"\n{step}\n'
    return read_plan(text, origin="test")


class PictureScene:
    """A picture and the hand that fills it."""

    def __init__(self, plan: Plan | None = None, *standings: Standing) -> None:
        self.picture = Picture(plan or a_plan())
        self.stand(*standings)

    def stand(self, *standings: Standing) -> None:
        for standing in standings:
            self.picture.counselor_stands(standing)

    def wait(
        self,
        *contacts: Waiting,
        sticky: str | None = None,
        tried: tuple[str, ...] = (),
        opened: str = "",
    ) -> None:
        for waiting in contacts:
            known = None if sticky is None else CounselorId(sticky)
            in_vain = tuple(CounselorId(one) for one in tried)
            self.picture.contact_waits(waiting, sticky=known, tried=in_vain, opened=opened)

    def made(self, seconds: float = 0) -> list[Pair]:
        return self.picture.pairs(at(seconds))

    def chosen(self, seconds: float = 0) -> list[tuple[str, str]]:
        """Who is to serve whom, `seconds` past noon."""
        return [(pair.contact, pair.counselor) for pair in self.made(seconds)]
