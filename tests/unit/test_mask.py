"""Sets as bits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from queueing.routing.mask import bits, most

masks = st.integers(0, 2**70)


@given(st.sets(st.integers(0, 300)))
def test_bits_yields_each_position_from_the_lowest(positions: set[int]) -> None:
    assert list(bits(sum(1 << position for position in positions))) == sorted(positions)


@given(masks, st.lists(masks, max_size=9))
def test_most_keeps_exactly_those_who_are_in_most_masks(candidates: int, some: list[int]) -> None:
    counts = {n: sum(mask >> n & 1 for mask in some) for n in bits(candidates)}
    highest = max(counts.values(), default=0)
    assert most(candidates, some) == sum(1 << n for n, c in counts.items() if c == highest)
