"""What Redis holds, as a gateway knows it: the picture, and what is not the picture's business.

A change (`queueing.feed` has the list) is taken as far as this version can read it: fields that it
does not know mean nothing to it, a contact or a counselor that it cannot read is set apart
(`unreadable`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from hotline.events import CounselorState
from hotline.ids import ContactId, CounselorId, GatewayId
from hotline.ports import Alarms
from queueing.overview import InLine, Present, standing, tried_from_text
from queueing.routing.picture import Picture
from queueing.routing.plan import Plan
from queueing.routing.skills import profile_from_json
from queueing.routing.standing import Standing
from queueing.unreadable import Unreadable
from queueing.waiting import waiting_from_json

log = logging.getLogger(__name__)


class UnknownChange(Exception):
    """A newer version tells of something: what it changed is not known here."""


class Mirror:
    """Changed one entry at a time. `counts` must be what Redis counts."""

    def __init__(self, plan: Plan, *, alarms: Alarms) -> None:
        self.picture = Picture(plan)
        self.unreadable = Unreadable(alarms)
        self._owners: dict[ContactId, GatewayId] = {}
        self._standings: dict[CounselorId, Standing] = {}

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many wait, are ready, exist."""
        unreadable = self.unreadable
        return (
            self.picture.waiting + unreadable.contacts,
            self.picture.ready + unreadable.ready,
            len(self._standings) + unreadable.counselors,
        )

    def owner_of(self, contact: ContactId) -> GatewayId | None:
        """Return the gateway of a contact that waits; None when it does not wait."""
        return self._owners.get(contact)

    def clear(self) -> None:
        """Forget everybody."""
        self.picture.clear()
        self.unreadable.clear()
        self._owners.clear()
        self._standings.clear()

    def counselor_is_there(self, one: Present) -> None:
        self.unreadable.counselor_stands(
            one.counselor, one.state, readable=one.standing is not None
        )
        if one.standing is not None:
            self._stands(one.standing)

    def contact_waits(self, one: InLine) -> None:
        self.unreadable.contact_waits(one.contact, readable=one.waiting is not None)
        if one.waiting is None:
            self._leave(one.contact, readable=False)
            return
        self._owners[one.contact] = one.waiting.gateway
        self.picture.contact_waits(
            one.waiting, sticky=one.sticky, score=one.score, tried=one.tried, opened=one.opened
        )

    def apply(self, change: Mapping[str, str]) -> None:
        """Take one entry; not that of a plan. Raises KeyError where a field is missing,
        ValueError for one that nobody can read, UnknownChange for an `op` of a newer version."""
        match change["op"]:
            case "wait":
                self._wait(change)
            case "left":
                self._leave(ContactId(change["contact"]))
            case "offered":
                self._leave(ContactId(change["contact"]))
                before = self._standing_of(CounselorId(change["counselor"]))
                available, counted = int(change["available"]), int(change["counted"])
                offered = CounselorState.OFFERED
                self._stands(replace(before, state=offered, available=available, counted=counted))
            case "counselor":
                self._stand(CounselorId(change["counselor"]), change)
            case "profile":
                self._profiled(CounselorId(change["counselor"]), change["profile"])
            case "removed":
                counselor = CounselorId(change["counselor"])
                self._standings.pop(counselor, None)
                self.unreadable.counselor_removed(counselor)
                self.picture.counselor_removed(counselor)
            case other:
                raise UnknownChange(other)

    def _wait(self, change: Mapping[str, str]) -> None:
        contact = ContactId(change["contact"])
        try:
            waiting = waiting_from_json(change["asks"])
        except ValueError as error:  # its text would show what could not be read
            log.error("contact %s cannot be read: %s", contact[:8], type(error).__name__)
            waiting = None
        sticky = CounselorId(change["sticky"]) if change["sticky"] else None
        self.contact_waits(
            InLine(
                contact=contact,
                score=int(change["score"]),
                sticky=sticky,
                waiting=waiting,
                tried=tried_from_text(change.get("tried", "")),  # an older version tells nothing
                opened=change.get("opened", ""),
            )
        )

    def _leave(self, contact: ContactId, *, readable: bool = True) -> None:
        if readable:
            self.unreadable.contact_left(contact)
        self._owners.pop(contact, None)
        self.picture.contact_left(contact)

    def _stand(self, counselor: CounselorId, change: Mapping[str, str]) -> None:
        read = None
        try:
            read = standing(
                self._standing_of(counselor).profile,
                state=change["state"],
                idle=change["idle"],
                busy=change["busy"],
                available=change["available"],
                counted=change["counted"],
            )
        except ValueError as error:
            log.error("counselor %s cannot be read: %s", counselor, type(error).__name__)
            self._standings.pop(counselor, None)
            self.picture.counselor_removed(counselor)
        self.counselor_is_there(Present(counselor=counselor, state=change["state"], standing=read))

    def _standing_of(self, counselor: CounselorId) -> Standing:
        try:
            return self._standings[counselor]
        except KeyError:
            raise ValueError(f"counselor {counselor} has no profile") from None

    def _profiled(self, counselor: CounselorId, text: str) -> None:
        profile = profile_from_json(text)
        before = self._standings.get(counselor)
        self._stands(
            replace(before, profile=profile)
            if before
            else standing(
                profile,
                state=CounselorState.OFFLINE,
                idle="0",
                busy="0",
                available="0",
                counted="0",
            )
        )

    def _stands(self, one: Standing) -> None:
        self._standings[one.profile.id] = one
        self.picture.counselor_stands(one)
