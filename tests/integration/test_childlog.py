"""What a child prints: kept, but never without end."""

from __future__ import annotations

from pathlib import Path

from admin.supervision.childlog import ChildLog


def test_full_log_turns_over_and_keeps_one_before(tmp_path: Path) -> None:
    log = ChildLog(tmp_path / "edge.log", limit=100)
    for number in range(50):
        log.write(f"line {number:03}\n".encode())
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) == 2
    assert max(sizes) <= 100
    assert log.tail(1) == ["line 049"]


def test_log_goes_on_after_an_earlier_life(tmp_path: Path) -> None:
    first = ChildLog(tmp_path / "edge.log", limit=100)
    first.write(b"x" * 90 + b"\n")
    first.close()
    second = ChildLog(tmp_path / "edge.log", limit=100)
    second.write(b"hello again\n")
    second.write(b"and again\n")
    assert (tmp_path / "edge.log.1").exists()
    assert second.tail(1) == ["and again"]


def test_full_disk_loses_lines_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "edge.log").symlink_to("/dev/full")
    log = ChildLog(tmp_path / "edge.log")
    log.write(b"lost\n")
    (tmp_path / "edge.log").unlink()
    log.write(b"kept\n")
    assert (tmp_path / "edge.log").read_text() == "kept\n"
