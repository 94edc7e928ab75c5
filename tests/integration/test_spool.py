"""The spool on a real disk: what was put in comes out, once a line is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline.journal.spool import Spool

LINES = [{"id": str(n), "data": f'{{"n":{n}}}'} for n in range(10)]


def drain(spool: Spool, count: int = 3) -> list[dict[str, str]]:
    taken: list[dict[str, str]] = []
    while not spool.is_empty:
        taken += spool.peek(count)
        spool.delivered()
    return taken


def test_what_was_put_in_comes_out_in_order_and_leaves_no_file(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, "gateway-1")
    spool.put(LINES[:4])
    spool.put(LINES[4:])
    assert drain(spool) == LINES
    spool.put(LINES[:1])
    assert drain(spool) == LINES[:1]
    spool.close()
    assert list(tmp_path.iterdir()) == []


def test_what_was_not_delivered_comes_again(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, "gateway-1")
    spool.put(LINES)
    assert spool.peek(3) == LINES[:3]
    assert spool.peek(3) == LINES[:3]
    spool.delivered()
    assert spool.peek(2) == LINES[3:5]
    spool.close()
    (orphan,) = Spool.orphans(tmp_path)
    assert drain(orphan) == LINES  # from the beginning: doubles are allowed, losses are not
    orphan.close()


def test_a_spool_with_a_living_owner_is_no_orphan(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, "gateway-1")
    spool.put(LINES)
    assert list(Spool.orphans(tmp_path)) == []
    spool.close()
    (orphan,) = Spool.orphans(tmp_path)
    assert list(Spool.orphans(tmp_path)) == []  # now it has an owner again
    orphan.close()


def test_a_torn_last_line_is_left_out_and_a_damaged_one_is_passed_on(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, "gateway-1")
    spool.put(LINES[:2])
    spool.close()
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(whole[0] + b"\xff damaged\n" + whole[1] + b'{"id":"tor')
    (orphan,) = Spool.orphans(tmp_path)
    first, damaged, second = drain(orphan)
    assert [first, second] == LINES[:2]
    assert (damaged["spool"], "damaged" in damaged["line"]) == (path.name, True)
    orphan.close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    blocked = tmp_path / "spool"
    blocked.write_text("not a folder")
    with pytest.raises(OSError, match="exists"):
        Spool.create(blocked, "gateway-1")
