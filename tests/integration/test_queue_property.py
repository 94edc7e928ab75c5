"""Any interleaving of two gateways on one real Redis keeps every promise of the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hotline.clock import ManualClock
from hotline.events import CounselorState as S
from hotline.events import CounselorStateChanged, Priority
from hotline.ids import ContactId, CounselorId, GatewayId
from hotline.ports import Offer, OfferOutcome, Waiting
from hotline.wire import decode
from queueing import keys
from queueing.limits import Limits
from queueing.presence import TRANSITIONS
from queueing.ranking import Pair, Ranking, place
from queueing.store import QueueStore
from tests.queue_scene import GATEWAY, NOON, OTHER_GATEWAY, a_profile, a_waiting

T = TypeVar("T")
LIMITS = Limits(wrap_up=20, offer_lease=30)
CREW = {"1001": {}, "1002": {"grief": 2}, "1003": {"grief": 5, "crisis": 3}}
gateways = st.sampled_from([GATEWAY, OTHER_GATEWAY])
any_offer = st.integers(0, 10_000)
requirements = st.sampled_from([(), ("grief",), ("crisis:3",)])


@dataclass
class Alive:
    """A contact as its gateway knows it."""

    waiting: Waiting
    withdrawals: int = 0
    given_back: set[str] = field(default_factory=set)


class TwoGateways(RuleBasedStateMachine):
    """What the gateways know is the model; what Redis holds is compared with it at every step."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.redis = redis.Redis.from_url(url, decode_responses=True)
        self.redis.flushall()
        self.runner = asyncio.Runner()
        self.clock = ManualClock(NOON)
        self.stores = {
            gateway: QueueStore.open(url, clock=self.clock, limits=LIMITS)
            for gateway in (GATEWAY, OTHER_GATEWAY)
        }
        self.alive: dict[ContactId, Alive] = {}
        self.offers: list[Offer] = []
        self.proposals: dict[GatewayId, list[Pair]] = {GATEWAY: [], OTHER_GATEWAY: []}
        self.contacts = 0

    def run_in(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def pick(self, number: int) -> Offer:
        return self.offers[-1 - number % min(len(self.offers), 6)]

    @initialize()
    def staff(self) -> None:
        for extension, skills in CREW.items():
            profile = a_profile(extension, **skills)
            self.run_in(self.stores[GATEWAY].put_counselor(profile))
            self.run_in(self.ask_for(extension, S.READY))

    async def ask_for(self, extension: str, state: S) -> None:
        await self.stores[GATEWAY].change_state(
            CounselorId(extension), state, reason="asked", by="counselor"
        )

    # --- what gateways and counselors do ---------------------------------------------

    @rule(gateway=gateways, priority=st.sampled_from(Priority), skills=requirements,
          ago=st.integers(0, 3000))  # fmt: skip
    def arrive(
        self, gateway: GatewayId, priority: Priority, skills: tuple[str, ...], ago: int
    ) -> None:
        self.contacts += 1
        waiting = a_waiting(
            f"c{self.contacts:04}", gateway=gateway, priority=priority, skills=skills,
            after=-ago / 1000,
        )  # fmt: skip
        self.alive[waiting.contact] = Alive(waiting)
        self.run_in(self.stores[gateway].enqueue(waiting))

    @precondition(lambda self: self.alive)
    @rule(number=any_offer)
    def caller_leaves(self, number: int) -> None:
        contact = list(self.alive)[number % len(self.alive)]
        gone = self.alive.pop(contact)
        self.run_in(self.stores[gone.waiting.gateway].leave(contact))

    @rule(gateway=gateways)
    def propose(self, gateway: GatewayId) -> None:
        """Look, but claim later: others act in between."""
        self.proposals[gateway] = self.run_in(self.look(self.stores[gateway]))

    async def look(self, store: QueueStore) -> list[Pair]:
        line = await store.waiting()
        assert line == sorted(line, key=place), "the line is out of order"
        return list(Ranking(await store.ready()).pairs(line))

    @rule(gateway=gateways)
    def claim(self, gateway: GatewayId) -> None:
        pairs, self.proposals[gateway] = self.proposals[gateway], []
        made = self.run_in(self.stores[gateway].offer(pairs))
        self.offers += [offer for offer in made if offer is not None]

    @rule(gateway=gateways)
    def look_and_claim(self, gateway: GatewayId) -> None:
        """Undisturbed, every proposal becomes an offer."""
        pairs = self.run_in(self.look(self.stores[gateway]))
        made = self.run_in(self.stores[gateway].offer(pairs))
        assert None not in made
        self.offers += [offer for offer in made if offer is not None]

    @precondition(lambda self: self.contacts)
    @rule(number=any_offer, extension=st.sampled_from(sorted(CREW)), gateway=gateways)
    def claim_anything(self, number: int, extension: str, gateway: GatewayId) -> None:
        """A proposal as stale as can be: of any contact that ever was, to anybody."""
        contact = ContactId(f"c{1 + number % self.contacts:04}")
        free = (
            self.redis.zscore(keys.WAITING, contact) is not None
            and self.redis.zscore(keys.READY, extension) is not None
        )
        pair = Pair(contact, CounselorId(extension))
        (made,) = self.run_in(self.stores[gateway].offer([pair]))
        assert (made is not None) is free
        self.offers += [made] if made is not None else []

    @precondition(lambda self: self.offers)
    @rule(number=any_offer, gateway=gateways)
    def answer(self, number: int, gateway: GatewayId) -> None:
        """Said twice, as after a lost reply: the answer is the same."""
        offer = self.pick(number)
        first = self.run_in(self.stores[gateway].accept(offer))
        assert self.run_in(self.stores[gateway].accept(offer)) is first

    @precondition(lambda self: self.offers)
    @rule(number=any_offer, gateway=gateways, outcome=st.sampled_from(OfferOutcome))
    def give_back(self, number: int, gateway: GatewayId, outcome: OfferOutcome) -> None:
        offer = self.pick(number)
        given = self.run_in(self.stores[gateway].give_back(offer, outcome))
        contact = self.alive.get(offer.contact)
        if contact is None or not given or offer.id in contact.given_back:
            return
        contact.given_back.add(offer.id)
        contact.withdrawals += outcome is OfferOutcome.WITHDRAWN
        if contact.withdrawals == 3 and outcome is OfferOutcome.WITHDRAWN:
            contact.withdrawals = 0  # position 0: its gateway puts it back in line
            self.run_in(self.stores[contact.waiting.gateway].enqueue(contact.waiting))

    @precondition(lambda self: self.offers)
    @rule(number=any_offer, gateway=gateways, requeue=st.booleans())
    def hang_up(self, number: int, gateway: GatewayId, requeue: bool) -> None:
        offer = self.pick(number)
        if self.served().get(offer.contact) == (offer.counselor, offer.id) and not requeue:
            del self.alive[offer.contact]
        self.run_in(self.stores[gateway].finish(offer, requeue=requeue))

    @rule(extension=st.sampled_from(sorted(CREW)),
          state=st.sampled_from([S.READY, S.READY, S.NOT_READY, S.OFFLINE]))  # fmt: skip
    def ask(self, extension: str, state: S) -> None:
        self.run_in(self.ask_for(extension, state))

    @rule(seconds=st.integers(1, 35), dead=st.sampled_from([None, None, None, OTHER_GATEWAY]))
    def time_passes(self, seconds: int, dead: GatewayId | None) -> None:
        self.run_in(self.pass_time(seconds, dead))
        if dead is not None and not self.redis.zscore(keys.GATEWAYS, dead):
            self.alive = {c: a for c, a in self.alive.items() if a.waiting.gateway != dead}

    async def pass_time(self, seconds: int, dead: GatewayId | None) -> None:
        for _ in range(0, seconds, 3):
            self.clock.advance(3)
            for gateway, store in self.stores.items():
                if gateway != dead:
                    carried = {c: 1 for c, a in self.alive.items() if a.waiting.gateway == gateway}
                    await store.heartbeat(gateway, carried)
            await asyncio.gather(*(store.sweep() for store in self.stores.values()))

    # --- what must hold at every step --------------------------------------------------

    def served(self) -> dict[str, tuple[str, str]]:
        """Contact -> (counselor, offer) of all who are offered or talking, as contacts say."""
        rows = {c: self.redis.hgetall(keys.CONTACT + c) for c in self.redis.hkeys(keys.CONTACTS)}
        return {c: (r["counselor"], r["offer"]) for c, r in rows.items() if r["state"] != "queued"}

    @invariant()
    def nobody_has_two(self) -> None:
        served = self.served()
        assert len({counselor for counselor, _ in served.values()}) == len(served)
        held = {e: self.redis.hgetall(keys.COUNSELOR + e) for e in self.redis.hkeys(keys.PROFILES)}
        serving = {e: h["contact"] for e, h in held.items() if h["state"] in ("offered", "talking")}
        assert serving == {counselor: contact for contact, (counselor, _) in served.items()}
        for state, key in (("ready", keys.READY), ("wrap_up", keys.WRAP_UPS)):
            assert set(self.redis.zrange(key, 0, -1)) == {
                e for e, h in held.items() if h["state"] == state
            }

    @invariant()
    def no_contact_is_lost_and_the_order_is_kept(self) -> None:
        served = self.served()
        line = list(self.redis.zrange(keys.WAITING, 0, -1))
        assert not set(line) & set(served)
        assert set(line) | set(served) == set(self.alive)
        assert line == sorted(line, key=lambda c: place(self.alive[c].waiting))

    def teardown(self) -> None:
        last: dict[str, CounselorStateChanged] = {}
        for _, fields in self.redis.xrange(keys.JOURNAL):
            event = decode(fields)
            if not isinstance(event, CounselorStateChanged):
                continue
            before = last.get(event.subject)
            assert event.seq == (before.seq + 1 if before else 1)
            assert event.previous is (before.state if before else S.OFFLINE)
            assert event.state in TRANSITIONS[event.previous].values()
            last[event.subject] = event
        for store in self.stores.values():
            self.run_in(store.close())
        self.runner.close()
        self.redis.close()


def test_two_gateways_in_any_order_keep_every_promise(redis_url: str) -> None:
    run_state_machine_as_test(
        lambda: TwoGateways(redis_url),
        settings=settings(
            max_examples=25,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
