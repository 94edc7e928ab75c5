"""A callback that is given up is told to a supervisor, whoever dies or hears nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from hotline import events as e
from hotline.errors import QueueUnavailable
from hotline.events import AlarmKind, Reason
from hotline.ids import ContactId
from hotline.ports import Offer
from queueing.callbacks import Callbacks
from queueing.leases import Leases
from queueing.limits import Limits
from queueing.scripts import connect
from tests.callback_scene import SEQ, a_promise, an_opening, dialled, promise, told
from tests.lossyscripts import LossyScripts
from tests.queue_scene import GATEWAY, OTHER_GATEWAY, QueueScene, a_queue

ONCE = Limits(callback_attempts=1, callback_retry=600)


def alarms(scene: QueueScene) -> list[e.AlarmRaised]:
    return [event for event in scene.journal() if isinstance(event, e.AlarmRaised)]


async def its_release_is_not_answered(scene: QueueScene, offer: Offer) -> None:
    """The gateway lets go, hears nothing, and is killed before it can say so again."""
    scripts = LossyScripts(connect(scene.url), clock=scene.clock)
    callbacks = Callbacks(connect(scene.url), scripts=scripts, limits=scene.limits)
    scripts.lose = "told"
    with pytest.raises(QueueUnavailable):
        await callbacks.release(offer, gateway=GATEWAY, seq=SEQ + 3, reason=Reason.NO_ANSWER)


async def its_gateway_is_killed_and_the_sweep_not_answered(
    scene: QueueScene, _offer: Offer
) -> None:
    """Whoever found it dead is killed as well."""
    await scene.beat(GATEWAY)
    await scene.pass_time(10, OTHER_GATEWAY)
    scripts = LossyScripts(connect(scene.url), clock=scene.clock)
    leases = Leases(scripts=scripts, limits=scene.limits)
    for _ in range(3):
        scene.clock.advance(2)
        await scene.beat(OTHER_GATEWAY)
        scripts.lose = "told"
        with pytest.raises(QueueUnavailable):
            await leases.sweep()


async def its_gateway_has_forgotten_it(scene: QueueScene, _offer: Offer) -> None:
    """The gateway lives, and says that it carries nothing."""
    for _ in range(6):
        scene.clock.advance(4)
        await scene.store.heartbeat(GATEWAY, {})


WAYS = (
    its_release_is_not_answered,
    its_gateway_is_killed_and_the_sweep_not_answered,
    its_gateway_has_forgotten_it,
)


@pytest.mark.parametrize("happens", WAYS)
async def test_supervisor_is_told_of_every_callback_that_is_given_up_though_nobody_hears_of_it(
    redis_url: str, happens: Callable[[QueueScene, Offer], Awaitable[None]]
) -> None:
    async with a_queue(redis_url, ONCE) as scene:
        offer = await dialled(scene)
        await happens(scene, offer)
        assert isinstance(told(scene)[-1], e.CallbackGivenUp)
        await scene.pass_time(5, GATEWAY, OTHER_GATEWAY)
        (alarm,) = alarms(scene)
        assert alarm.kind is AlarmKind.CALLBACK_GIVEN_UP
        assert alarm.detail.startswith("contact c1: called back in vain")


async def test_supervisor_is_told_when_the_last_opening_is_over(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        for n in (1, 2):
            made = a_promise(f"c{n}", an_opening(0, 5), digest=f"caller-{n}")
            assert await promise(scene, made)
        await scene.pass_time(7, GATEWAY)
        assert [alarm.seq for alarm in alarms(scene)] == [1, 2]
        assert {alarm.subject for alarm in alarms(scene)} == {"queue"}


async def test_supervisor_is_told_nothing_of_a_promise_that_was_taken_back(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        assert await promise(scene, a_promise())
        await scene.store.withdraw_callback(ContactId("c1"), by="operator:li")
        assert alarms(scene) == []
