"""The part of the property test that reads changes, proposes pairs and claims them, one thing after
the other or overlapping."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from hotline.ids import ContactId, CounselorId, requested_for
from queueing import keys
from queueing.routing.pair import Pair
from queueing.routing.picture import Picture
from queueing.routing.plan import plan_or_default
from tests.queue_play import Play, any_number, extensions, losses, slots

claim_losses = st.sampled_from(["", "", "", "again", "told", "never"])


class ClaimPlay(Play):
    """Every gateway's dispatcher, moved by hand."""

    @rule(slot=slots, most=st.sampled_from([1, 3, 9, None]))
    def read(self, slot: int, most: int | None) -> None:
        gateway = self.gateways[slot]
        self.run_in(gateway.read_all() if most is None else gateway.read(most))

    @rule(slot=slots, lost=losses)
    def dispatch(self, slot: int, lost: str) -> None:
        """By a picture that is as old as it may be."""
        self.run_in(self.gateways[slot].dispatch(lost))

    @rule(slot=slots, hold=st.sampled_from(["asked", "answered"]), lost=claim_losses)
    def look_and_be_held_up(self, slot: int, hold: str, lost: str) -> None:
        """Claim, and hear nothing for a while: the next look proposes more, and waits with it."""
        self.run_in(self.gateways[slot].look(hold, lost))

    @rule(slot=slots, hold=st.sampled_from(["", "asked", "answered"]))
    def claims_arrive(self, slot: int, hold: str) -> None:
        """What was held up goes on, and what waited for it."""
        self.run_in(self.gateways[slot].claims_arrive(hold))

    @rule(slot=slots)
    def read_anew(self, slot: int) -> None:
        """The picture is another: what was proposed by the one before is void."""
        gateway = self.gateways[slot]
        gateway.connected = False
        self.run_in(gateway.read_all())

    @rule(slot=slots)
    def look_and_claim(self, slot: int) -> None:
        """Undisturbed, every proposal becomes an offer, and nobody is overtaken by their like."""
        gateway = self.gateways[slot]
        self.beat(gateway)
        made = self.run_in(gateway.store.offer(self.propose(), gateway=gateway.id))
        assert None not in made

    def propose(self) -> list[Pair]:
        shot = self.run_in(self.gateways[0].store.snapshot())
        picture = Picture(plan_or_default(shot.plan))
        for standing in shot.counselors:
            picture.counselor_stands(standing)
        for one in shot.line:
            assert one.waiting is not None
            picture.contact_waits(one.waiting, sticky=one.sticky, score=one.score)
        pairs = picture.pairs(keys.milliseconds(self.clock.now()))
        given = {pair.contact: pair.sticky for pair in pairs}
        left_behind = set()
        for waiting, sticky in shot.waiting:
            request = requested_for(waiting.contact) is not None
            asks = (waiting.priority, waiting.skills, request)  # all else is the same for all
            assert asks not in left_behind or given.get(waiting.contact) in (None, True)
            if sticky is None and waiting.contact not in given:
                left_behind.add(asks)
        return pairs

    @precondition(lambda self: self.contacts)
    @rule(slot=slots, number=any_number, extension=extensions)
    def claim_anything(self, slot: int, number: int, extension: str) -> None:
        """A proposal as stale as can be: of any contact that ever was, to anybody."""
        contact = ContactId(f"c{1 + number % self.contacts:04}")
        gateway = self.gateways[slot]
        self.beat(gateway)  # who is unknown claims no callback
        self.state = self.look.take(self.told_last)
        free = contact in self.state.waiting and extension in self.state.ready
        pair = Pair(contact, CounselorId(extension))
        (made,) = self.run_in(gateway.store.offer([pair], gateway=gateway.id))
        assert (made is not None) is free
