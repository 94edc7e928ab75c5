"""The part of the property test that promises callbacks, and calls back."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from hotline.errors import QueueUnavailable
from hotline.events import (
    CallbackReached,
    ContactOffered,
    ContactQueued,
    OfferWithdrawn,
    Priority,
    Reason,
    SealedNumber,
)
from hotline.ids import ContactId, CounselorId, GatewayId, LegId, OfferId, requested_for
from hotline.ports import Offer, OfferOutcome, Opening, Promise, Waiting
from queueing import keys
from queueing.keys import milliseconds
from queueing.routing.pair import Pair
from tests.queue_claims import ClaimPlay
from tests.queue_play import any_number, losses, slots
from tests.queue_stage import Stage
from tests.queue_tale import asked
from tests.stepped_gateway import SteppedGateway

OPENINGS = {
    "soon": ((0, 90), (200, 400)),
    "window": ((40, 80), (150, 400)),
    "short": ((0, 5),),
}
"""In seconds from the promise."""
whens = st.sampled_from(sorted(OPENINGS))


class CallbackPlay(ClaimPlay):
    """`promises`: every callback that the gateways believe to stand, with what it asks for."""

    def __init__(self, stage: Stage) -> None:
        self.promises: dict[ContactId, Waiting] = {}
        self.attempts: dict[OfferId, str] = {}
        """What the gateways believe of each offer of a callback: rings, dialled, void or over."""
        self.forgotten: set[tuple[GatewayId, str]] = set()
        """Callbacks that a gateway does not carry any more, and has not let go."""
        super().__init__(stage)

    @precondition(lambda self: self.alive)
    @rule(number=any_number, when=whens, lost=losses)
    def promise_to_anybody(self, number: int, when: str, lost: str) -> None:
        waiting = self.contact(number)
        if waiting.contact not in self.talks and requested_for(waiting.contact) is None:
            self.promise(waiting, when, lost)

    @rule(slot=slots, home=st.integers(1, 5), when=whens, lost=losses)
    def promise_to_who_arrives(self, slot: int, home: int, when: str, lost: str) -> None:
        self.arrive(slot, Priority.NORMAL, (), 0, f"home-{home}", "")
        self.state = self.look.take(self.told_last)
        self.promise(list(self.alive.values())[-1], when, lost)

    @precondition(lambda self: self.state.ready and set(self.promises) & set(self.state.line))
    @rule(slot=slots, number=any_number, lost=losses,
          then=st.sampled_from(["rings", "reached", "in vain"]))  # fmt: skip
    def claim_and_dial(self, slot: int, number: int, lost: str, then: str) -> None:
        """The counselor picks up at once; `then` the caller's phone rings, or has."""
        waiting = [contact for contact in self.promises if contact in self.state.line]
        contact, ready = waiting[number % len(waiting)], sorted(self.state.ready)
        extension = ready[number % len(ready)]
        gateway = self.gateways[slot]
        self.beat(gateway)
        pair = Pair(contact, CounselorId(extension))
        (made,) = self.run_in(gateway.store.offer([pair], gateway=gateway.id))
        self.take_inboxes()
        self.state = self.look.take(self.told_last)
        if made is not None and self.told_to.get(made.id) == gateway.id:
            self.dial(gateway, made, lost)
            self.state = self.look.take(self.told_last)
            if then == "reached":
                self.reach(gateway, made, lost)
            elif then == "in vain":
                self.release(gateway, made, lost, Reason.NO_ANSWER)

    def promise(self, waiting: Waiting, when: str, lost: str) -> None:
        gateway, now = self.owner(waiting), self.clock.now()
        asks = replace(waiting, gateway=GatewayId(""))
        if when == "window" and waiting.priority is Priority.NORMAL:
            asks = replace(asks, priority=Priority.CALLBACK)
        promise = Promise(
            waiting=asks,
            caller=SealedNumber("sealed", waiting.caller_digest),
            trunk="carrier",
            consent=True,
            choice=when,
            openings=tuple(
                Opening(now + timedelta(seconds=opens), now + timedelta(seconds=closes))
                for opens, closes in OPENINGS[when]
            ),
        )
        there = self.state.contacts.get(waiting.contact, {})
        may = there.get("state") == "queued" and there.get("gateway") == gateway.id
        may = may and waiting.caller_digest not in ("", *self.state.promised)
        seq = self.tale.seq(gateway.id, waiting.contact)
        failed: Any = self.redis.hget(keys.BURIED + gateway.id, waiting.contact)
        may = may and int(failed or 0) <= seq  # else it must hear of that first
        self.tale.was_told(gateway.id, waiting.contact)  # whoever journals it, the number is taken
        otherwise = self.tale.event(waiting.contact, seq + 1, ContactQueued, **asked(waiting))
        made = self.say(
            gateway, lost,
            lambda: gateway.store.promise(
                waiting.contact, promise, gateway=gateway.id, seq=seq, event=otherwise.id
            ),
        )  # fmt: skip
        if made:
            assert may
            del self.alive[waiting.contact]
            self.promises[waiting.contact] = asks
        else:
            assert lost == "told" or not may or self.heals_in
            self.tale.journal(gateway.id, otherwise)
            self.enqueue_again(waiting)  # nobody heard of it: the caller is on the line

    def owned_callbacks(self, gateway: SteppedGateway) -> set[ContactId]:
        """Those that `gateway` has claimed."""
        return {
            ContactId(contact)
            for contact in self.state.promises
            if self.state.contacts.get(contact, {}).get("gateway") == gateway.id
            and (gateway.id, contact) not in self.forgotten
        }

    def forget_a_callback(self, number: int) -> None:
        """By a fault of ours a gateway does not let go, and carries it no more."""
        lives = {gateway.id for gateway in self.gateways}
        offers = [o for o in self.offers if self.attempts.get(o.id) in ("rings", "void", "dialled")
                  and self.told_to[o.id] in lives]  # fmt: skip
        if offers:
            offer = offers[number % len(offers)]
            self.attempts[offer.id] = "over"
            self.forgotten.add((self.told_to[offer.id], offer.contact))

    @precondition(lambda self: self.promises)
    @rule(number=any_number, lost=losses,
          reason=st.sampled_from([Reason.DECLINED, Reason.NO_ANSWER]),
          what=st.sampled_from(["dial", "dial", "reach", "release", "give_back"]),
          outcome=st.sampled_from(OfferOutcome))  # fmt: skip
    def carry_a_callback(
        self, number: int, what: str, lost: str, reason: Reason, outcome: OfferOutcome
    ) -> None:
        """What its gateway does next under one of the last offers, however stale."""
        self.take_inboxes()
        offers = [offer for offer in self.offers[-12:] if offer.contact in self.promises]
        if not offers:
            return
        offer = offers[number % len(offers)]
        life = self.told_to[offer.id]
        gateway = next((one for one in self.gateways if one.id == life), None)
        if gateway is None or (life, offer.contact) in self.forgotten:
            return
        if what == "dial":
            self.dial(gateway, offer, lost)
        elif what == "reach":
            self.reach(gateway, offer, lost)
        else:
            is_said = what == "give_back" or bool(number % 2)
            if is_said:
                self.offer_is_over(offer)
            if what == "give_back":
                self.say(gateway, lost, lambda: gateway.store.give_back(offer, outcome))
            self.release(gateway, offer, lost, reason)

    def release(self, gateway: SteppedGateway, offer: Offer, lost: str, reason: Reason) -> None:
        """Let go; the queue says how the offer ended where the gateway has not."""
        journalled = self.attempts.get(offer.id) != "rings"
        self.attempts[offer.id] = "over"
        seq = self.tale.seq(gateway.id, offer.contact)
        self.say(
            gateway, lost,
            lambda: gateway.store.release(
                offer, gateway=gateway.id, seq=seq, reason=reason, journalled=journalled
            ),
        )  # fmt: skip

    def hears(self, gateway: SteppedGateway, offer: Offer) -> None:
        """The counselor's phone rings; what rang before for this caller does not any more."""
        if offer.id not in gateway.callback_seqs:
            return super().hears(gateway, offer)
        for other in self.offers:
            if other.contact == offer.contact and self.told_to.get(other.id) == gateway.id:
                self.offer_is_over(other)
        self.forgotten.discard((gateway.id, offer.contact))
        self.tale.knows(gateway.id, offer.contact, gateway.callback_seqs[offer.id])
        self.tale.say(gateway.id, offer.contact, ContactOffered, **names(offer))
        self.attempts[offer.id] = "rings"

    def offer_is_over(self, offer: Offer) -> None:
        """The phone does not ring any more, and its gateway says so."""
        if self.attempts.get(offer.id) == "rings":
            life = self.told_to[offer.id]
            self.tale.say(life, offer.contact, OfferWithdrawn, **names(offer))
            self.attempts[offer.id] = "void"

    def dial(self, gateway: SteppedGateway, offer: Offer, lost: str) -> None:
        held = self.state.promises.get(offer.contact, {})
        there = self.state.contacts.get(offer.contact, {})
        serves = self.state.served.get(offer.contact) == (offer.counselor, offer.id)
        rings, seq = (
            self.attempts.get(offer.id) == "rings",
            self.tale.seq(gateway.id, offer.contact),
        )
        if rings and lost == "told":  # nobody knows whether it was dialled, and nobody is
            with contextlib.suppress(QueueUnavailable):
                gateway.scripts.lose = lost
                self.run_in(gateway.store.dial(offer, seq=seq))
            return self.release(gateway, offer, "", Reason.WITHDRAWN)
        attempt = self.say(gateway, lost, lambda: gateway.store.dial(offer, seq=seq))
        if rings and attempt:
            self.tale.was_told(gateway.id, offer.contact)
            self.attempts[offer.id] = "dialled"
        else:
            self.offer_is_over(offer)
        if not serves:
            assert attempt == 0
        elif there["state"] == "talking":
            assert attempt == (int(held["attempts"]) if held else 0)
        else:
            late = bool(held) and milliseconds(self.clock.now()) > int(held["closes"])
            refused = not held or late or "dissolved" in held
            assert attempt == (0 if refused else int(held["attempts"]) + 1)

    def reach(self, gateway: SteppedGateway, offer: Offer, lost: str) -> None:
        there = self.state.contacts.get(offer.contact, {})
        serves = self.state.served.get(offer.contact) == (offer.counselor, offer.id)
        if serves and there["state"] == "talking" and offer.contact in self.state.promises:
            self.tale.say(
                gateway.id, offer.contact, CallbackReached, leg=LegId("l"), **names(offer)
            )
            self.say(gateway, lost, lambda: gateway.store.reached(offer))
            self.alive[offer.contact] = replace(
                self.promises.pop(offer.contact), gateway=gateway.id
            )
            self.talks[offer.contact] = offer

    @precondition(lambda self: self.promises)
    @rule(number=any_number, lost=losses)
    def operator_withdraws(self, number: int, lost: str) -> None:
        if number % 4 == 0:
            contact = list(self.promises)[number % len(self.promises)]
            gateway = self.gateways[0]
            self.say(
                gateway, lost, lambda: gateway.store.withdraw_callback(contact, by="operator:x")
            )

    def callbacks_are_what_redis_says(self) -> None:
        """A promise ends in Redis alone: by attempts, openings, its caller or an operator."""
        for contact in [c for c in self.promises if c not in self.state.promises]:
            del self.promises[contact]
            self.ended.add(contact)
            self.unsure |= {contact} if self.losses else set()
        unknown = set(self.state.promises) - set(self.promises)
        assert self.losses or not unknown, "nobody promised that"


def names(offer: Offer) -> dict[str, Any]:
    return {"offer": offer.id, "counselor": offer.counselor}
