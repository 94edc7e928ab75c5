"""Callers and offers on a real Redis between two gateways that are moved by hand: the part of the
property test that every play has in common (`tests.integration.test_queue_property`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
)

from hotline.errors import QueueUnavailable, UnknownContact
from hotline.events import Priority
from hotline.ids import ContactId, CounselorId, GatewayId, OfferId, request_id, requested_for
from hotline.ports import EscalateContact, Offer, OfferOutcome, Restated, Waiting
from queueing import keys
from queueing.routing.pair import Pair
from tests.queue_scene import a_waiting
from tests.queue_stage import Stage
from tests.queue_tale import Tale
from tests.stepped_gateway import SteppedGateway

T = TypeVar("T")
MILLISECOND = timedelta(milliseconds=1)
HEALED_AFTER = 36
"""Seconds in which gateways that live have told a Redis that lost data what they know: two leases,
where the clock was set back as well."""
CREW: dict[str, dict[str, int]] = {
    "1001": {},
    "1002": {"grief": 2},
    "1003": {"grief": 5, "crisis": 3},
    "2001": {"grief": 4},
}
PROFESSIONAL = "2001"
slots = st.integers(0, 1)
any_number = st.integers(0, 10_000)
extensions = st.sampled_from(sorted(CREW))
callers = st.sampled_from(["", "caller-1", "caller-2"])
requirements = st.sampled_from([(), ("grief",), ("crisis:3",)])
ends = st.sampled_from(["asked", "rings", "talks", "hands over", "hands over"])
losses = st.sampled_from(["", "", "", "again", "told"])


class Play(RuleBasedStateMachine):
    """What the gateways know is the model; `state` is what Redis held after the last step."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        stage.clear()
        self.stage = stage
        self.redis, self.copy, self.look = stage.redis, stage.copy, stage.look
        self.runner, self.clock, self.gateways = stage.runner, stage.clock, stage.gateways
        self.alive: dict[ContactId, Waiting] = {}
        self.doomed: dict[ContactId, str] = {}
        """Contacts of lives that are over and not buried yet."""
        self.failed: set[ContactId] = set()
        """Buried: each has its ContactFailed in the journal."""
        self.burials: Counter[ContactId] = Counter()
        """How often each may have been: a gateway that was asleep can fall asleep again."""
        self.revived: set[ContactId] = set()
        self.ended: set[ContactId] = set()
        self.unsure: set[ContactId] = set()
        """Lost by Redis and by their gateway, both: nobody is left who could tell."""
        self.withdrawn: Counter[ContactId] = Counter()
        self.offers: list[Offer] = []
        self.told_to: dict[OfferId, GatewayId] = {}
        """Which life was told of each offer."""
        self.talks: dict[ContactId, Offer] = {}
        """Who talks, as the gateways know."""
        self.outranked: set[ContactId] = set()
        """Those of them of whom the queue cannot hear: a newer offer has their counselor."""
        self.tale = Tale(self.redis, clock=self.clock)
        self.contacts = 0
        self.orders: set[str] = set()
        """Keys of orders that were given."""
        self.has_jumped = False
        self.losses = 0
        self.heals_in = 0
        self.forget_what_was_told()
        self.state = self.look.take(-1)

    def forget_what_was_told(self) -> None:
        self.told_waiting: set[str] = set()
        self.told_states: dict[str, str] = {}
        self.told_last = -1

    # --- the hand that moves it ----------------------------------------------------------

    def run_in(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def say(
        self, gateway: SteppedGateway, lost: str, words: Callable[[], Coroutine[Any, Any, T]]
    ) -> T:
        """Say it to the queue; whoever hears nothing says it once more."""
        gateway.scripts.lose = lost
        try:
            return self.run_in(words())
        except QueueUnavailable:
            return self.run_in(words())
        finally:
            gateway.scripts.lose = ""

    def contact(self, number: int) -> Waiting:
        return list(self.alive.values())[number % len(self.alive)]

    def owner(self, waiting: Waiting) -> SteppedGateway:
        return next(g for g in self.gateways if g.id == waiting.gateway)

    def pick(self, number: int) -> tuple[Offer, SteppedGateway] | None:
        """One of the last offers, however stale, with the gateway that was told of it; none when
        that one is dead."""
        self.take_inboxes()
        if not self.offers:
            return None
        offer = self.offers[-1 - number % min(len(self.offers), 6)]
        waiting = self.alive.get(offer.contact)
        return None if waiting is None else (offer, self.owner(waiting))

    def take_inboxes(self) -> None:
        for gateway in self.gateways:
            told = self.run_in(gateway.take_inbox())
            self.told_to |= {offer.id: gateway.id for offer in told}
            self.offers += told
            for offer in told:
                self.hears(gateway, offer)

    def hears(self, gateway: SteppedGateway, offer: Offer) -> None:
        """The gateway is told of an offer, and rings."""
        waiting = self.alive.get(offer.contact)
        if waiting is not None and waiting.gateway == gateway.id:
            self.tale.queued(gateway.id, waiting)

    def end(self, contact: ContactId) -> None:
        del self.alive[contact]
        self.ended.add(contact)
        self.is_over(contact)

    def is_over(self, contact: ContactId) -> None:
        """It does not talk any more."""
        self.talks.pop(contact, None)
        self.outranked.discard(contact)

    def tell_again(self, contact: ContactId) -> None:
        """The queue believes otherwise, and its owner says what is so."""
        offer, waiting = self.talks.get(contact), self.alive[contact]
        if offer is None:
            self.enqueue_again(waiting)
            return
        store = self.owner(waiting).store
        answer = self.run_in(store.restate(waiting, offer, talking=True))
        self.outranked.discard(contact)
        if answer is Restated.REFUSED:
            self.outranked.add(contact)

    def beat(self, gateway: SteppedGateway, *, was_buried: bool = False) -> None:
        """Let the gateway's heart beat (`TwoGateways`)."""
        raise NotImplementedError

    # --- contacts --------------------------------------------------------------------------

    @rule(slot=slots, priority=st.sampled_from(Priority), skills=requirements,
          ago=st.integers(0, 90_000), caller=callers, lost=losses)  # fmt: skip
    def arrive_with_wishes(
        self,
        slot: int,
        priority: Priority,
        skills: tuple[str, ...],
        ago: int,
        caller: str,
        lost: str,
    ) -> None:
        self.arrive(slot, priority, skills, ago, caller, lost)

    def arrive(
        self,
        slot: int,
        priority: Priority,
        skills: tuple[str, ...],
        ago: int,
        caller: str,
        lost: str,
    ) -> None:
        self.contacts += 1
        gateway = self.gateways[slot]
        waiting = replace(
            a_waiting(f"c{self.contacts:04}", gateway=gateway.id, priority=priority, skills=skills),
            arrived_at=self.clock.now() - ago * MILLISECOND,
            caller_digest=caller,
        )
        self.tale.queued(gateway.id, waiting)
        kept = self.say(gateway, lost, lambda: gateway.store.enqueue(waiting))
        if kept is not None:
            assert caller
            assert kept.since < waiting.arrived_at or self.has_jumped
            waiting = replace(waiting, arrived_at=kept.since)
        self.alive[waiting.contact] = waiting

    @rule(slot=slots, ago=st.integers(0, 90_000), caller=callers, lost=losses)
    def arrive_like_most(self, slot: int, ago: int, caller: str, lost: str) -> None:
        self.arrive(slot, Priority.NORMAL, (), ago, caller, lost)

    def asks_for_something_else(self, number: int, lost: str) -> None:
        """It is a crisis, or it is none after all."""
        if not self.alive:
            return
        waiting = self.contact(number)
        crisis = waiting.priority is Priority.CRISIS
        priority = Priority.NORMAL if crisis else Priority.CRISIS
        self.enqueue_again(replace(waiting, priority=priority, skills=("crisis:3",)), lost)

    def order(self, slot: int, number: int, lost: str) -> None:
        """For any contact that ever was, with a new key or one that was used."""
        contact = ContactId(f"c{1 + number % (self.contacts + 1):04}")
        order = EscalateContact(contact=contact, by="test", reason="asked")
        gateway, key = self.gateways[slot], f"order {number % 3}"
        owner = self.state.contacts.get(contact, {}).get("gateway")
        try:
            given = self.say(gateway, lost, lambda: gateway.store.give(order, key=key))
            assert owner
            assert self.losses or lost == "told" or given is (key not in self.orders)
            self.orders.add(key)
        except UnknownContact:
            assert not owner, "a callback that waits is nobody's"

    def enqueue_again(self, waiting: Waiting, lost: str = "") -> None:
        gateway = self.owner(waiting)
        self.tale.queued(gateway.id, waiting)
        kept = self.say(gateway, lost, lambda: gateway.store.enqueue(waiting))
        if kept is not None:  # of another call of the same caller, that was buried with it
            waiting = replace(waiting, arrived_at=kept.since)
        self.alive[waiting.contact] = waiting
        self.withdrawn[waiting.contact] = 0
        if self.state.contacts.get(waiting.contact, {}).get("state") != "offered":
            self.is_over(waiting.contact)

    @precondition(lambda self: self.alive)
    @rule(number=any_number, fault=st.booleans(), lost=losses)
    def caller_leaves(self, number: int, fault: bool, lost: str) -> None:
        waiting = self.contact(number)
        gateway = self.owner(waiting)
        self.tale.left(gateway.id, waiting.contact)
        self.say(gateway, lost, lambda: gateway.store.leave(waiting.contact, fault=fault))
        self.end(waiting.contact)

    # --- a second counselor ------------------------------------------------------------------

    @precondition(lambda self: self.alive)
    @rule(number=any_number, lost=losses, until=ends)
    def second_counselor(self, number: int, until: str, lost: str) -> None:
        """Is asked for by whoever talks; comes, whoever that may be; is left with the caller."""
        contact = self.somebody_talks(number)
        if contact is None:
            return
        request = request_id(contact, 1 + number % 3)
        if request in self.ended or self.is_talking(request):
            return
        if request not in self.alive:
            asks = replace(self.alive[contact], contact=request, arrived_at=self.clock.now())
            self.alive[request] = asks
        self.enqueue_again(self.alive[request], lost)
        self.state = self.look.take(self.told_last)
        if until == "asked" or request not in self.state.waiting or not self.state.ready:
            return
        extension = sorted(self.state.ready)[number % len(self.state.ready)]
        gateway = self.owner(self.alive[request])
        (made,) = self.run_in(gateway.store.offer([Pair(request, CounselorId(extension))]))
        if made is not None and until != "rings":
            if until == "talks" or number % 2:  # else nobody tells that they answered
                assert self.say(gateway, lost, lambda: gateway.store.accept(made))
                self.talks[request] = made
            if until == "hands over":
                self.hand_over(contact, made, lost)

    def somebody_talks(self, number: int) -> ContactId | None:
        """A contact that talks, and did so before or, if somebody is free, does from now on."""
        callers = [c for c in self.alive if requested_for(c) is None]
        talking = [c for c in callers if self.is_talking(c)]
        if talking:
            return talking[number % len(talking)]
        queued = [c for c in callers if c in self.state.waiting]
        if not queued or not self.state.ready:
            return None
        contact, counselor = queued[number % len(queued)], sorted(self.state.ready)[0]
        gateway = self.owner(self.alive[contact])
        pair = Pair(contact, CounselorId(counselor))
        (made,) = self.run_in(gateway.store.offer([pair]))
        if made is None:  # Redis has lost that it was reached: it stands as a callback
            assert self.heals_in
            return None
        assert self.run_in(gateway.store.accept(made))
        self.talks[contact] = made
        return contact

    def hand_over(self, contact: ContactId, staying: Offer, lost: str) -> None:
        counselor, number = self.state.served[contact]
        leaving = replace(
            staying, id=OfferId(number), contact=contact, counselor=CounselorId(counselor)
        )
        gateway = self.owner(self.alive[contact])
        self.say(gateway, lost, lambda: gateway.store.hand_over(leaving, staying))
        self.end(staying.contact)
        self.outranked.discard(contact)
        self.talks[contact] = replace(staying, contact=contact)
        after = self.look.take(self.told_last)
        assert after.served[contact] == (staying.counselor, staying.id)
        assert after.contacts[contact]["state"] == "talking"
        assert after.counselors[counselor]["state"] == "wrap_up"

    def hand_over_late(self, number: int, lost: str) -> None:
        """Whoever is to leave does not serve the contact any more: nothing happens."""
        picked = self.pick(number)
        if picked is not None:
            leaving, gateway = picked
            if self.state.served.get(leaving.contact) != (leaving.counselor, leaving.id):
                request = request_id(leaving.contact, 9)
                staying = replace(leaving, contact=request, id=OfferId("0"))
                self.say(gateway, lost, lambda: gateway.store.hand_over(leaving, staying))
                assert self.look.take(self.told_last).served == self.state.served

    def is_talking(self, contact: ContactId) -> bool:
        return self.state.contacts.get(contact, {}).get("state") == "talking"

    # --- offers ------------------------------------------------------------------------------

    @rule(number=any_number, lost=losses)
    def answer(self, number: int, lost: str) -> None:
        picked = self.pick(number)
        if picked is not None:
            offer, gateway = picked
            serves = self.state.served.get(offer.contact) == (offer.counselor, offer.id)
            assert self.say(gateway, lost, lambda: gateway.store.accept(offer)) is serves
            if serves:
                self.tale.queued(gateway.id, self.alive[offer.contact])
                self.is_over(offer.contact)
                self.talks[offer.contact] = offer

    @rule(number=any_number, outcome=st.sampled_from(OfferOutcome), lost=losses)
    def give_back(self, number: int, outcome: OfferOutcome, lost: str) -> None:
        picked = self.pick(number)
        if picked is None:
            return
        offer, gateway = picked
        rings = (
            self.state.served.get(offer.contact) == (offer.counselor, offer.id)
            and self.state.contacts[offer.contact]["state"] == "offered"
        )
        self.tale.queued(gateway.id, self.alive[offer.contact])
        given = self.say(gateway, lost, lambda: gateway.store.give_back(offer, outcome))
        withdrawn = outcome is OfferOutcome.WITHDRAWN
        assert given or not rings or withdrawn  # the third withdrawal leaves no trace
        self.withdrawn[offer.contact] += withdrawn and rings
        if not self.redis.exists(keys.CONTACT + offer.contact) and not self.heals_in:
            assert outcome is OfferOutcome.WITHDRAWN
            assert self.losses or self.withdrawn[offer.contact] >= 3
            self.enqueue_again(self.alive[offer.contact])  # its position was 0

    @rule(number=any_number, requeue=st.booleans(), lost=losses)
    def hang_up(self, number: int, requeue: bool, lost: str) -> None:
        picked = self.pick(number)
        if picked is None:
            return
        offer, gateway = picked
        serves = self.state.served.get(offer.contact) == (offer.counselor, offer.id)
        if serves and not requeue:
            self.tale.left(gateway.id, offer.contact)
        self.say(gateway, lost, lambda: gateway.store.finish(offer, requeue=requeue))
        if serves and not requeue:
            self.end(offer.contact)
        elif serves:
            self.is_over(offer.contact)
