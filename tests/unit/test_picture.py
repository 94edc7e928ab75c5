"""Who gets whom: each rule of choosing, and the coming and going."""

from __future__ import annotations

from dataclasses import replace

from hotline.events import Priority
from hotline.ids import ContactId, CounselorId
from queueing.routing.picture import Pair
from queueing.routing.plan import default_plan
from tests.unit.picture_scene import PictureScene, S, a_contact, a_plan, a_standing, at

EAST, WEST = "city/east/riverside", "city/west/hill"
DISTRICT_FIRST = a_plan('reach = "district"', "")
ANYBODY = 'skills = "none"\nreach = "anywhere"'


def test_contacts_are_served_in_their_order() -> None:
    scene = PictureScene(a_plan(), *(a_standing(f"100{n}", idle=-n) for n in range(4)))
    scene.wait(
        a_contact("old", at=-60),
        a_contact("callback", at=-30, priority=Priority.CALLBACK),
        a_contact("risk", at=-20, priority=Priority.HIGH_RISK),
        a_contact("crisis", priority=Priority.CRISIS),
    )
    assert [contact for contact, _ in scene.chosen()] == ["crisis", "risk", "callback", "old"]


def test_an_old_contact_goes_before_a_young_one_at_high_risk() -> None:
    scene = PictureScene(a_plan(), a_standing())
    scene.wait(a_contact("old", at=-901), a_contact("risk", priority=Priority.HIGH_RISK))
    assert scene.chosen() == [("old", "1001")]


def test_a_contact_whom_nobody_fits_holds_up_nobody() -> None:
    scene = PictureScene(a_plan(), a_standing())
    scene.wait(a_contact("rare", skills=("sign",)), a_contact("plain", at=1))
    assert scene.chosen(1) == [("plain", "1001")]


def test_the_longest_idle_is_chosen() -> None:
    crew = [a_standing("1001", idle=10), a_standing("1002", idle=60), a_standing("1003", idle=30)]
    scene = PictureScene(a_plan(), *crew)
    scene.wait(a_contact())
    assert scene.chosen() == [("c1", "1002")]


def test_the_longest_idle_of_a_hundred_is_chosen() -> None:
    crew = [a_standing(str(1000 + n), idle=n * 37 % 100) for n in range(100)]
    scene = PictureScene(a_plan(), *crew)
    scene.wait(*(a_contact(f"c{n}", at=n / 1000) for n in range(100)))
    expected = sorted(crew, key=lambda standing: standing.idle_since)
    assert [pair.counselor for pair in scene.made(1)] == [s.profile.id for s in expected]


def test_higher_levels_in_the_required_skills_go_before_longer_idle() -> None:
    crew = [
        a_standing("1001", idle=90, grief=4, youth=2),
        a_standing("1002", grief=2, youth=5),
        a_standing("1003", idle=99, grief=4, youth=1, other=5),
    ]
    scene = PictureScene(a_plan(), *crew)
    scene.wait(a_contact(skills=("grief:2", "youth")))
    assert scene.chosen() == [("c1", "1002")]


def test_more_preferred_skills_go_before_higher_levels() -> None:
    crew = [a_standing("1001", grief=5, child=1), a_standing("1002", grief=1, child=2, music=1)]
    scene = PictureScene(a_plan(), *crew)
    scene.wait(a_contact(skills=("grief",), preferred=("child:2", "music")))
    assert scene.chosen() == [("c1", "1002")]


def test_who_is_overburdened_goes_after_the_others_even_with_more_skill() -> None:
    crew = [a_standing("1001", share=0.9, grief=5), a_standing("1002", share=0.2, grief=1)]
    scene = PictureScene(a_plan(), *crew)
    scene.wait(a_contact(skills=("grief",)))
    assert scene.chosen() == [("c1", "1002")]


def test_who_is_overburdened_serves_rather_than_nobody() -> None:
    busy = a_standing("1002", S.TALKING, share=0.2)
    scene = PictureScene(a_plan(), a_standing("1001", share=0.9), busy)
    scene.wait(a_contact())
    assert scene.chosen() == [("c1", "1001")]


def test_who_is_overburdened_is_looked_at_anew_each_minute() -> None:
    crew = [a_standing("1001", idle=60, share=0.5), a_standing("1002", share=0.5)]
    scene = PictureScene(a_plan(), *crew)
    assert scene.chosen() == []
    scene.stand(replace(crew[0], busy=3_600_000))
    scene.wait(a_contact("c1"))
    assert scene.chosen(59) == [("c1", "1001")]
    scene.picture.release(Pair(ContactId("c1"), CounselorId("1001")))
    assert scene.chosen(60) == [("c1", "1002")]


