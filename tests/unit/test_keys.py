"""Keys and scripts."""

from __future__ import annotations

import re
from pathlib import Path

import queueing
from hotline.journal.stream import JOURNAL_STREAM
from queueing import keys
from queueing.scripts import NAMES, SHARED, shared_by

LUA = Path(queueing.__file__).parent / "lua"


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
        for heading in ("-- KEYS ", "-- SHARED ", "-- ARGV ", "-- RETURNS ", "-- INVARIANT "):
            assert heading in opening, f"{name} lacks {heading}"


def functions(text: str) -> set[str]:
    return set(re.findall(r"(?m)^local function (\w+)", text))


def test_script_has_what_it_calls_and_names_nothing_that_it_does_not_need() -> None:
    parts = {part: (LUA / "shared" / f"{part}.lua").read_text() for part in SHARED}
    assert {path.stem for path in (LUA / "shared").glob("*.lua")} == set(SHARED)
    for name in (*NAMES, *(f"shared/{part}" for part in SHARED)):
        own = (LUA / f"{name}.lua").read_text()
        called = {
            part
            for part, text in parts.items()
            for function in functions(text) - functions(own)
            if re.search(rf"\b{function}\(", own)
        }
        [line] = re.findall(r"(?m)^-- SHARED +(.*)$", own)
        assert called <= shared_by(name), f"{name} calls what it has not"
        assert line == (", ".join(p for p in SHARED if p in called) or "nothing"), name


def test_counselors_and_contacts_share_one_journal() -> None:
    assert keys.JOURNAL == JOURNAL_STREAM
