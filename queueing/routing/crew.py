"""All counselors, as bits: who holds a token, who is on duty, who is free, and who of them is best.

Every counselor has a seat with a number, and every set of counselors is an int with those bits
(`mask`). Asking who of two thousand fits is then a matter of a few machine words.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, KeysView

from hotline.ids import ContactId, CounselorId
from queueing.routing.circle import Circle
from queueing.routing.fairness import overburdened
from queueing.routing.mask import bits, most
from queueing.routing.standing import Standing

FEW = 24
"""Up to so many are looked at one by one; for more, the idle are walked through in order."""


class Seat:
    """One counselor. `held_for`: the contact of a proposal whose fate is not known yet."""

    __slots__ = ("bit", "circles", "counselor", "held_for", "standing", "tokens")

    def __init__(self, number: int, standing: Standing) -> None:
        self.bit = 1 << number
        self.counselor = standing.profile.id
        self.standing = standing
        self.tokens: frozenset[str] = frozenset()
        self.circles: set[Circle] = set()
        self.held_for: ContactId | None = None

    @property
    def is_free(self) -> bool:
        return self.held_for is None and self.standing.is_ready

    @property
    def idle(self) -> tuple[int, CounselorId, int]:
        return (self.standing.idle_since, self.counselor, self.bit)


class Crew:
    """Every counselor the picture knows."""

    def __init__(self) -> None:
        self.free = 0
        """Ready, and not held for a proposal."""
        self.on_duty = 0
        self._everybody = 0
        self._burdened = 0
        self._holders: dict[str, int] = defaultdict(int)
        self._seats: dict[CounselorId, Seat] = {}
        self._numbered: list[Seat | None] = []
        self._vacant: list[int] = []
        self._idle: list[tuple[int, CounselorId, int]] = []

    def __iter__(self) -> Iterator[Seat]:
        return iter(self._seats.values())

    @property
    def counselors(self) -> KeysView[CounselorId]:
        return self._seats.keys()

    @property
    def ready(self) -> int:
        """How many are in the state ready, whether held or not."""
        return sum(seat.standing.is_ready for seat in self)

    def seat(self, counselor: CounselorId) -> Seat | None:
        return self._seats.get(counselor)

    def seats(self, mask: int) -> Iterator[Seat]:
        """Yield whose bits are set."""
        for number in bits(mask):
            seat = self._numbered[number]
            if seat is not None:
                yield seat

    def add(self, standing: Standing) -> Seat:
        """Give a seat to somebody new, who holds nothing and counts for nothing as yet."""
        if not self._vacant:
            self._vacant.append(len(self._numbered))
            self._numbered.append(None)
        number = self._vacant.pop()
        seat = Seat(number, standing)
        self._numbered[number] = self._seats[seat.counselor] = seat
        self._everybody |= seat.bit
        return seat

    def remove(self, seat: Seat) -> None:
        self.hold_tokens(seat, frozenset())
        self._take_off_duty(seat)
        self._everybody ^= seat.bit
        self._burdened &= ~seat.bit
        number = seat.bit.bit_length() - 1
        self._numbered[number] = None
        self._vacant.append(number)
        del self._seats[seat.counselor]

    def hold_tokens(self, seat: Seat, tokens: frozenset[str]) -> None:
        """Let `seat` hold `tokens` and no others."""
        for token in seat.tokens - tokens:
            self._holders[token] ^= seat.bit
            if not self._holders[token]:
                del self._holders[token]
        for token in tokens - seat.tokens:
            self._holders[token] |= seat.bit
        seat.tokens = tokens

    def stand(self, seat: Seat, standing: Standing, *, held_for: ContactId | None) -> None:
        """Change how a counselor stands, and for which contact they are held."""
        self._take_off_duty(seat)
        seat.standing, seat.held_for = standing, held_for
        if standing.is_on_duty:
            self.on_duty |= seat.bit
        if seat.is_free:
            self.free |= seat.bit
            insort(self._idle, seat.idle)

    def _take_off_duty(self, seat: Seat) -> None:
        self.on_duty &= ~seat.bit
        if self.free & seat.bit:
            self.free ^= seat.bit
            del self._idle[bisect_left(self._idle, seat.idle)]

    def mask(self, counselors: Iterable[CounselorId]) -> int:
        """Return the mask of those of `counselors` who are known."""
        mask = 0
        for counselor in counselors:
            seat = self._seats.get(counselor)
            if seat is not None:
                mask |= seat.bit
        return mask

    def who_hold(self, tokens: Iterable[str]) -> int:
        """Return who hold all of `tokens`."""
        mask = self._everybody
        for token in tokens:
            mask &= self._holders.get(token, 0)
        return mask

    def weigh(self, now: int) -> None:
        """Look anew at who is overburdened."""
        spared = overburdened((seat.standing for seat in self), now)
        self._burdened = sum(self._seats[counselor].bit for counselor in spared)

    def best(self, mask: int, *, preferred: Iterable[str], levels: Iterable[str]) -> Seat:
        """Return the best of the free in `mask`, which are not none: not overburdened, then
        holding most `preferred` tokens, then most `levels` tokens, then longest idle."""
        if mask & (mask - 1) == 0:
            return next(self.seats(mask))
        mask = mask & ~self._burdened or mask
        mask = self._holding_most(mask, preferred)
        mask = self._holding_most(mask, levels)
        if mask.bit_count() <= FEW:
            return min(self.seats(mask), key=lambda seat: seat.idle)
        bit = next(bit for _, _, bit in self._idle if bit & mask)
        return next(self.seats(bit))

    def _holding_most(self, mask: int, tokens: Iterable[str]) -> int:
        if mask & (mask - 1) == 0:
            return mask
        return most(mask, (self._holders.get(token, 0) for token in tokens))
