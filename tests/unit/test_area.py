"""A caller's place in the tiers, by the first digits of the number."""

from __future__ import annotations

import pytest

from hotline.area import Area, Areas

AREAS = Areas(
    [
        Area(prefix="0571", node="city"),
        Area(prefix="05718765", node="city/east"),
        Area(prefix="8765", node="city/east"),
        Area(prefix="1380571", node="city/west"),
        Area(prefix="138", node="city/north"),
        Area(prefix="00852", node="city/abroad"),
    ]
)


@pytest.mark.parametrize(
    ("number", "node"),
    [
        ("057112345678", "city"),
        ("+86 571 1234-5678", "city"),
        ("0571 8765 4321", "city/east"),
        ("87654321", "city/east"),
        ("13805711234", "city/west"),
        ("+8613805711234", "city/west"),
        ("13905711234", None),
        ("13812345678", "city/north"),
        ("+852 2345 6789", "city/abroad"),
        ("0085223456789", "city/abroad"),
        ("", None),
        ("anonymous", None),
        ("Withheld", None),
        ("sip:nobody", None),
    ],
)
def test_longest_prefix_of_the_normalised_number_wins(number: str, node: str | None) -> None:
    assert AREAS.node_of(number) == node


def test_area_code_does_not_fit_a_local_number_that_begins_alike() -> None:
    assert Areas([Area(prefix="0571", node="city")]).node_of("57123456") is None
    assert Areas([Area(prefix="571", node="city")]).node_of("57123456") == "city"


def test_without_areas_nobody_has_a_node_of_one() -> None:
    assert Areas().node_of("13800138000") is None
