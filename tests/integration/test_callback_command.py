"""``hotline caller callbacks`` and ``callback-cancel`` with a real Redis behind them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from admin import bootstrap
from hotline import events as e
from hotline.clock import ManualClock
from hotline.configfile import load
from hotline.ids import ContactId
from queueing.limits import Limits
from queueing.store import QueueStore
from tests.callback_scene import a_promise, an_opening
from tests.integration.test_caller_command import NUMBER, Desk
from tests.queue_scene import GATEWAY, NOON


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


def test_cancel_of_what_is_not_there_or_not_one_fails_in_a_sentence(desk: Desk) -> None:
    promise(desk, "aaaa1111bbbb", "aaaa2222dddd")
    for word, found in (("ffff", 0), ("aaaa", 2)):
        said = desk.says("caller", "callback-cancel", word, fails=True)
        assert f"{found} callbacks are shown as '{word}'" in said
    assert desk.journal(e.CallbackWithdrawn) == []
