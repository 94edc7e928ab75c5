"""The counselor who was agreed on for a caller is asked, whether they fit an open step or not."""

from __future__ import annotations

from dataclasses import replace

from hotline.events import Priority
from hotline.ids import CounselorId
from hotline.ports import Waiting
from tests.unit.picture_scene import PictureScene, S, a_contact, a_plan, a_standing

GRIEF = a_plan()


def agreed(name: str = "c1", counselor: str = "1001", **more: object) -> Waiting:
    """A contact that needs a skill which 1001 lacks, and for whom that one was agreed on."""
    waiting = a_contact(name, skills=("grief",), **more)  # type: ignore[arg-type]
    return replace(waiting, asked_for=CounselorId(counselor))


def test_dedicated_counselor_who_fits_no_step_is_asked() -> None:
    scene = PictureScene(GRIEF, a_standing("1001"), a_standing("1002", grief=5))
    scene.wait(agreed(), sticky="1001")
    (pair,) = scene.made()
    assert (pair.counselor, pair.step, pair.sticky) == ("1001", 0, True)


def test_one_who_last_took_the_caller_and_fits_no_step_is_not_asked() -> None:
    scene = PictureScene(GRIEF, a_standing("1001"), a_standing("1002", grief=5))
    scene.wait(a_contact(skills=("grief",)), sticky="1001")
    assert scene.chosen() == [("c1", "1002")]


def test_contact_is_kept_for_a_dedicated_counselor_who_is_busy() -> None:
    scene = PictureScene(GRIEF, a_standing("1001", S.TALKING), a_standing("1002", grief=5))
    scene.wait(agreed(), sticky="1001")
    assert scene.chosen() == []
    assert scene.chosen(20) == [("c1", "1002")]


def test_dedicated_counselor_who_comes_late_is_asked_all_the_same() -> None:
    scene = PictureScene(GRIEF, a_standing("1003"), a_standing("1001", S.OFFLINE))
    scene.wait(agreed(), sticky="1001")
    assert scene.chosen() == []
    scene.stand(a_standing("1001", S.READY))
    assert scene.chosen(300) == [("c1", "1001")]


def test_crisis_goes_to_who_is_certified_and_not_to_the_dedicated_one() -> None:
    scene = PictureScene(GRIEF, a_standing("1001"), a_standing("1002", grief=5))
    scene.wait(agreed(priority=Priority.CRISIS), sticky="1001")
    assert scene.chosen() == [("c1", "1002")]
