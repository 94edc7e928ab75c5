"""A menu of the operator's that cannot be used is an alarm until it can be."""

from __future__ import annotations

from pathlib import Path

from hotline.events import AlarmKind
from hotline.menu.flow import SHIPPED
from hotline.menu.flowwatch import FlowWatch, broken_flows, lost_flows
from tests.fakes import FakeAlarms

GOOD = (SHIPPED / "closed.toml").read_text("utf-8")


class Post:
    """A watch over a folder."""

    def __init__(self, folder: Path, *named: str) -> None:
        self.alarms = FakeAlarms()
        self.watch = FlowWatch(folder, named=named, alarms=self.alarms, root="city")

    def look(self) -> str | None:
        """Look, and return the alarm that stands."""
        self.watch.look()
        return self.alarms.standing.get(AlarmKind.FLOW_BROKEN)


def test_a_broken_file_is_an_alarm_with_its_line_until_it_is_mended(tmp_path: Path) -> None:
    post, path = Post(tmp_path, "main"), tmp_path / "main.toml"
    assert post.look() is None
    path.write_text('start = "nowhere"\n[nodes.ask]\nprompts = ["topics"]\n')
    said = f"{path}: line 1: start: there is no node 'nowhere'; the nodes are ask"
    assert post.look() == said
    post.look()
    assert len(post.alarms.told) == 1
    path.write_text(GOOD)
    assert post.look() is None
    path.write_text("start =")
    assert "is not TOML" in (post.look() or "")
    path.unlink()
    assert post.look() is None


def test_a_key_that_leads_out_of_the_tiers_of_the_site_is_an_alarm(tmp_path: Path) -> None:
    post, path = Post(tmp_path, "main"), tmp_path / "main.toml"
    text = (
        GOOD + '\n[nodes.district]\nprompts = ["topics"]\nkeys.1 = {{ topic = "x", node = "{}" }}\n'
    )
    path.write_text(text.format("town/east"))
    line = len(text.splitlines())
    assert post.look() == (
        f"{path}: line {line}: nodes.district.keys.1.node: must be site.node, 'city', or below it, "
        "such as city/east, not 'town/east'"
    )
    path.write_text(text.format("city/east"))
    assert post.look() is None


def test_a_fault_that_gives_way_to_another_is_told_again(tmp_path: Path) -> None:
    post = Post(tmp_path)
    (tmp_path / "b.toml").write_text("start =")
    assert "b.toml" in (post.look() or "")
    (tmp_path / "a.toml").write_text("start =")
    assert "a.toml" in (post.look() or "")
    (tmp_path / "a.toml").unlink()
    assert "b.toml" in (post.look() or "")


def test_a_flow_that_a_line_names_and_that_has_gone_is_an_alarm(tmp_path: Path) -> None:
    post, path = Post(tmp_path, "night", "closed"), tmp_path / "night.toml"
    path.write_text(GOOD)
    assert post.look() is None
    path.unlink()
    assert "there is no flow 'night', 'main' serves instead" in (post.look() or "")


def test_a_folder_that_is_not_there_has_no_fault(tmp_path: Path) -> None:
    assert broken_flows(tmp_path / "flows") == []
    assert lost_flows(tmp_path / "flows", ["main", "closed"]) == []


def test_a_file_that_cannot_be_read_is_a_fault_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "main.toml").write_bytes(b"\xff\xfe\x00")
    [fault] = broken_flows(tmp_path)
    assert fault.startswith(f"{tmp_path / 'main.toml'}: cannot be read: ")
