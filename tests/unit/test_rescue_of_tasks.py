"""A bug of ours in a task, where no leg event hears of it: nobody is left in silence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hotline.call import DigitPressed, LegAnswered, LegEnded, PlaybackFinished
from hotline.contact import ContactState as S
from hotline.conversation.conversation import Conversation
from hotline.events import AlarmKind, Reason
from hotline.events import CounselorState as C
from hotline.ids import CounselorId
from tests.unit import escalation_scene as escalation
from tests.unit import message_scene as message
from tests.unit.escalation_scene import PROFESSIONAL, EscalationScene
from tests.unit.scene import CALLER, Scene, invited
from tests.unit.test_gateway import ONE, TWO, Exchange, play
from tests.unit.test_rescue import CONTACT, in_line, offered


def faulty(*_args: object, **_facts: object) -> None:
    raise RuntimeError("a fault that nobody thought of")


async def faulty_task(*_args: object, **_facts: object) -> None:
    raise RuntimeError("a fault that nobody thought of")


async def picked_up(x: Exchange, number: int) -> None:
    await offered(x, number)
    x.gateway.leg_event(LegAnswered(leg=x.scene.counselor_leg))
    await x.settle()


def is_told(x: Exchange) -> bool:
    return AlarmKind.FAULT in dict(x.scene.alarms.told)


Break = Callable[[Conversation], None]


def without_a_bridge(conversation: Conversation) -> None:
    conversation._talk.begin = faulty  # type: ignore[method-assign]


def after_the_bridge(conversation: Conversation) -> None:
    conversation._talk.care.begin = faulty  # type: ignore[method-assign]


def before_the_talk(conversation: Conversation) -> None:
    conversation._wishes.close = faulty  # type: ignore[method-assign]


@pytest.mark.parametrize("broken", [without_a_bridge, after_the_bridge, before_the_talk])
def test_fault_as_the_counselor_picks_up_frees_the_counselor_and_the_caller_waits_on(
    broken: Break,
) -> None:
    async def act(x: Exchange) -> None:
        conversation = await in_line(x)
        x.before = x.scene.queue.waiting[CONTACT]  # type: ignore[attr-defined]
        broken(conversation)
        await picked_up(x, 1)

    x = play(act)
    assert x.gateway.carried[CONTACT].state is S.QUEUED
    assert x.scene.queue.waiting[CONTACT] == x.before  # type: ignore[attr-defined]
    assert x.scene.counselor_leg in x.scene.telephone.ended
    assert x.scene.queue.states[CounselorId("2001")] is C.WRAP_UP
    assert x.scene.audio.playing[ONE] == ("please_wait",)
    assert x.scene.audio.bridges == set()
    assert x.scene.journal.names[-1] == "OfferWithdrawn"
    assert is_told(x)


def test_next_counselor_talks_to_the_caller_whom_a_fault_kept_from_the_first() -> None:
    async def act(x: Exchange) -> None:
        conversation = await in_line(x)
        begin = conversation._talk.begin
        without_a_bridge(conversation)
        await picked_up(x, 1)
        first = x.scene.counselor_leg
        x.gateway.leg_event(LegEnded(leg=first, reason=Reason.COUNSELOR_HUNG_UP, status=200))
        conversation._talk.begin = begin  # type: ignore[method-assign]
        await picked_up(x, 2)

    x = play(act)
    assert x.gateway.carried[CONTACT].state is S.TALKING
    assert x.scene.audio.bridges == {frozenset({ONE, x.scene.counselor_leg})}


def test_fault_at_each_counselor_who_picks_up_ends_the_contact_honestly_in_the_end() -> None:
    async def act(x: Exchange) -> None:
        conversation = await in_line(x)
        without_a_bridge(conversation)
        for number in (1, 2, 3):
            await picked_up(x, number)

    x = play(act)
    assert x.scene.journal.names[-1] == "ContactFailed"
    assert ONE in x.scene.telephone.ended
    assert x.scene.queue.waiting == {}
    assert x.scene.queue.states[CounselorId("2003")] is C.WRAP_UP


def test_rescue_that_fails_itself_ends_the_contact_honestly_and_no_other() -> None:
    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(TWO))
        conversation = await in_line(x)
        without_a_bridge(conversation)
        conversation._in_line.wait = faulty  # type: ignore[method-assign]
        await picked_up(x, 1)

    x = play(act)
    assert x.scene.journal.names[-1] == "ContactFailed"
    assert ONE in x.scene.telephone.ended
    assert TWO not in x.scene.telephone.ended
    assert x.scene.queue.states[CounselorId("2001")] is C.WRAP_UP


def test_queue_that_cannot_be_asked_by_a_fault_of_ours_keeps_nobody_from_talking() -> None:
    async def act(x: Exchange) -> None:
        await in_line(x)
        x.scene.queue.accept = faulty_task  # type: ignore[assignment,method-assign]
        await picked_up(x, 1)

    x = play(act)
    assert x.gateway.carried[CONTACT].state is S.TALKING
    assert x.scene.audio.bridges == {frozenset({ONE, x.scene.counselor_leg})}
    assert is_told(x)


def test_fault_behind_the_bridge_costs_the_two_nothing() -> None:
    async def act(x: Exchange) -> None:
        conversation = await in_line(x)
        conversation._talk.record = faulty  # type: ignore[method-assign,assignment]
        await picked_up(x, 1)

    x = play(act)
    assert x.gateway.carried[CONTACT].state is S.TALKING
    assert x.scene.audio.bridges == {frozenset({ONE, x.scene.counselor_leg})}
    assert is_told(x)


def test_fault_while_the_place_is_asked_for_costs_the_caller_nothing_and_is_told() -> None:
    async def act(x: Exchange) -> None:
        await in_line(x)
        music = PlaybackFinished(leg=ONE, playlist=x.scene.audio.playlists)
        x.gateway.leg_event(music)
        x.scene.queue.place = faulty_task  # type: ignore[assignment,method-assign]
        await x.scene.advance(10)

    x = play(act)
    assert x.gateway.carried[CONTACT].state is S.QUEUED
    assert x.scene.audio.playing[ONE] == ("music",)
    assert is_told(x)


def test_fault_at_the_end_of_words_to_who_waits_leaves_them_with_music() -> None:
    async def act(x: Exchange) -> None:
        conversation = await in_line(x)
        conversation._waiting_room.playback_finished = faulty  # type: ignore[method-assign]
        x.gateway.leg_event(PlaybackFinished(leg=ONE, playlist=x.scene.audio.playlists))

    assert play(act).scene.audio.playing[ONE] == ("music",)


def test_contact_that_cannot_be_put_in_line_by_a_fault_of_ours_does_not_wait_for_ever() -> None:
    async def act(x: Exchange) -> None:
        x.scene.queue.enqueue = faulty_task  # type: ignore[assignment,method-assign]
        await in_line(x)
        for _ in range(3):  # at each heartbeat
            x.gateway.tell_again([CONTACT])
            await x.settle()

    x = play(act)
    assert x.scene.journal.names[-1] == "ContactFailed"
    assert ONE in x.scene.telephone.ended


def test_absent_queue_is_no_fault() -> None:
    async def act(x: Exchange) -> None:
        await in_line(x)
        await offered(x, 1)
        x.scene.queue.away = True
        x.gateway.leg_event(LegAnswered(leg=x.scene.counselor_leg))
        await x.settle()

    x = play(act)
    assert x.gateway.carried[CONTACT].state is S.TALKING
    assert not is_told(x)


def test_fault_in_the_menus_task_is_told() -> None:
    async def act(x: Exchange) -> None:
        x.scene._find_welcome = faulty_task  # type: ignore[assignment,method-assign]
        x.gateway.leg_event(invited(ONE))
        x.gateway.leg_event(LegAnswered(leg=ONE))

    x = play(act)
    assert CONTACT in x.scene.queue.waiting
    assert is_told(x)


def test_fault_as_the_second_counselor_picks_up_lets_them_go_and_the_two_talk_on() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        await s.ring()
        s.conversation._talk.admit = faulty  # type: ignore[method-assign]
        await s.pick_up()

    s = escalation.play(act)
    assert s.state is S.TALKING
    assert s.professional_leg in s.telephone.ended
    assert s.volunteer_leg not in s.telephone.ended
    assert s.hear_each_other(CALLER, s.volunteer_leg)
    assert s.does(PROFESSIONAL) is C.WRAP_UP
    assert not s.conversation.has_third
    assert AlarmKind.FAULT in dict(s.alarms.told)


def test_fault_as_the_second_counselor_joins_lets_them_go_and_the_two_talk_on() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        await s.ring()
        await s.pick_up()
        s.conversation._talk._arrange = faulty  # type: ignore[method-assign]
        event = PlaybackFinished(leg=s.professional_leg, playlist=s.audio.playlists)
        with pytest.raises(RuntimeError):
            s.conversation.leg_event(event)
        s.conversation.rescue(event)

    s = escalation.play(act)
    assert s.state is S.TALKING
    assert s.professional_leg in s.telephone.ended
    assert s.hear_each_other(CALLER, s.volunteer_leg)
    assert not s.conversation.has_third


def test_fault_while_three_talk_parts_nobody() -> None:
    async def act(s: EscalationScene) -> None:
        await s.join()
        s.conversation._errands.send(faulty_task)

    s = escalation.play(act)
    assert s.all_three
    assert AlarmKind.FAULT in dict(s.alarms.told)


def test_fault_after_a_callback_was_promised_hangs_up_and_the_promise_stands() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        s.conversation._waiting_room.speak = faulty  # type: ignore[method-assign,assignment]
        await s.press("91")

    s = alone(act)
    assert s.state is S.PROMISED
    assert CALLER in s.telephone.ended
    assert s.conversation.contact.id in s.callbacks.promises
    assert AlarmKind.FAULT in dict(s.alarms.told)


@pytest.mark.parametrize("keys", ["0", "10"])
def test_danger_key_that_was_pressed_before_a_fault_of_the_menu_counts(keys: str) -> None:
    async def act(x: Exchange) -> None:
        x.scene._find_welcome = faulty_task  # type: ignore[assignment,method-assign]
        x.gateway.leg_event(invited(ONE))
        x.gateway.leg_event(LegAnswered(leg=ONE))
        for key in keys:
            x.gateway.leg_event(DigitPressed(leg=ONE, digit=key))

    x = play(act)
    assert x.scene.queue.waiting[CONTACT].priority == "crisis"
    assert x.scene.queue.waiting[CONTACT].skills == ("crisis",)
    assert x.scene.audio.playing[ONE] == ("danger_confirmed",)


def test_danger_key_works_for_who_waits_without_a_menu() -> None:
    async def act(x: Exchange) -> None:
        x.scene._find_welcome = faulty_task  # type: ignore[assignment,method-assign]
        x.gateway.leg_event(invited(ONE))
        x.gateway.leg_event(LegAnswered(leg=ONE))
        await x.settle()
        assert x.scene.queue.waiting[CONTACT].priority == "normal"
        x.gateway.leg_event(DigitPressed(leg=ONE, digit="0"))

    x = play(act)
    assert x.scene.queue.waiting[CONTACT].priority == "crisis"
    assert x.scene.audio.playing[ONE] == ("danger_confirmed",)


@pytest.mark.parametrize("keys", ["", "#11"])
def test_danger_key_at_which_our_own_code_fails_counts(keys: str) -> None:
    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(ONE))
        x.gateway.leg_event(LegAnswered(leg=ONE))
        await x.settle()
        for key in keys:
            x.gateway.leg_event(DigitPressed(leg=ONE, digit=key))
        await x.settle()
        conversation = x.gateway.conversation_of(ONE)
        assert conversation is not None
        conversation._caller_event = faulty  # type: ignore[attr-defined]
        x.gateway.leg_event(DigitPressed(leg=ONE, digit="0"))

    x = play(act)
    assert x.scene.queue.waiting[CONTACT].priority == "crisis"
    assert x.scene.audio.playing[ONE] == ("danger_confirmed",)


def alone(act: Callable[[Scene], Awaitable[None]]) -> Scene:
    async def whole() -> Scene:
        scene = Scene(windows=())
        await act(scene)
        await scene.settle()
        return scene

    return asyncio.run(whole())


def test_fault_of_a_timer_while_a_message_is_left_keeps_it_and_leads_to_a_human() -> None:
    async def act(s: Scene) -> None:
        await message.speak(s)
        s.recorder.quiet_seconds = faulty  # type: ignore[method-assign,assignment]
        await s.advance(1)

    s = message.play(act)
    assert s.state is S.QUEUED
    assert s.audio.playing[CALLER] == ("please_wait",)
    assert "RecordingStopped" in s.journal.names
    assert AlarmKind.FAULT in dict(s.alarms.told)


def test_fault_of_the_timer_of_a_phone_that_rings_in_vain_gives_the_offer_back() -> None:
    async def act(x: Exchange) -> None:
        await in_line(x)
        await offered(x, 1)
        x.scene.telephone.end = faulty  # type: ignore[method-assign]
        await x.scene.advance(20)

    x = play(act)
    assert x.gateway.carried[CONTACT].state is S.QUEUED
    assert x.scene.queue.states[CounselorId("2001")] is C.READY
    assert is_told(x)
