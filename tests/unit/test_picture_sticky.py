"""The counselor who last took this caller comes first, within limits."""

from __future__ import annotations

from hotline.events import Priority
from hotline.ids import ContactId, CounselorId
from queueing.routing.picture import Pair
from queueing.routing.plan import default_plan
from tests.unit.picture_scene import PictureScene, S, a_contact, a_plan, a_standing, at

WEST = "city/west/hill"


def one_busy(*, sticky: float = 20) -> PictureScene:
    """1001 talks, 1002 is free; whoever waits below is kept for 1001."""
    plan = a_plan(sticky=sticky)
    return PictureScene(plan, a_standing("1001", S.TALKING), a_standing("1002", idle=50))


def test_who_last_took_the_caller_goes_before_all_others_who_fit() -> None:
    crew = [a_standing("1001", node=WEST, share=0.9), a_standing("1002", idle=50, grief=5)]
    scene = PictureScene(a_plan('reach = "district"', ""), *crew)
    scene.wait(a_contact(preferred=("grief",)), sticky="1001")
    assert scene.made() == [Pair(ContactId("c1"), CounselorId("1001"), step=2, sticky=True)]


def test_a_contact_is_kept_for_who_is_busy_until_the_limit_and_not_longer() -> None:
    scene = one_busy()
    scene.wait(a_contact(), sticky="1001")
    assert scene.chosen(19.999) == []
    assert scene.picture.next_opening() == at(20)
    assert scene.made(20) == [Pair(ContactId("c1"), CounselorId("1002"), step=1, sticky=False)]


def test_a_step_that_opens_meanwhile_does_not_lengthen_the_keeping() -> None:
    plan = a_plan("seconds = 5", 'skills = "none"', sticky=20)
    scene = PictureScene(plan, a_standing("1001", S.TALKING), a_standing("1002"))
    scene.wait(a_contact(), sticky="1001")
    assert scene.chosen(1) == []
    assert scene.chosen(6) == []
    assert scene.picture.next_opening() == at(20)
    assert scene.chosen(20) == [("c1", "1002")]


def test_others_go_on_while_one_is_kept() -> None:
    scene = one_busy()
    scene.wait(a_contact("c1"), sticky="1001")
    scene.wait(a_contact("c2", at=1))
    assert scene.chosen(1) == [("c2", "1002")]


def test_who_is_kept_is_served_when_the_counselor_becomes_ready() -> None:
    scene = one_busy()
    scene.wait(a_contact("c1"), sticky="1001")
    assert scene.chosen(1) == []
    scene.stand(a_standing("1001"))
    assert scene.chosen(2) == [("c1", "1001")]


def test_who_is_kept_goes_elsewhere_as_soon_as_the_counselor_leaves() -> None:
    scene = one_busy()
    scene.wait(a_contact("c1"), sticky="1001")
    assert scene.chosen(1) == []
    scene.stand(a_standing("1001", S.NOT_READY))
    assert scene.chosen(2) == [("c1", "1002")]


def test_who_is_kept_goes_elsewhere_as_soon_as_the_counselor_is_removed() -> None:
    scene = one_busy()
    scene.wait(a_contact("c1"), sticky="1001")
    assert scene.chosen(1) == []
    scene.picture.counselor_removed(CounselorId("1001"))
    assert scene.chosen(2) == [("c1", "1002")]


def test_nobody_is_kept_for_a_counselor_who_is_not_on_duty() -> None:
    scene = PictureScene(a_plan(), a_standing("1001", S.OFFLINE), a_standing("1002"))
    scene.wait(a_contact(), sticky="1001")
    assert scene.chosen() == [("c1", "1002")]


def test_nobody_is_kept_for_a_counselor_who_does_not_fit() -> None:
    scene = one_busy()
    scene.stand(a_standing("1002", grief=1))
    scene.wait(a_contact(skills=("grief",)), sticky="1001")
    assert scene.chosen() == [("c1", "1002")]


def test_with_a_limit_of_zero_nobody_is_kept() -> None:
    scene = one_busy(sticky=0)
    scene.wait(a_contact(), sticky="1001")
    assert scene.chosen() == [("c1", "1002")]


def test_a_crisis_is_kept_for_nobody() -> None:
    scene = one_busy()
    scene.wait(a_contact(priority=Priority.CRISIS), sticky="1001")
    assert scene.chosen() == [("c1", "1002")]


def test_who_is_kept_goes_at_once_when_it_becomes_a_crisis() -> None:
    scene = one_busy()
    scene.wait(a_contact(), sticky="1001")
    assert scene.chosen() == []
    scene.wait(a_contact(priority=Priority.CRISIS), sticky="1001")
    assert scene.chosen(1) == [("c1", "1002")]


def test_a_crisis_goes_to_a_certified_one_rather_than_to_who_last_took_it() -> None:
    crew = [a_standing("1001"), a_standing("1002", crisis=1), a_standing("1003", idle=9, crisis=1)]
    scene = PictureScene(default_plan(), *crew)
    scene.wait(a_contact("c1", priority=Priority.CRISIS), sticky="1001")
    assert scene.chosen() == [("c1", "1003")]
    scene.wait(a_contact("c2", priority=Priority.CRISIS, at=1), sticky="1002")
    scene.stand(a_standing("1004", idle=9, crisis=1))
    assert scene.made(1) == [Pair(ContactId("c2"), CounselorId("1002"), step=1, sticky=True)]


def test_a_contact_is_kept_for_one_who_is_being_claimed_for_another() -> None:
    scene = PictureScene(a_plan(), a_standing("1001"))
    scene.wait(a_contact("c1"))
    (pair,) = scene.made()
    scene.wait(a_contact("c2", at=1), sticky="1001")
    scene.stand(a_standing("1002", idle=9))
    assert scene.chosen(1) == []
    scene.picture.release(pair)
    assert scene.chosen(2) == [("c1", "1002"), ("c2", "1001")]