def test_an_earlier_step_goes_before_everything_else() -> None:
    crew = [a_standing("1001", node=WEST, idle=90, grief=5), a_standing("1002", share=0.9, grief=1)]
    scene = PictureScene(DISTRICT_FIRST, *crew, a_standing("1003", S.TALKING))
    scene.wait(a_contact(skills=("grief",), preferred=("grief:5",)))
    assert scene.made() == [Pair(ContactId("c1"), CounselorId("1002"), step=1)]


def test_the_other_district_serves_rather_than_nobody() -> None:
    scene = PictureScene(DISTRICT_FIRST, a_standing(node=WEST), a_standing("1002", S.TALKING))
    scene.wait(a_contact())
    assert scene.made() == [Pair(ContactId("c1"), CounselorId("1001"), step=2)]


def test_a_counselor_who_becomes_ready_gets_the_first_in_order_of_all_who_fit() -> None:
    scene = PictureScene(default_plan())
    scene.wait(
        a_contact("grief", at=-50, skills=("grief",), topic="grief"),
        a_contact("west", at=-40, node=WEST),
        a_contact("own", at=-30),
    )
    assert scene.chosen() == []
    scene.stand(a_standing("1001"))
    assert scene.chosen() == [("grief", "1001")]  # at once: nobody is on duty for grief
    scene.stand(a_standing("1002", S.TALKING, grief=1), a_standing("1003"))
    assert scene.chosen(1) == [("west", "1003")]


# --- a pair is held back until its fate is known


def test_what_was_proposed_is_not_proposed_again() -> None:
    scene = PictureScene(a_plan(), a_standing())
    scene.wait(a_contact("c1"), a_contact("c2", at=1))
    assert scene.chosen(1) == [("c1", "1001")]
    assert scene.chosen(2) == []
    assert (scene.picture.waiting, scene.picture.ready) == (2, 1)


def test_a_refused_claim_frees_both_with_the_old_place() -> None:
    scene = PictureScene(a_plan(), a_standing())
    scene.wait(a_contact("c1"))
    (pair,) = scene.made()
    scene.wait(a_contact("c2", at=1))
    scene.picture.release(pair)
    assert scene.chosen(1) == [("c1", "1001")]


def test_a_claim_that_succeeded_leaves_nothing_behind() -> None:
    scene = PictureScene(a_plan(), a_standing())
    scene.wait(a_contact("c1"))
    (pair,) = scene.made()
    scene.picture.contact_left(pair.contact)
    scene.stand(a_standing(state=S.OFFERED))
    scene.picture.release(pair)
    scene.wait(a_contact("c2", at=1))
    assert scene.chosen(1) == []
    scene.stand(a_standing())
    assert scene.chosen(2) == [("c2", "1001")]


def test_a_late_release_does_not_free_who_is_held_for_somebody_else() -> None:
    scene = PictureScene(a_plan(), a_standing("1001"))
    scene.wait(a_contact("c1"))
    (late,) = scene.made()
    scene.picture.contact_left(ContactId("c1"))
    scene.wait(a_contact("c1"))
    scene.stand(a_standing("1002"))
    assert scene.chosen(1) == [("c1", "1002")]
    scene.picture.release(late)
    scene.wait(a_contact("c2", at=1))
    assert scene.chosen(2) == [("c2", "1001")]


def test_a_late_release_does_not_free_a_counselor_who_is_held_for_another_contact() -> None:
    scene = PictureScene(a_plan(), a_standing())
    scene.wait(a_contact("c1"))
    (late,) = scene.made()
    scene.picture.contact_left(ContactId("c1"))
    scene.stand(a_standing(state=S.OFFERED), a_standing())
    scene.wait(a_contact("c2", at=1))
    assert scene.chosen(1) == [("c2", "1001")]
    scene.picture.release(late)
    scene.wait(a_contact("c3", at=2))
    assert scene.chosen(2) == []


