"""A contact's node, skills and preferences: from the menu, the area of the number or the line, to
the queue, the journal, a callback and a partner."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from hotline import events as e
from hotline.area import Area, Areas
from hotline.call import LegAnswered, LegEnded
from hotline.conversation.arrival import Arrival
from hotline.events import Priority, Reason
from hotline.ids import ContactId, LegId, NodeId
from hotline.menu.flow import parse_flow
from hotline.menu.reception import NO_MENU
from hotline.menu.welcome import Welcome
from hotline.waiting import Waiting
from tests.callback_scene import a_promise
from tests.unit.attempt import C1, Attempt
from tests.unit.attempt import play as call_back
from tests.unit.scene import NOON, Scene, invited
from tests.unit.test_forwarding import a_partner
from tests.unit.test_gateway import Exchange
from tests.unit.test_gateway import play as at_the_gateway
from tests.unit.test_screening import ARRIVAL

FLOW = parse_flow(
    {
        "start": "district",
        "nodes": {
            "district": {
                "prompts": ["topics"],
                "keys": {
                    "1": {"next": "topic", "node": "city/east", "preferred": ["elderly"]},
                    "2": {"next": "topic"},
                },
            },
            "topic": {
                "prompts": ["topics"],
                "keys": {"1": {"topic": "grief", "skills": ["grief:3"], "preferred": ["music:2"]}},
            },
        },
    },
    file="drawn",
)
EAST, WEST = NodeId("city/east"), NodeId("city/west")
CHOSEN = replace(NO_MENU, node=EAST, preferred=("music:2",))
AREA = Areas([Area(prefix="138", node=WEST)])


def play(act: Callable[[Scene], Awaitable[None]], **facts: object) -> Scene:
    async def whole() -> Scene:
        scene = Scene(**facts)  # type: ignore[arg-type]
        scene.welcome = Welcome(flow=FLOW)
        await scene.ring_in()
        await act(scene)
        await scene.settle()
        return scene

    return asyncio.run(whole())


def asked(scene: Scene) -> Waiting:
    (waiting,) = scene.queue.waiting.values()
    return waiting


def queued(scene: Scene) -> e.ContactQueued:
    event = scene.last(e.ContactQueued)
    assert isinstance(event, e.ContactQueued)
    return event


async def choose_east(s: Scene) -> None:
    await s.press("11")


def test_menu_goes_before_area_and_line() -> None:
    def of(arrival: Arrival, node: NodeId | None) -> NodeId:
        menu = replace(CHOSEN, node=node)
        return arrival.waiting(ContactId("c"), menu, since=NOON).node

    assert of(ARRIVAL, EAST) == EAST
    assert of(ARRIVAL, None) == ARRIVAL.node


def test_queue_and_journal_are_told_what_the_menu_found_out() -> None:
    scene = play(choose_east)
    waiting = asked(scene)
    assert (waiting.node, waiting.skills) == (EAST, ("grief:3",))
    assert waiting.preferred == ("elderly", "music:2")
    assert (queued(scene).node, queued(scene).skills) == (EAST, ("grief:3",))
    assert queued(scene).preferred == ("elderly", "music:2")
    arrived = scene.last(e.InviteReceived)
    assert isinstance(arrived, e.InviteReceived)
    assert arrived.node == "city"  # what was known then


def test_caller_who_chooses_no_district_has_the_one_of_the_arrival() -> None:
    async def act(s: Scene) -> None:
        await s.press("21")

    assert asked(play(act)).node == "city"


def test_danger_key_in_the_menu_and_behind_it_keeps_the_district() -> None:
    async def in_the_menu(s: Scene) -> None:
        await s.press("10")

    async def while_waiting(s: Scene) -> None:
        await s.press("110")

    for act, preferred in (
        (in_the_menu, ("elderly",)),
        (while_waiting, ("elderly", "music:2")),
    ):
        waiting = asked(play(act))
        assert (waiting.priority, waiting.skills) == (Priority.CRISIS, ("crisis",))
        assert (waiting.node, waiting.preferred) == (EAST, preferred)


def test_menu_that_breaks_forgets_no_district() -> None:
    async def act(s: Scene) -> None:
        await s.press("1")
        s.conversation.rescue()

    scene = play(act)
    assert (asked(scene).topic, asked(scene).node) == ("other", EAST)


def test_partner_is_told_the_district_that_the_caller_chose() -> None:
    async def act(s: Scene) -> None:
        await choose_east(s)
        await s.wait_for(61)

    _, headers, _ = play(act, overflow=[a_partner()]).telephone.dialled[-1]
    assert headers["X-Hotline-Node"] == "city/east"


def test_promise_keeps_what_was_asked_for() -> None:
    async def act(s: Scene) -> None:
        await choose_east(s)
        await s.press("91")
        await s.hear_out()

    scene = play(act, windows=())
    (held,) = scene.callbacks.promises.values()
    waiting = held.promise.waiting
    assert waiting.node == queued(scene).node == EAST
    assert waiting.preferred == ("elderly", "music:2")


def test_caller_who_was_called_back_is_in_line_for_the_same_again() -> None:
    made = a_promise()
    made = replace(made, waiting=replace(made.waiting, node=EAST, preferred=("music:2",)))

    async def act(a: Attempt) -> None:
        await a.begin(made)
        await a.pick_up()
        a.visit.leg_event(LegAnswered(leg=a.home))
        a.press("1")
        talk = a.conversation
        talk.leg_event(LegEnded(leg=a.desk, reason=Reason.RTP_SILENCE, status=200))
        await talk.settled()
        a.scene.queue.waiting.clear()  # Redis lost its data: the contact says what it asks for
        talk.tell_again(C1)
        await talk.settled()

    scene = call_back(act).scene
    assert (asked(scene).node, asked(scene).preferred) == (EAST, ("music:2",))


def test_area_of_the_number_goes_before_the_line_and_nothing_tells_the_number() -> None:
    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(LegId("one")))
        x.gateway.leg_event(replace(invited(LegId("two")), caller="anonymous"))
        x.gateway.leg_event(replace(invited(LegId("three")), caller="13912345678"))

    events = at_the_gateway(act, area_of=AREA.node_of).scene.journal.events
    nodes = [event.node for event in events if isinstance(event, e.InviteReceived)]
    assert nodes == [WEST, "city", "city"]
    assert "13800138000" not in repr(events)
