"""Who was asked for a contact in vain is asked last for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hotline.events import Priority
from hotline.ids import ContactId, CounselorId
from hotline.ports import Waiting
from queueing.routing.picture import Pair
from queueing.routing.plan import default_plan
from tests.unit.picture_scene import PictureScene, S, a_contact, a_plan, a_standing, at

EAST, WEST = "city/east/riverside", "city/west/hill"
DISTRICT_FIRST = a_plan('reach = "district"\nseconds = 60', "")


def ring_in_vain(
    scene: PictureScene, waiting: Waiting, *tried: str, sticky: str | None = None
) -> None:
    """The last of `tried` was asked and is ready again, behind all others."""
    scene.picture.contact_left(waiting.contact)
    scene.stand(a_standing(tried[-1], S.OFFERED), a_standing(tried[-1], idle=-20))
    scene.wait(waiting, sticky=sticky, tried=tried)


def district_and_city(*more: str) -> PictureScene:
    """1001 is of the own district and free, 1002 of another and free; `more` of the own talk."""
    busy = [a_standing(name, S.TALKING) for name in more]
    free = [a_standing("1001"), a_standing("1002", node=WEST, idle=9)]
    return PictureScene(DISTRICT_FIRST, *free, *busy)


def test_next_circle_is_asked_at_once_when_the_only_one_of_the_first_was_tried() -> None:
    scene = district_and_city()
    scene.wait(a_contact())
    assert scene.chosen() == [("c1", "1001")]
    ring_in_vain(scene, a_contact(), "1001")
    assert scene.made(20) == [Pair(ContactId("c1"), CounselorId("1002"), step=2)]


def test_another_of_the_same_circle_goes_first() -> None:
    scene = district_and_city()
    scene.stand(a_standing("1003", share=0.9))
    ring_in_vain(scene, a_contact(), "1001")
    assert scene.made(20) == [Pair(ContactId("c1"), CounselorId("1003"), step=1)]


def test_one_who_last_took_the_caller_and_was_tried_is_asked_last() -> None:
    scene = PictureScene(a_plan(), a_standing("1001"), a_standing("1002"))
    scene.wait(a_contact(), sticky="1001")
    assert scene.chosen() == [("c1", "1001")]
    ring_in_vain(scene, a_contact(), "1001", sticky="1001")
    assert scene.chosen(20) == [("c1", "1002")]


def test_nobody_is_kept_for_one_who_was_tried() -> None:
    scene = PictureScene(a_plan(), a_standing("1001", S.TALKING), a_standing("1002"))
    scene.wait(a_contact(), sticky="1001", tried=("1001",))
    assert scene.chosen() == [("c1", "1002")]


def test_dedicated_one_who_was_tried_is_asked_last() -> None:
    agreed = replace(a_contact(skills=("grief",)), asked_for=CounselorId("1001"))
    scene = PictureScene(a_plan(), a_standing("1001"), a_standing("1002", grief=1))
    scene.wait(agreed, sticky="1001", tried=("1001",))
    assert scene.chosen() == [("c1", "1002")]
    ring_in_vain(scene, agreed, "1001", "1002", sticky="1001")
    assert scene.made(1) == [Pair(ContactId("c1"), CounselorId("1001"), step=0, sticky=True)]


@pytest.mark.parametrize("sticky", [None, "1001"])
def test_crisis_goes_to_anybody_free_before_a_certified_one_who_was_tried(
    sticky: str | None,
) -> None:
    crisis = a_contact(priority=Priority.CRISIS, skills=("crisis",))
    scene = PictureScene(default_plan(), a_standing("1001", crisis=5), a_standing("1002"))
    scene.wait(crisis, sticky=sticky)
    assert scene.chosen() == [("c1", "1001")]
    scene.picture.contact_left(ContactId("c1"))
    scene.stand(a_standing("1001", S.OFFERED, crisis=5), a_standing("1001", crisis=5))
    scene.wait(crisis, sticky=sticky, tried=("1001",))
    assert scene.chosen(20) == [("c1", "1002")]


def test_the_only_one_on_duty_is_asked_again_at_once() -> None:
    scene = PictureScene(DISTRICT_FIRST, a_standing("1001"))
    scene.wait(a_contact())
    assert scene.chosen() == [("c1", "1001")]
    ring_in_vain(scene, a_contact(), "1001")
    assert scene.chosen(20) == [("c1", "1001")]


def test_of_those_who_were_tried_whoever_was_longest_ago_is_asked_again() -> None:
    scene = district_and_city()
    scene.wait(a_contact(), tried=("1002", "1001"))
    assert scene.chosen(60) == [("c1", "1002")]


def test_one_who_was_tried_is_asked_again_while_all_others_talk() -> None:
    scene = PictureScene(a_plan(), a_standing("1001"), a_standing("1002", S.TALKING))
    scene.wait(a_contact(), tried=("1001",))
    assert scene.chosen() == [("c1", "1001")]


def test_a_step_that_opens_soon_is_waited_for_and_a_later_one_is_not() -> None:
    scene = district_and_city("1003")
    scene.wait(a_contact(), tried=("1001",))
    assert scene.chosen(39.999) == [("c1", "1001")]
    ring_in_vain(scene, a_contact(), "1001")
    assert scene.chosen(40) == []
    assert scene.picture.next_opening() == at(60)
    assert scene.chosen(59.999) == []
    assert scene.made(60) == [Pair(ContactId("c1"), CounselorId("1002"), step=2)]


def test_who_waits_for_a_step_that_opens_soon_holds_up_nobody() -> None:
    scene = district_and_city("1003")
    scene.wait(a_contact("c1"), tried=("1001",))
    scene.wait(a_contact("c2", at=1))
    assert scene.chosen(50) == [("c2", "1001")]


def test_who_waits_for_a_step_that_opens_soon_gets_another_who_is_free_before() -> None:
    scene = district_and_city("1003")
    scene.wait(a_contact(), tried=("1001",))
    assert scene.chosen(50) == []
    scene.stand(a_standing("1003"))
    assert scene.chosen(51) == [("c1", "1003")]


def test_last_other_of_a_circle_signing_off_opens_the_next_at_once() -> None:
    scene = district_and_city("1003")
    scene.stand(a_standing("1001", S.WRAP_UP))
    scene.wait(a_contact(), tried=("1001",))
    assert scene.chosen(5) == []
    scene.stand(a_standing("1003", S.OFFLINE))
    assert scene.chosen(6) == [("c1", "1002")]
