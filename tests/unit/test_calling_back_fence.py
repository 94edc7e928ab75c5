"""Between the queue's word that a caller may be called and the call itself: what is remembered."""

from __future__ import annotations

import asyncio

import pytest

from hotline.call import LegAnswered, LegEnded
from hotline.contact import ContactState as S
from hotline.events import CounselorState as C
from hotline.events import Reason
from tests.unit.attempt import C1, ONE, Attempt, play


async def turns(a: Attempt) -> None:
    for _ in range(5):
        await a.scene.turn()


async def at_the_fence(a: Attempt, *, is_dialled: bool) -> asyncio.Event:
    """The counselor picked up, and the queue has not answered: it has not counted the attempt
    yet, or, with `is_dialled`, has. It answers when what is returned is set."""
    answers = asyncio.Event()
    await a.begin()
    if is_dialled:
        a.scene.callbacks.answering = answers
    else:
        a.scene.callbacks.thinking = answers
    a.visit.leg_event(LegAnswered(leg=a.desk))
    await turns(a)
    return answers


def withdraw(a: Attempt) -> None:
    """Nobody is to be called any more, and the gateway hears it."""
    a.scene.callbacks.dissolve(C1)
    a.visit.offer_withdrawn(a.scene.queue._served[C1].offer.id)


@pytest.mark.parametrize("is_dialled", [False, True])
def test_withdrawal_that_comes_before_the_fence_has_answered_calls_nobody(
    is_dialled: bool,
) -> None:
    async def act(a: Attempt) -> None:
        answers = await at_the_fence(a, is_dialled=is_dialled)
        withdraw(a)
        a.scene.callbacks.thinking = None
        answers.set()
        await turns(a)
        assert a.hears(a.desk) == ("callback_void",)
        await a.words_are_over()

    attempt = play(act)
    assert attempt.scene.telephone.called == []
    assert attempt.scene.callbacks.promises == {}
    assert attempt.said[-1] == "release withdrawn"
    assert attempt.scene.queue.states[ONE] is C.READY
    assert attempt.contact.state is (S.DIALLED if is_dialled else S.PROMISED)
    assert attempt.visit.over


def test_withdrawal_of_an_offer_that_is_over_stops_no_later_one() -> None:
    async def act(a: Attempt) -> None:
        await a.begin()
        first = a.scene.queue._served[C1].offer.id
        a.scene.callbacks.thinking = asyncio.Event()
        a.visit.leg_event(LegEnded(leg=a.desk, reason=Reason.DECLINED, status=486))
        await turns(a)
        a.visit.offer_withdrawn(first)
        again = a.claim()
        a.visit.offer_made(again)
        a.scene.callbacks.thinking.set()
        await a.settle()
        await a.pick_up()

    assert len(play(act).scene.telephone.called) == 1


@pytest.mark.parametrize("is_dialled", [False, True])
@pytest.mark.parametrize("ends", ["the queue is silent", "shutdown", "fault"])
def test_who_does_not_know_whether_the_fence_stands_leaves_it_to_the_queue_to_say(
    is_dialled: bool, ends: str
) -> None:
    """Else one number would be given twice: to CallbackDialled and OfferWithdrawn."""

    async def act(a: Attempt) -> None:
        answers = await at_the_fence(a, is_dialled=is_dialled)
        if ends == "the queue is silent":
            a.scene.queue.away = True
            answers.set()
            await turns(a)
            a.scene.queue.away = False
        elif ends == "shutdown":
            a.visit.fail(Reason.SHUTDOWN)
        else:
            a.visit.rescue()
        a.scene.callbacks.thinking = a.scene.callbacks.answering = None
        await a.words_are_over()
        answers.set()

    attempt = play(act)
    assert attempt.scene.journal.names == ["ContactOffered"]
    assert attempt.said[-1].endswith(", not journalled")
    assert attempt.scene.telephone.called == []
