"""Flow files: what is refused, in which words; whose file serves."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import pytest

from hotline.errors import FlowError
from hotline.menu.flow import SHIPPED, Flow, Flows, parse_flow, read_flow
from hotline.menu.reception import DANGER
from hotline.prompts.texts import read_texts

GOOD: dict[str, Any] = {
    "start": "ask",
    "nodes": {"ask": {"prompts": ["topics"], "keys": {"1": {"topic": "emotion"}}}},
}


def altered(**node: Any) -> dict[str, Any]:
    return {"start": "ask", "nodes": {"ask": {**GOOD["nodes"]["ask"], **node}}}


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_flow_is_sound_and_every_prompt_of_it_has_a_text(path: Path) -> None:
    assert read_flow(path).prompts <= {text.prompt for text in read_texts()}


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_danger_key_without_any_flow_is_that_of_the_shipped_flows(path: Path) -> None:
    assert read_flow(path).danger == DANGER


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({**GOOD, "start": "nowhere"}, ["m.toml: start:", "'nowhere'", "the nodes are ask"]),
        (altered(next="gone"), ["nodes.ask.next", "'gone'", "the nodes are ask"]),
        (altered(keys={"1": {"next": "gone"}}), ["nodes.ask.keys.1.next", "'gone'"]),
        (altered(keys={"0": {"topic": "x"}}), ["nodes.ask.keys.0", "works everywhere as danger"]),
        (altered(keys={"9": {"topic": "x"}}), ["nodes.ask.keys.9", "works everywhere as repeat"]),
        (altered(keys={"1": {}}), ["nodes.ask.keys.1", "next (a node), topic and message = true"]),
        (
            altered(keys={"1": {"topic": "x", "message": True}}),
            ["nodes.ask.keys.1", "one of next (a node), topic and message = true"],
        ),
        (altered(keys={"A": {"topic": "x"}}), ["nodes.ask.keys.A", "[0-9*#]"]),
        (
            altered(keys={"1": {"topic": "x", "language": "fr"}}),
            ["keys.1.language", "'zh' or 'en'"],
        ),
        (altered(keys={"1": {"topic": "x", "priority": "top"}}), ["keys.1.priority", "'crisis'"]),
        (
            altered(keys={"1": {"topic": "x", "skills": ["emotion:6"]}}),
            ["nodes.ask.keys.1.skills.0: 'emotion:6' is no skill", "a level from 1 to 5"],
        ),
        (
            altered(keys={"1": {"topic": "x", "preferred": ["a", "Deep Grief"]}}),
            ["nodes.ask.keys.1.preferred.1: 'Deep Grief' is no skill", "write name or name:level"],
        ),
        (
            altered(keys={"1": {"topic": "x", "node": "city//east"}}),
            ["nodes.ask.keys.1.node: must be a node's path without spaces, such as city or"],
        ),
        ({**GOOD, "human": {"skills": ["a:0"]}}, ["human.skills.0: 'a:0' is no skill"]),
        ({**GOOD, "danger": {"skills": ["a:"]}}, ["danger.skills.0: 'a:' is no skill"]),
        (altered(timeout=0), ["nodes.ask.timeout", "greater than 0"]),
        (altered(tries=0), ["nodes.ask.tries", "greater than or equal to 1"]),
        (altered(prompts=[]), ["nodes.ask.prompts", "at least 1"]),
        (altered(next="ask", end=True), ["nodes.ask", "next or end, not both"]),
        (altered(consent=True), ["nodes.ask", "consent needs next"]),
        (altered(propmts=["x"]), ["nodes.ask.propmts", "not permitted"]),
        ({**GOOD, "repeat": {"key": "0"}}, ["repeat.key: 0 is already the key of danger"]),
        ({**GOOD, "nodes": {}}, ["nodes", "at least 1"]),
        ({}, ["start: field required"]),
    ],
)
def test_a_faulty_flow_is_refused_with_its_place_and_what_is_allowed(
    raw: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(FlowError) as caught:
        parse_flow(raw, file="m.toml")
    for word in ["m.toml", *words]:
        assert word in str(caught.value)


def test_key_may_name_levels_preferred_skills_and_a_node() -> None:
    asks = {"topic": "x", "skills": ["emotion:3"], "preferred": ["grief:5"], "node": "city/东城"}
    choice = parse_flow(altered(keys={"1": asks}), file="m.toml").nodes["ask"].keys["1"]
    assert (choice.skills, choice.preferred) == (("emotion:3",), ("grief:5",))
    assert choice.node == "city/东城"


@pytest.mark.parametrize("node", ["city", "city/东城", "city/east/main-street"])
def test_key_may_name_a_node_of_the_site(node: str) -> None:
    raw = altered(keys={"1": {"topic": "x", "node": node}})
    assert parse_flow(raw, file="m.toml", root="city").nodes["ask"].keys["1"].node == node


@pytest.mark.parametrize("node", ["town", "citywide", "east/city"])
def test_key_that_leads_out_of_the_tiers_of_the_site_is_told_with_what_is_allowed(
    node: str,
) -> None:
    raw = altered(keys={"1": {"topic": "x", "node": node}})
    with pytest.raises(FlowError) as caught:
        parse_flow(raw, file="m.toml", root="city")
    assert str(caught.value) == (
        "m.toml: nodes.ask.keys.1.node: must be site.node, 'city', or below it, such as city/east, "
        f"not {node!r}"
    )


def test_operators_flow_that_leads_out_of_the_tiers_is_not_used(tmp_path: Path) -> None:
    text = 'start = "ask"\n[nodes.ask]\nprompts = ["topics"]\n'
    (tmp_path / "night.toml").write_text(
        text + 'keys.1 = { topic = "x", node = "town/east" }\n', "utf-8"
    )
    shipped = read_flow(SHIPPED / "main.toml")
    assert Flows(tmp_path, root="city").find("night") == shipped
    assert Flows(tmp_path, root="town").find("night") != shipped


def test_a_file_that_is_not_toml_is_a_flow_error(tmp_path: Path) -> None:
    path = tmp_path / "main.toml"
    path.write_bytes(b"start = \xff")
    with pytest.raises(FlowError, match="cannot be read"):
        read_flow(path)
    path.write_text("start =")
    with pytest.raises(FlowError, match="is not TOML"):
        read_flow(path)


def test_a_fault_in_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "main.toml"
    path.write_text(
        'start = "ask"\n[nodes.ask]\nprompts = ["topics"]\n'
        'keys.1 = { next = "gone" }\n[nodes.ask.keys.2]\nnext = "away"\n[nodes."other"]\n'
        'prompts = ["topics"]\ntimeout = 0\n'
    )
    with pytest.raises(FlowError) as caught:
        read_flow(path)
    assert str(caught.value).startswith(f"{path}: line 9: nodes.other.timeout: ")
    path.write_text(path.read_text().replace("timeout = 0", "tries = 1"))
    with pytest.raises(FlowError) as caught:
        read_flow(path)
    assert str(caught.value).splitlines() == [
        f"{path}: line 4: nodes.ask.keys.1.next: there is no node 'gone'; the nodes are ask, other",
        f"{path}: line 6: nodes.ask.keys.2.next: there is no node 'away'; the nodes are ask, other",
    ]


def test_a_file_that_nests_without_end_is_a_flow_error(tmp_path: Path) -> None:
    path = tmp_path / "main.toml"
    path.write_text("start = " + "[" * 100_000)
    with pytest.raises(FlowError, match="is not TOML"):
        read_flow(path)


def write(path: Path, topic: str, *, at: int) -> None:
    path.write_text(
        f'start = "ask"\n[nodes.ask]\nprompts = ["topics"]\nkeys.1 = {{ topic = "{topic}" }}\n'
    )
    os.utime(path, ns=(at, at))


def topic_of(flow: Flow) -> str | None:
    return flow.nodes["ask"].keys["1"].topic


def test_operators_flow_wins_and_is_read_again_when_it_changes(tmp_path: Path) -> None:
    flows = Flows(tmp_path)
    assert flows.find("main").start == "notice"
    write(tmp_path / "main.toml", "grief", at=1)
    assert topic_of(flows.find("main")) == "grief"
    write(tmp_path / "main.toml", "sleep", at=2)
    assert topic_of(flows.find("main")) == "sleep"
    (tmp_path / "main.toml").unlink()
    assert flows.find("main").start == "notice"


def test_a_broken_operators_flow_is_logged_once_and_the_shipped_one_serves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "main.toml").write_text('start = "nowhere"\n[nodes.ask]\nprompts = ["topics"]\n')
    flows = Flows(tmp_path)
    with caplog.at_level(logging.ERROR):
        assert flows.find("main") == read_flow(SHIPPED / "main.toml")
        flows.find("main")
    (record,) = caplog.records
    assert str(tmp_path / "main.toml") in record.getMessage()
    assert "'nowhere'" in record.getMessage()


def test_an_unknown_flow_is_the_main_one(tmp_path: Path) -> None:
    assert Flows(tmp_path).find("nightshift") == read_flow(SHIPPED / "main.toml")
