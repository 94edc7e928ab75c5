"""What the property test of the queue must meet is all that there is."""

from __future__ import annotations

from queueing.scripts import NAMES
from tests.queue_answers import ANSWERS, not_met, not_run, scripts


def test_every_script_of_the_directory_is_one_that_the_plays_must_meet() -> None:
    assert scripts() == set(ANSWERS) == set(NAMES)


def test_what_was_never_answered_is_listed() -> None:
    met = dict.fromkeys([(name, word) for name in ANSWERS for word in ANSWERS[name]], 1)
    assert not_met(met) == []
    del met["dial_back", "no"], met["order", "already"]
    assert not_met(met) == [("dial_back", "no"), ("order", "already")]
    assert not_run(met) == []
    assert not_run({("offer", "made"): 1}) == sorted(set(ANSWERS) - {"offer"})
