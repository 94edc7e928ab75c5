"""The part of the property test that sends callers to a partner who takes only so many."""

from __future__ import annotations

from hypothesis.stateful import precondition, rule

from tests.queue_play import Play, any_number, losses

PARTNER, MOST = "north", 2


class PartnerPlay(Play):
    """Whoever waits may ask for a seat, and give it back."""

    @precondition(lambda self: self.alive)
    @rule(number=any_number, lost=losses)
    def ask_for_a_seat(self, number: int, lost: str) -> None:
        waiting = self.contact(number)
        gateway = self.owner(waiting)
        has_one = self.say(
            gateway, lost,
            lambda: gateway.store.take_seat(PARTNER, waiting.contact, gateway.id, most=MOST),
        )  # fmt: skip
        taken = self.run_in(gateway.store.seats_taken(PARTNER))
        assert taken <= MOST
        assert has_one or taken == MOST

    @precondition(lambda self: self.alive)
    @rule(number=any_number)
    def give_a_seat_back(self, number: int) -> None:
        waiting = self.contact(number)
        store = self.owner(waiting).store
        before = self.run_in(store.seats_taken(PARTNER))
        self.run_in(store.leave_seat(PARTNER, waiting.contact))
        assert self.run_in(store.seats_taken(PARTNER)) in (before, before - 1)
