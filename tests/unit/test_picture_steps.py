"""Steps open with time and by who is on duty, also for those who wait already."""

from __future__ import annotations

from hotline.events import Priority
from hotline.ids import ContactId, CounselorId
from queueing.routing.picture import Pair
from queueing.routing.plan import default_plan
from tests.unit.picture_scene import PictureScene, S, a_contact, a_plan, a_standing, at

EAST, WEST = "city/east/riverside", "city/west/hill"
DISTRICT_FIRST = a_plan('reach = "district"\nseconds = 10', "")
SLOW = a_plan('reach = "street"\nseconds = 10', 'reach = "district"\nseconds = 5', "")


def east_is_busy() -> PictureScene:
    """Somebody of the own district talks; somebody of the other one is free."""
    plan = a_plan('reach = "district"\nseconds = 10', "")
    return PictureScene(
        plan, a_standing("1001", S.TALKING, node=EAST), a_standing("1002", node=WEST)
    )


def test_a_step_opens_when_the_time_of_those_before_is_over_and_not_earlier() -> None:
    scene = east_is_busy()
    scene.wait(a_contact())
    assert scene.chosen(9.999) == []
    assert scene.picture.next_opening() == at(10)
    assert scene.made(10) == [Pair(ContactId("c1"), CounselorId("1002"), step=2)]


def test_time_counts_from_the_arrival_not_from_the_telling() -> None:
    scene = east_is_busy()
    scene.wait(a_contact(at=-10))
    assert scene.chosen(0) == [("c1", "1002")]


def test_a_step_that_nobody_is_on_duty_for_costs_no_time() -> None:
    scene = PictureScene(SLOW, a_standing("1001", node=WEST), a_standing("1002", S.NOT_READY))
    scene.wait(a_contact())
    assert scene.made() == [Pair(ContactId("c1"), CounselorId("1001"), step=3)]


def test_a_step_deeper_than_the_contacts_node_costs_no_time() -> None:
    scene = PictureScene(SLOW, a_standing("1001", S.TALKING), a_standing("1002", node=WEST))
    scene.wait(a_contact(node="city"))
    assert scene.chosen() == [("c1", "1002")]


def test_the_last_one_of_a_step_signing_off_opens_the_next_at_once() -> None:
    scene = east_is_busy()
    scene.wait(a_contact())
    assert scene.chosen(1) == []
    scene.stand(a_standing("1001", S.NOT_READY, node=EAST))
    assert scene.chosen(2) == [("c1", "1002")]


def test_relaxing_reaches_all_who_wait_while_a_phone_rings() -> None:
    scene = east_is_busy()
    scene.stand(a_standing("1001", node=EAST))
    scene.wait(a_contact("c1"), a_contact("c2", at=1), a_contact("c3", at=2))
    assert scene.chosen(2) == [("c1", "1001")]
    scene.picture.contact_left(ContactId("c1"))
    scene.stand(a_standing("1001", S.OFFERED, node=EAST))  # and rings, and rings
    assert scene.chosen(11) == [("c2", "1002")]
    scene.stand(a_standing("1003", node=WEST))
    assert scene.chosen(12) == [("c3", "1003")]


def test_a_step_once_open_stays_open_when_somebody_of_an_earlier_one_signs_on() -> None:
    scene = PictureScene(a_plan('reach = "district"\nseconds = 10', ""))
    scene.stand(a_standing("1002", S.TALKING, node=WEST))
    scene.wait(a_contact())
    assert scene.chosen(0) == []  # the city-wide step is open: nobody of the district is on duty
    scene.stand(a_standing("1001", S.TALKING, node=EAST), a_standing("1002", node=WEST))
    assert scene.chosen(1) == [("c1", "1002")]


def city_wide_is_open() -> tuple[PictureScene, Pair]:
    """The city-wide step opened, for nobody of the district was on duty; by now somebody talks."""
    scene = PictureScene(DISTRICT_FIRST, a_standing("1002", node=WEST))
    scene.wait(a_contact())
    (pair,) = scene.made()
    scene.stand(a_standing("1002", S.OFFERED, node=WEST), a_standing("1001", S.TALKING))
    return scene, pair


def test_a_step_once_open_stays_open_when_the_offer_comes_back() -> None:
    scene, pair = city_wide_is_open()
    scene.picture.contact_left(ContactId("c1"))
    scene.stand(a_standing("1002", S.NOT_READY, node=WEST), a_standing("1003", node=WEST))
    scene.wait(a_contact(), opened=pair.opened)
    assert scene.made(1) == [Pair(ContactId("c1"), CounselorId("1003"), step=2)]


def test_a_step_once_open_stays_open_when_the_picture_is_taken_anew() -> None:
    scene, _ = city_wide_is_open()
    scene.picture.clear()
    scene.stand(a_standing("1001", S.TALKING), a_standing("1002", node=WEST))
    scene.wait(a_contact())
    assert scene.chosen(1) == [("c1", "1002")]


def test_a_step_once_open_stays_open_when_the_contact_asks_for_something_else() -> None:
    scene, pair = city_wide_is_open()
    scene.picture.release(pair)
    scene.wait(a_contact(language="en"))
    scene.stand(a_standing("1003", node=WEST))
    assert scene.chosen(1) == [("c1", "1003")]