def test_a_change_while_held_back_does_not_end_it() -> None:
    scene = PictureScene(a_plan(), a_standing("1001"))
    scene.wait(a_contact("c1"))
    (pair,) = scene.made()
    scene.stand(a_standing("1001", idle=9, grief=1))
    scene.wait(a_contact("c1", skills=("grief",)), a_contact("c2", at=1))
    assert scene.chosen(1) == []
    scene.stand(a_standing("1002", grief=1))
    assert scene.chosen(1) == [("c2", "1002")]
    scene.picture.release(pair)
    assert scene.chosen(1) == [("c1", "1001")]


# --- coming and going


def test_who_left_is_proposed_to_nobody() -> None:
    scene = PictureScene()
    scene.wait(a_contact())
    scene.picture.contact_left(ContactId("c1"))
    scene.stand(a_standing())
    assert scene.chosen() == []


def test_who_was_removed_is_asked_no_more_and_their_seat_serves_another() -> None:
    scene = PictureScene(a_plan(), a_standing("1001", grief=1))
    scene.picture.counselor_removed(CounselorId("1001"))
    scene.wait(a_contact("c1", skills=("grief",)), a_contact("c2", at=1))
    scene.stand(a_standing("1002"))
    assert scene.chosen(1) == [("c2", "1002")]


def test_an_escalated_contact_goes_to_whoever_is_free_at_once() -> None:
    scene = PictureScene(default_plan(), a_standing("1001"), a_standing("1002", S.TALKING, grief=2))
    scene.wait(a_contact(skills=("grief",), topic="grief"))
    assert scene.chosen() == []
    scene.wait(a_contact(skills=("crisis",), priority=Priority.CRISIS))
    assert scene.made(1) == [Pair(ContactId("c1"), CounselorId("1001"), step=3)]


def test_a_contact_escalated_while_its_claim_is_under_way_is_held_and_then_goes_first() -> None:
    scene = PictureScene(default_plan(), a_standing())
    scene.wait(a_contact("c1"))
    (pair,) = scene.made()
    scene.wait(a_contact("c0", at=-60), a_contact("c1", priority=Priority.CRISIS))
    assert scene.chosen(1) == []
    scene.picture.release(pair)
    assert scene.chosen(1) == [("c1", "1001")]


def test_a_counselor_who_learns_a_skill_gets_those_who_wait_for_it() -> None:
    scene = PictureScene(a_plan(), a_standing())
    scene.wait(a_contact(skills=("grief",)))
    assert scene.chosen() == []
    scene.stand(a_standing(grief=1))
    assert scene.chosen(1) == [("c1", "1001")]


def test_a_counselor_who_no_longer_has_a_skill_gets_nobody_who_asks_for_it() -> None:
    scene = PictureScene(a_plan(), a_standing("1001", S.TALKING, grief=1))
    scene.wait(a_contact(skills=("grief",)))
    assert scene.chosen() == []
    scene.stand(a_standing("1001"))
    scene.wait(a_contact("c2", at=1, skills=("grief",)))
    assert scene.chosen(1) == []


def test_all_who_become_ready_at_once_are_given_the_line_in_its_order() -> None:
    scene = PictureScene()
    scene.wait(*(a_contact(f"c{n}", at=n) for n in range(4)))
    assert scene.chosen(3) == []
    scene.stand(*(a_standing(f"100{n}", idle=n) for n in range(3)))
    assert scene.chosen(4) == [("c0", "1002"), ("c1", "1001"), ("c2", "1000")]


def test_a_new_plan_reaches_those_who_wait() -> None:
    scene = PictureScene(a_plan(), a_standing())
    scene.wait(a_contact(skills=("grief",)))
    assert scene.chosen() == []
    scene.picture.use(a_plan(ANYBODY))
    assert scene.chosen(1) == [("c1", "1001")]


def test_after_clear_nobody_is_known() -> None:
    scene = PictureScene(a_plan(), a_standing())
    scene.wait(a_contact())
    scene.picture.clear()
    assert (scene.picture.waiting, scene.picture.ready) == (0, 0)
    assert scene.chosen() == []


def test_for_whom_nobody_is_on_duty_is_said_in_order() -> None:
    scene = PictureScene(
        a_plan(), a_standing(state=S.WRAP_UP), a_standing("1002", S.NOT_READY, sign=5)
    )
    scene.wait(a_contact("a", at=1, skills=("sign",)), a_contact("b", skills=("sign",)))
    scene.wait(a_contact("plain"))
    assert scene.picture.unstaffed(at(1)) == ["b", "a"]
    scene.stand(a_standing("1002", S.TALKING, sign=5))
    assert scene.picture.unstaffed(at(1)) == []
