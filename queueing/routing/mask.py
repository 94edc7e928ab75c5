"""Sets of counselors as the bits of one int: a few machine words for thousands of people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def bits(mask: int) -> Iterator[int]:
    """Yield the position of each bit that is set, from the lowest."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def most(candidates: int, masks: Iterable[int]) -> int:
    """Return those of `candidates` who are in more of the `masks` than the others are.

    Counted for all at once: `planes[k]` holds the binary digit k of everybody's count.
    """
    planes: list[int] = []
    for mask in masks:
        carry, digit = mask & candidates, 0
        while carry:
            if digit == len(planes):
                planes.append(0)
            planes[digit], carry = planes[digit] ^ carry, planes[digit] & carry
            digit += 1
    for plane in reversed(planes):
        candidates = candidates & plane or candidates
    return candidates