def test_steps_begin_anew_by_another_plan() -> None:
    scene, pair = city_wide_is_open()
    scene.picture.contact_left(ContactId("c1"))
    scene.picture.use(a_plan('reach = "district"\nseconds = 11', ""))
    scene.stand(a_standing("1003", node=WEST))
    scene.wait(a_contact(), opened=pair.opened)
    assert scene.chosen(10) == []
    assert scene.chosen(11) == [("c1", "1003")]


def test_steps_begin_anew_by_another_route() -> None:
    scene, pair = city_wide_is_open()
    other = pair.opened.replace(" all", " another")
    assert other != pair.opened
    scene.picture.contact_left(ContactId("c1"))
    scene.stand(a_standing("1003", node=WEST))
    scene.wait(a_contact(), opened=other)
    assert scene.chosen(9) == []


def test_an_earlier_step_is_preferred_though_it_opened_later() -> None:
    scene = PictureScene(a_plan('reach = "district"\nseconds = 10', ""))
    scene.stand(a_standing("1002", S.TALKING, node=WEST))
    scene.wait(a_contact())
    assert scene.chosen(0) == []
    scene.stand(a_standing("1001", node=EAST), a_standing("1002", node=WEST, idle=99))
    assert scene.made(1) == [Pair(ContactId("c1"), CounselorId("1001"), step=1)]


def test_the_first_of_several_steps_to_come_is_due_first() -> None:
    scene = PictureScene(SLOW, a_standing("1001", S.TALKING))
    scene.wait(a_contact())
    scene.chosen(0)
    assert scene.picture.next_opening() == at(10)


def test_a_need_that_comes_again_opens_by_who_is_on_duty_then() -> None:
    scene = east_is_busy()
    scene.wait(a_contact("c1"))
    assert scene.chosen(0) == []
    scene.picture.contact_left(ContactId("c1"))
    scene.stand(a_standing("1001", S.OFFLINE, node=EAST))
    scene.wait(a_contact("c2", at=1))
    assert scene.chosen(1) == [("c2", "1002")]


def test_an_earlier_step_that_gets_somebody_holds_back_those_who_come_after() -> None:
    scene = PictureScene(a_plan('reach = "district"\nseconds = 10', ""))
    scene.stand(a_standing("1002", node=WEST), a_standing("1001", S.TALKING, node=EAST))
    scene.wait(a_contact(at=1))
    assert scene.chosen(1) == []


def test_the_older_of_two_equals_has_the_later_step_first() -> None:
    scene = east_is_busy()
    scene.wait(a_contact("young", at=5), a_contact("old", at=0))
    assert scene.chosen(5) == []
    assert scene.chosen(10) == [("old", "1002")]
    scene.stand(a_standing("1003", node=WEST))
    assert scene.chosen(14.9) == []
    assert scene.chosen(15) == [("young", "1003")]


def test_a_step_that_opens_is_seen_in_the_order_of_the_contacts() -> None:
    scene = east_is_busy()
    scene.wait(a_contact("risk", at=1, priority=Priority.HIGH_RISK), a_contact("normal"))
    assert scene.chosen(11) == [("risk", "1002")]


def test_a_clock_that_is_set_back_closes_nothing_and_leaves_nobody_waiting() -> None:
    scene = east_is_busy()
    scene.picture.pairs(at(3600))
    scene.wait(a_contact(at=1))
    assert scene.chosen(2) == [("c1", "1002")]


def test_nothing_is_due_when_everything_is_open() -> None:
    scene = PictureScene(default_plan(), a_standing(state=S.TALKING))
    scene.wait(a_contact())
    assert scene.chosen(1000) == []
    assert scene.picture.next_opening() is None


def test_what_was_due_for_one_who_left_is_due_no_more() -> None:
    scene = east_is_busy()
    scene.wait(a_contact("c1"), a_contact("c2", at=3))
    assert scene.chosen(3) == []
    scene.picture.contact_left(ContactId("c1"))
    assert scene.picture.next_opening() == at(13)


def test_a_crisis_by_the_default_plan_takes_anybody_who_is_free_at_once() -> None:
    crew = [
        a_standing("1001", S.TALKING, crisis=5),
        a_standing("1002", node="elsewhere", lang_fr=1),
    ]
    scene = PictureScene(default_plan(), *crew)
    scene.wait(a_contact(priority=Priority.CRISIS, skills=("crisis",)))
    assert scene.made() == [Pair(ContactId("c1"), CounselorId("1002"), step=4)]


def test_a_crisis_by_the_default_plan_prefers_who_is_certified() -> None:
    crew = [a_standing("1001", idle=90), a_standing("1002", node=WEST, crisis=1)]
    scene = PictureScene(default_plan(), *crew)
    scene.wait(a_contact(priority=Priority.CRISIS, skills=("crisis",)))
    assert scene.chosen() == [("c1", "1002")]


def test_a_partner_city_is_asked_when_its_step_opens() -> None:
    plan = a_plan("seconds = 30", 'reach = "partner"', partners='"othercity"')
    scene = PictureScene(
        plan, a_standing("1001", S.TALKING), a_standing("2001", node="othercity/mid")
    )
    scene.wait(a_contact())
    assert scene.chosen(29) == []
    assert scene.chosen(30) == [("c1", "2001")]
