"""One attempt to call a caller back, with fakes around it: counselor first, once, discreetly."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from hotline import events as e
from hotline.call import DigitPressed, LegAnswered, LegEnded
from hotline.contact import ContactState as S
from hotline.events import CounselorState as C
from hotline.events import Reason, Result, Termination
from tests.callback_scene import SEQ, a_promise
from tests.queue_scene import NOON
from tests.unit.attempt import C1, NUMBER, ONE, Attempt, play

# --- the way to the conversation -----------------------------------------------------


def test_counselor_is_rung_first_and_nobody_is_called_before_they_pick_up() -> None:
    promise = a_promise()
    promise = replace(promise, waiting=replace(promise.waiting, dnis="12356"))

    async def act(a: Attempt) -> None:
        await a.begin(promise)
        assert a.scene.telephone.called == []
        await a.pick_up()
        assert [call[:2] for call in a.scene.telephone.called] == [(NUMBER, "12356")]
        assert a.hears(a.desk) == ("callback_counselor",)
        assert a.said[-1] == "dial"  # the fence stands before the call

    attempt = play(act)
    assert attempt.contact.state is S.DIALLED
    assert attempt.scene.journal.names == ["ContactOffered"]
    assert attempt.contact.seq == SEQ + 3


def test_whoever_answers_hears_a_sentence_and_nothing_of_the_counselor() -> None:
    attempt = play(lambda a: a.at_home())
    assert attempt.hears(attempt.home) == ("callback_announce",)
    assert attempt.scene.audio.bridges == set()


@pytest.mark.parametrize("key", ["1", "0"])
def test_key_lets_the_two_talk_and_it_is_a_conversation_like_any_other(key: str) -> None:
    async def act(a: Attempt) -> None:
        await a.at_home()
        a.press(key)
        await a.conversation.settled()

    attempt = play(act)
    assert attempt.scene.audio.bridges == {frozenset({attempt.home, attempt.desk})}
    assert attempt.contact.state is S.TALKING
    assert attempt.scene.journal.names == ["ContactOffered", "CallbackReached", "RecordingStarted"]
    assert attempt.said[-1] == "reached"
    assert attempt.scene.callbacks.promises == {}
    assert attempt.conversation.legs == {attempt.home, attempt.desk}
    assert not attempt.visit.lives


def test_refusal_to_be_recorded_is_remembered() -> None:
    async def act(a: Attempt) -> None:
        await a.begin(replace(a_promise(), consent=False))
        await a.pick_up()
        a.visit.leg_event(LegAnswered(leg=a.home))
        a.press("1")

    assert "RecordingStarted" not in play(act).scene.journal.names


def test_counselor_who_is_lost_leaves_the_caller_in_line_with_the_danger_key() -> None:
    async def act(a: Attempt) -> None:
        await a.at_home()
        a.press("1")
        talk = a.conversation
        talk.leg_event(LegEnded(leg=a.desk, reason=Reason.RTP_SILENCE, status=200))
        await talk.settled()
        assert a.scene.queue.waiting[C1].topic == "grief"
        talk.leg_event(DigitPressed(leg=a.home, digit="0"))
        await talk.settled()

    attempt = play(act)
    assert attempt.contact.state is S.QUEUED
    assert attempt.scene.queue.waiting[C1].priority == "crisis"
    assert attempt.scene.queue.waiting[C1].arrived_at == NOON


# --- attempts in vain ------------------------------------------------------------------


@pytest.mark.parametrize("reason", [Reason.DECLINED, Reason.UNREACHABLE])
def test_caller_who_is_not_reached_is_told_to_the_counselor_who_is_ready_again(
    reason: Reason,
) -> None:
    async def act(a: Attempt) -> None:
        await a.begin()
        await a.pick_up()
        await a.ends(a.home, reason, 486)
        assert a.hears(a.desk) == ("callback_failed",)
        assert a.scene.queue.states[ONE] is C.TALKING  # the words first
        await a.words_are_over()

    attempt = play(act)
    assert attempt.said[-1] == f"release {reason}"
    assert attempt.scene.queue.states[ONE] is C.READY
    assert attempt.desk in attempt.scene.telephone.ended
    assert attempt.visit.over


def test_phone_that_rings_in_vain_stops() -> None:
    async def act(a: Attempt) -> None:
        await a.begin()
        await a.pick_up()
        await a.advance(30)
        await a.words_are_over()

    attempt = play(act)
    assert attempt.home in attempt.scene.telephone.ended
    assert attempt.said[-1] == "release no_answer"


def test_sentence_is_said_twice_and_then_the_attempt_is_over() -> None:
    async def act(a: Attempt) -> None:
        await a.at_home()
        a.press("5")
        assert a.home not in a.scene.telephone.ended
        assert a.hears(a.home) == ("callback_announce",)
        a.press("7")
        await a.words_are_over()

    attempt = play(act)
    assert attempt.home in attempt.scene.telephone.ended
    assert attempt.said[-1] == "release not_confirmed"
    assert attempt.scene.audio.bridges == set()


def test_counselor_who_hangs_up_early_ends_the_attempt_for_the_caller_too() -> None:
    async def act(a: Attempt) -> None:
        await a.at_home()
        await a.ends(a.desk, Reason.COUNSELOR_HUNG_UP)

    attempt = play(act)
    assert attempt.home in attempt.scene.telephone.ended
    assert attempt.said[-1] == "release counselor_hung_up"


def test_key_after_the_end_of_the_attempt_means_nothing() -> None:
    async def act(a: Attempt) -> None:
        await a.at_home()
        await a.ends(a.desk, Reason.COUNSELOR_HUNG_UP)
        a.press("1")

    assert play(act).scene.audio.bridges == set()


def test_key_that_comes_while_the_counselor_hears_of_the_failure_bridges_nobody() -> None:
    async def act(a: Attempt) -> None:
        await a.at_home()
        a.press("5")
        a.press("5")
        assert a.hears(a.desk) == ("callback_failed",)
        a.press("1")

    attempt = play(act)
    assert attempt.scene.audio.bridges == set()
    assert attempt.contact.state is S.DIALLED


@pytest.mark.parametrize("number", ["", "110", "0013105551234", "sip:x"])
def test_number_that_must_not_be_dialled_is_not(number: str) -> None:
    async def act(a: Attempt) -> None:
        a.number = number
        await a.begin()
        await a.pick_up()
        await a.words_are_over()

    attempt = play(act)
    assert attempt.scene.telephone.called == []
    assert attempt.scene.queue.states[ONE] is C.READY


# --- no word from the queue ------------------------------------------------------------


def test_nobody_is_dialled_without_the_queues_word() -> None:
    async def act(a: Attempt) -> None:
        await a.begin()
        a.scene.queue.away = True
        a.visit.leg_event(LegAnswered(leg=a.desk))
        for _ in range(3):
            await a.scene.turn()
        assert a.hears(a.desk) == ("callback_void",)
        a.scene.queue.away = False
        await a.settle()
        assert a.scene.queue.states[ONE] is C.OFFERED  # to nobody else while the words last
        a.scene.timers.advance(20)
        await a.settle()

    attempt = play(act)
    assert attempt.scene.telephone.called == []
    assert attempt.scene.queue.states[ONE] is C.READY
    assert attempt.scene.callbacks.promises[C1].attempts == 0


def test_caller_who_calls_again_while_the_counselors_phone_rings_stops_it() -> None:
    async def act(a: Attempt) -> None:
        await a.begin()
        a.scene.callbacks.dissolve(C1)
        offer = a.scene.queue._served[C1].offer
        a.visit.offer_withdrawn(offer.id)

    attempt = play(act)
    assert attempt.desk in attempt.scene.telephone.ended
    assert attempt.scene.telephone.called == []
    assert attempt.scene.callbacks.promises == {}
    assert not attempt.visit.lives


def test_caller_who_calls_again_while_being_dialled_is_not_called() -> None:
    async def act(a: Attempt) -> None:
        await a.begin()
        await a.pick_up()
        a.scene.callbacks.dissolve(C1)
        a.visit.offer_withdrawn(a.scene.queue._served[C1].offer.id)
        assert a.hears(a.desk) == ("callback_void",)
        await a.words_are_over()

    attempt = play(act)
    assert attempt.home in attempt.scene.telephone.ended
    assert attempt.scene.callbacks.promises == {}


# --- the counselor's phone ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "event", "state"),
    [
        (Reason.DECLINED, "OfferDeclined", C.NOT_READY),
        (Reason.NO_ANSWER, "OfferMissed", C.NOT_READY),
        (Reason.UNREACHABLE, "OfferFailed", C.NOT_READY),
    ],
)
def test_counselor_who_does_not_pick_up_costs_no_attempt(
    reason: Reason, event: str, state: C
) -> None:
    async def act(a: Attempt) -> None:
        await a.begin()
        await a.ends(a.desk, reason, 486)

    attempt = play(act)
    assert attempt.scene.journal.names[-1] == event
    assert attempt.scene.queue.states[ONE] is state
    assert attempt.scene.callbacks.promises[C1].attempts == 0
    assert list(attempt.scene.queue.waiting) == [C1]


def test_next_offer_that_comes_before_it_was_let_go_rings_too() -> None:
    async def act(a: Attempt) -> None:
        await a.begin()
        a.scene.callbacks.thinking = asyncio.Event()
        a.visit.leg_event(LegEnded(leg=a.desk, reason=Reason.DECLINED, status=486))
        for _ in range(5):
            await a.scene.turn()
        again = a.claim()
        a.visit.offer_made(again)
        a.scene.callbacks.thinking.set()
        await a.settle()
        assert len(a.scene.telephone.dialled) == 2
        await a.pick_up()

    attempt = play(act)
    assert attempt.visit.lives
    assert len(attempt.scene.telephone.called) == 1


# --- leaving -----------------------------------------------------------------------------


@pytest.mark.parametrize("is_dialled", [False, True])
def test_gateway_that_leaves_lets_go_at_once(is_dialled: bool) -> None:
    async def act(a: Attempt) -> None:
        await a.begin()
        if is_dialled:
            await a.pick_up()
        a.visit.fail(Reason.SHUTDOWN)

    attempt = play(act)
    assert attempt.visit.over
    assert attempt.scene.queue.states[ONE] is C.READY
    assert set(attempt.visit.legs) <= set(attempt.scene.telephone.ended)


def test_contact_goes_on_with_its_numbers_and_no_event_has_the_telephone_number() -> None:
    async def act(a: Attempt) -> None:
        await a.at_home()
        a.press("1")
        talk = a.conversation
        talk.leg_event(LegEnded(leg=a.home, reason=Reason.CALLER_HUNG_UP, status=200))
        await talk.settled()

    events = play(act).scene.journal.events
    # SEQ + 1 is the promise, + 3 the fence: the queue's scripts have journalled both.
    assert [x.seq - SEQ for x in events] == [2, 4, 5, 6, 7]
    assert isinstance(events[-1], e.CallerLeft)
    assert events[-1].termination == Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)
    assert NUMBER not in str(events)
