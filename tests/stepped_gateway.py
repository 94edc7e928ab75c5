"""A gateway's part in the queue, moved by hand: its picture, its dispatcher, its inbox, its heart.

All of it is the platform's own code; what is left out are the loops that drive it, so that a test
decides in which order things happen.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from hotline.clock import ManualClock
from hotline.contact import ContactState as S
from hotline.errors import QueueUnavailable
from hotline.ids import ContactId, CounselorId, GatewayId, OfferId, new_gateway_id
from hotline.ports import Carried, Offer
from queueing import keys
from queueing.dispatcher import Dispatcher
from queueing.feed import Feed, OutOfStep, _entries
from queueing.leases import Beat
from queueing.limits import Limits
from queueing.offers import Offers
from queueing.scripts import connect
from queueing.store import QueueStore
from tests.fakes import FakeAlarms
from tests.lossyscripts import HeldScripts, LossyScripts

TURNS = 5


class SteppedGateway:
    """One slot and the life that is in it now."""

    def __init__(self, url: str, slot: str, *, clock: ManualClock, limits: Limits) -> None:
        self._url = url
        self._slot = slot
        self._clock = clock
        connection = connect(url)
        self.store = QueueStore(connection, clock=clock, limits=limits)
        self.scripts = LossyScripts(connection, clock=clock)
        self.store._scripts = self.scripts
        self.claiming = HeldScripts(connection, clock=clock)
        """Those of the dispatcher alone."""
        self._claims = Offers(scripts=self.claiming, clock=clock, limits=limits)
        self._look: asyncio.Task[None] | None = None
        self._live()

    def begin_life(self) -> None:
        """The process is another: nothing of the one before is known, and what it claimed is not
        asked for any more, or not heard of."""
        for task in (self._look, self._under_way):
            if task is not None and not task.cancel() and not task.cancelled():
                task.exception()  # nobody is left to hear it
        self._look = None
        self.claiming.hold = self.claiming.lose = ""
        self._live()

    def _live(self) -> None:
        self.id: GatewayId = new_gateway_id(self._slot)
        self.alarms = FakeAlarms()
        self.feed = Feed(self._url, overview=self.store, alarms=self.alarms)
        self.dispatcher = Dispatcher(
            offers=self._claims,
            feed=self.feed,
            gateway=self.id,
            clock=self._clock,
            alarms=self.alarms,
        )
        self.callback_seqs: dict[OfferId, int] = {}
        """Of the callbacks that were claimed for it: their last number by then."""
        self.has_beaten = False
        self.connected = False

    async def close(self) -> None:
        await self.store.close()

    async def read(self, most: int) -> int:
        """Take so many changes into the picture, all there are at the first time; return how many
        it took. Raises OutOfStep, which must not happen while Redis loses nothing."""
        if not self.connected:
            await self.feed._take_snapshot()
            self.connected = True
            return 0
        since = f"1-{self.feed.seen}" if self.feed.seen >= 0 else "0-0"
        found: Any = await self.store._redis.xread({keys.CHANGES: since}, count=most)
        entries = _entries(found)
        for entry, change in entries:
            self.feed._take(entry, change)
        if self.feed._plan_is_due:
            self.feed._use(await self.store.plan_text())
        return len(entries)

    async def read_all(self) -> None:
        """Read to the end; the picture must agree with Redis then."""
        while await self.read(100):
            pass
        try:
            self.feed._compare(await self.store.pulse())
        except OutOfStep as error:
            raise AssertionError(f"the picture is wrong: {error}") from error

    async def dispatch(self, lose: str = "") -> list[Offer]:
        """Claim what the picture proposes, when all that was held up has arrived; nothing before
        the first snapshot."""
        if not self.connected:
            return []
        await self.claims_arrive()
        self.claiming.lose = lose
        try:
            return await self.dispatcher.dispatch()
        except QueueUnavailable:
            return []
        finally:
            self.claiming.lose = ""

    # --- claims that overlap with what follows --------------------------------------------------

    async def look(self, hold: str, lose: str = "") -> None:
        """Let the dispatcher look once, as its loop does, and begin to claim; what it claims is
        held up at `hold` (`HeldScripts`) until `claims_arrive`. While earlier claims are held up it
        proposes the next pairs and waits with those."""
        if not self.connected:
            return
        if self._look is None:
            self.claiming.hold, self.claiming.lose = hold, lose
            self._look = asyncio.create_task(self.dispatcher._advance())
        await self._come_to_rest()

    async def claims_arrive(self, hold: str = "") -> None:
        """Let go what is held up, and hold up at `hold` what is claimed after it."""
        self.claiming.let_go()
        self.claiming.hold = hold
        await self._come_to_rest()

    @property
    def _under_way(self) -> asyncio.Task[list[Offer]] | None:
        return self.dispatcher._claims._under_way

    async def _come_to_rest(self) -> None:
        """Return when nothing goes on any more but what is held up, and what waits for that."""
        for _ in range(TURNS):  # from one step of ours to what it waits for
            await _turn()
        while not self.claiming.waiting and self._goes_on:
            await _turn()
        if self._look is not None and self._look.done():
            done, self._look = self._look, None
            with contextlib.suppress(QueueUnavailable):
                done.result()

    @property
    def _goes_on(self) -> bool:
        return any(task is not None and not task.done() for task in (self._look, self._under_way))

    async def take_inbox(self) -> list[Offer]:
        """Take what the inbox holds; withdrawals are of no interest."""
        texts: Any = await self.store._redis.lpop(keys.inbox(self.id), 100)
        made = [m for m in (json.loads(text) for text in texts or ()) if m["kind"] == "made"]
        self.callback_seqs |= {
            OfferId(m["offer"]): int(m["callback"]["seq"]) for m in made if "callback" in m
        }
        return [_offer(message) for message in made]

    async def beat(
        self,
        carried: Mapping[ContactId, Offer | None],
        *,
        seq_of: Callable[[ContactId], int],
        callbacks: Collection[ContactId] = (),
    ) -> Beat:
        """Beat; each of `carried` talks under its offer, or waits or is served, and each of
        `callbacks` is being called."""
        begins, self.has_beaten = not self.has_beaten, True
        said = {
            contact: Carried(
                seq=seq_of(contact), state=S.QUEUED if offer is None else S.TALKING, offer=offer
            )
            for contact, offer in carried.items()
        }
        said |= {c: Carried(seq=seq_of(c), state=S.RETURNING) for c in callbacks}
        return await self.store.heartbeat(self.id, said, begins=begins)


async def _turn() -> None:
    """Let the loop go round once."""
    turned = asyncio.Event()
    asyncio.get_running_loop().call_soon(turned.set)
    await turned.wait()


def _offer(message: dict[str, Any]) -> Offer:
    return Offer(
        id=OfferId(message["offer"]),
        contact=ContactId(message["contact"]),
        counselor=CounselorId(message["counselor"]),
        expires_at=datetime.fromtimestamp(int(message["expires"]) / 1000, UTC),
    )
