"""Keys and the score of the line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import queueing
from hotline.events import Priority
from hotline.journal.stream import JOURNAL_STREAM
from queueing import keys
from queueing.scripts import NAMES

LUA = Path(queueing.__file__).parent / "lua"
arrivals = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone itself
    max_value=datetime(2280, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(st.sampled_from(list(Priority)), st.sampled_from(list(Priority)), arrivals, arrivals)
def test_score_orders_by_priority_then_millisecond(
    one: Priority, other: Priority, a: datetime, b: datetime
) -> None:
    by_score = float(keys.waiting_score(one, a)) < float(keys.waiting_score(other, b))
    key = (keys.RANKS[one], keys.milliseconds(a)), (keys.RANKS[other], keys.milliseconds(b))
    assert by_score is (key[0] < key[1])


@given(arrivals)
def test_one_millisecond_later_is_a_later_place(arrived_at: datetime) -> None:
    later = arrived_at + timedelta(milliseconds=1)
    scores = [float(keys.waiting_score(Priority.NORMAL, at)) for at in (arrived_at, later)]
    assert scores[0] + 1 == scores[1]


def test_every_key_is_ours() -> None:
    own = [key for key in keys.SCRIPT_KEYS if key != keys.TAKEN]
    assert all(key.startswith("hotline:") for key in own)
    assert len(set(keys.SCRIPT_KEYS)) == len(keys.SCRIPT_KEYS)


def test_prelude_names_the_keys_in_their_order() -> None:
    names = re.search(r"local (JOURNAL.*?) = unpack", (LUA / "prelude.lua").read_text(), re.S)
    assert names is not None
    listed = [name.strip() for name in names[1].split(",")]
    assert [getattr(keys, name) for name in listed] == list(keys.SCRIPT_KEYS)


def test_every_script_states_its_contract_and_has_a_name() -> None:
    scripts = {path.stem: path.read_text() for path in LUA.glob("*.lua") if path.stem != "prelude"}
    assert set(scripts) == set(NAMES)
    for name, text in scripts.items():
        opening = text.split("\nlocal ")[0]
        for heading in ("-- KEYS ", "-- ARGV ", "-- RETURNS ", "-- INVARIANT "):
            assert heading in opening, f"{name} lacks {heading}"


def test_counselors_and_contacts_share_one_journal() -> None:
    assert keys.JOURNAL == JOURNAL_STREAM
