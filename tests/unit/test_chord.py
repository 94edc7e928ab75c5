"""Chords on a counselor's phone."""

from __future__ import annotations

import pytest

from hotline.conversation.chord import WITHIN_SECONDS, Chord, ChordReader


def read(*keys: tuple[str, float]) -> list[Chord]:
    reader = ChordReader()
    found = [reader.pressed(key, at=at) for key, at in keys]
    return [chord for chord in found if chord is not None]


@pytest.mark.parametrize("chord", Chord)
def test_star_and_digit_make_a_chord(chord: Chord) -> None:
    assert read((chord[0], 1.0), (chord[1], 1.5)) == [chord]


def test_nothing_else_is_one() -> None:
    for key in "0123456 8*#AD".replace(" ", ""):
        assert read(("*", 1.0), (key, 1.1)) == []
    assert read(("7", 1.0), ("*", 1.1)) == []
    assert read(("*", 1.0), ("1", 1.1), ("7", 1.2)) == []


def test_second_key_that_comes_too_late_is_none() -> None:
    assert read(("*", 1.0), ("7", 1.0 + WITHIN_SECONDS)) == [Chord.ESCALATE]
    assert read(("*", 1.0), ("7", 1.1 + WITHIN_SECONDS)) == []


def test_star_pressed_again_begins_anew() -> None:
    assert read(("*", 1.0), ("*", 5.0), ("9", 5.5)) == [Chord.HELP]


def test_chord_is_read_once_and_may_be_pressed_again() -> None:
    assert read(("*", 1.0), ("7", 1.1), ("7", 1.2)) == [Chord.ESCALATE]
    assert read(("*", 1.0), ("7", 1.1), ("*", 1.2), ("7", 1.3)) == [Chord.ESCALATE] * 2
