"""``hotline caller callbacks`` and ``callback-cancel`` with a real Redis behind them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from admin import bootstrap
from admin.commands import callback
from hotline import events as e
from hotline.clock import ManualClock
from hotline.configfile import load
from hotline.events import CounselorState as S
from hotline.events import Reason
from hotline.ids import ContactId, CounselorId
from hotline.ports import Offer
from queueing import keys
from queueing.limits import Limits
from queueing.store import QueueStore
from tests.callback_scene import a_promise, an_opening, claim
from tests.integration.test_caller_command import NUMBER, Desk
from tests.queue_scene import GATEWAY, NOON, a_profile


@pytest.fixture
def desk(tmp_path: Path, redis_url: str) -> Desk:
    return Desk(tmp_path, redis_url)


def promise(desk: Desk, *names: str) -> None:
    """Promise a callback, tonight, to a caller for each name."""

    async def made() -> None:
        settings = load(desk.config)
        store = QueueStore.open(settings.redis_url, clock=ManualClock(NOON), limits=Limits())
        seals = bootstrap.sealer(settings)
        for n, name in enumerate(names):
            sealed = seals.seal(f"{int(NUMBER) + n}")
            opening = an_opening(3600, 7200)
            one = a_promise(name, opening, after=n, digest=sealed.digest, choice="window")
            await store.enqueue(replace(one.waiting, gateway=GATEWAY))
            one = replace(one, caller=sealed)
            assert await store.promise(ContactId(name), one, gateway=GATEWAY, seq=4)
        await store.close()

    asyncio.run(made())


def test_promises_are_listed_with_the_middle_of_the_number_hidden(desk: Desk) -> None:
    promise(desk, "aaaa1111bbbb", "cccc2222dddd")
    said = desk.says("caller", "callbacks")
    assert said.index("aaaa1111") < said.index("cccc2222")
    assert "13*******00" in said
    assert NUMBER not in said
    assert said.count("waits for") == 2


def test_promise_is_taken_back_by_what_the_list_shows_and_journalled_with_who_did_it(
    desk: Desk,
) -> None:
    promise(desk, "aaaa1111bbbb", "cccc2222dddd")
    desk.says("caller", "callback-cancel", "aaaa1111")
    assert "aaaa1111" not in desk.says("caller", "callbacks")
    (withdrawn,) = desk.journal(e.CallbackWithdrawn)
    assert withdrawn.subject == "aaaa1111bbbb"
    assert withdrawn.by.startswith("operator:")


async def being_called(desk: Desk) -> tuple[QueueStore, Offer]:
    """The caller's phone may ring now."""
    store = QueueStore.open(load(desk.config).redis_url, clock=ManualClock(NOON), limits=Limits())
    one = a_promise("aaaa1111bbbb")
    await store.enqueue(replace(one.waiting, gateway=GATEWAY))
    assert await store.promise(one.waiting.contact, one, gateway=GATEWAY, seq=4)
    await store.heartbeat(GATEWAY, {})
    await store.put_counselor(a_profile("1001"))
    await store.change_state(CounselorId("1001"), S.READY, reason="asked", by="counselor")
    offer = await claim(store, "aaaa1111bbbb")
    assert offer is not None
    assert await store.dial(offer, seq=6) == 1
    return store, offer


async def test_cancel_while_the_caller_is_being_called_is_done_when_the_gateway_has_stopped(
    desk: Desk,
) -> None:
    store, offer = await being_called(desk)
    command = asyncio.create_task(
        asyncio.to_thread(desk.says, "caller", "callback-cancel", "aaaa1111")
    )
    async with asyncio.timeout(20):
        while await store._redis.llen(keys.inbox(GATEWAY)) < 2:  # type: ignore[misc]
            assert not command.done()
        await store.release(offer, gateway=GATEWAY, seq=7, reason=Reason.WITHDRAWN)
        assert "that call was the last" in await command
    await store.close()


async def test_cancel_whose_gateway_says_nothing_does_not_claim_that_nobody_is_called(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callback, "STOPS_WITHIN", 0)
    store, _ = await being_called(desk)
    said = await asyncio.to_thread(desk.says, "caller", "callback-cancel", "aaaa1111", fails=True)
    assert "is being called" in said
    await store.close()


def test_cancel_of_what_is_not_there_or_not_one_fails_in_a_sentence(desk: Desk) -> None:
    promise(desk, "aaaa1111bbbb", "aaaa2222dddd")
    for word, found in (("ffff", 0), ("aaaa", 2)):
        said = desk.says("caller", "callback-cancel", word, fails=True)
        assert f"{found} callbacks are shown as '{word}'" in said
    assert desk.journal(e.CallbackWithdrawn) == []
