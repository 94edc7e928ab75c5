"""The chain of sealed files: whatever is done to its links is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.ids import RecordingId
from recordings.link import BEFORE_THE_FIRST, Link, LinkKind, faults

AT = datetime(2026, 3, 9, 22, 0, 0, 123456, tzinfo=UTC)


def chain_of(count: int) -> list[Link]:
    made: list[Link] = []
    for number in range(1, count + 1):
        bare = Link(
            number=number,
            kind=LinkKind.SEALED,
            recording=RecordingId(f"{number:032x}"),
            checksum=f"{number:064x}",
            at=AT + timedelta(seconds=number),
            previous=made[-1].digest if made else BEFORE_THE_FIRST,
        )
        made.append(replace(bare, digest=bare.true_digest()))
    return made


def said(links: list[Link]) -> list[str]:
    return [fault.text for fault in faults(links)]


@given(st.integers(0, 20))
def test_a_chain_as_it_was_made_holds(count: int) -> None:
    assert said(chain_of(count)) == []


@pytest.mark.parametrize(
    "altered",
    [
        {"kind": LinkKind.ERASED},
        {"recording": RecordingId("f" * 32)},
        {"checksum": "0" * 64},
        {"at": AT},
        {"digest": "0" * 64},
    ],
    ids=lambda altered: next(iter(altered)),
)
def test_an_altered_link_is_named(altered: dict[str, str]) -> None:
    links = chain_of(4)
    links[1] = replace(links[1], **altered)  # type: ignore[arg-type]  # one field each
    assert "link 2 was altered" in said(links)


def test_an_altered_link_with_a_digest_that_fits_is_found_by_the_next() -> None:
    links = chain_of(4)
    forged = replace(links[1], checksum="0" * 64)
    links[1] = replace(forged, digest=forged.true_digest())
    assert said(links) == ["link 3 does not follow from the one before it"]


@given(st.integers(2, 12), st.data())
def test_removed_links_are_counted_wherever_they_were(count: int, data: st.DataObject) -> None:
    links = chain_of(count)
    first = data.draw(st.integers(0, count - 2))
    last = data.draw(st.integers(first, count - 2))  # the end: see the head
    del links[first : last + 1]
    removed, number = last - first + 1, last + 2
    assert said(links) == [f"{removed} links before link {number} were removed"]


def test_links_that_were_numbered_anew_after_a_removal_are_found() -> None:
    first, _, third = chain_of(3)
    third = replace(third, number=2)
    third = replace(third, digest=third.true_digest())
    assert said([first, third]) == ["link 2 does not follow from the one before it"]


def test_a_link_that_was_put_before_the_first_is_found() -> None:
    second = chain_of(2)[1]
    assert said([replace(second, number=1)]) == [
        "link 1 does not follow from the one before it",
        "link 1 was altered",
    ]


def test_the_digest_stays_what_it_is() -> None:
    """Chains of years ago must hold: another digest here is another chain."""
    assert (
        chain_of(2)[1].digest == "fa66bd20f6b1cfb7ef7ecee7996337bbb1298a45340f3de6c29caeb92fee2a71"
    )


def test_the_digest_does_not_depend_on_the_zone_in_which_a_database_gives_the_time() -> None:
    [link] = chain_of(1)
    elsewhere = link.at.astimezone(timezone(timedelta(hours=8)))
    assert replace(link, at=elsewhere).true_digest() == link.digest
