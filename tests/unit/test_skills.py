"""Who may serve a contact."""

from __future__ import annotations

import pytest

from queueing.routing.skills import Need, fits, profile_from_json, profile_to_json
from tests.queue_scene import a_profile, a_waiting


def need(*skills: str, language: str = "zh") -> Need:
    return Need.of(a_waiting(skills=skills, language=language))


def test_contact_without_requirements_fits_everybody() -> None:
    assert fits(a_profile(), need())


def test_every_required_skill_must_be_there() -> None:
    assert fits(a_profile(grief=1, youth=2), need("grief", "youth"))
    assert not fits(a_profile(grief=5), need("grief", "youth"))


@pytest.mark.parametrize(("level", "fit"), [(2, False), (3, True), (5, True)])
def test_required_level_is_the_least(level: int, fit: bool) -> None:
    assert fits(a_profile(crisis=level), need("crisis:3")) is fit


def test_named_languages_are_the_only_ones_spoken() -> None:
    assert not fits(a_profile(lang_zh=5), need(language="en"))
    assert fits(a_profile(lang_zh=5, lang_en=2), need(language="en"))


def test_counselor_who_names_no_language_speaks_all() -> None:
    assert fits(a_profile(grief=1), need(language="en"))


@pytest.mark.parametrize("level", [0, 6])
def test_level_outside_one_to_five_is_refused(level: int) -> None:
    with pytest.raises(ValueError, match="levels go from 1 to 5"):
        a_profile(grief=level)


def test_profile_survives_being_stored() -> None:
    profile = a_profile(node="city/east", lang_zh=5, crisis=3)
    assert profile_from_json(profile_to_json(profile)) == profile
