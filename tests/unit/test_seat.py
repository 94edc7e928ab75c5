"""Where a gateway lives."""

from __future__ import annotations

from pathlib import Path

from admin.processes.seat import seat
from hotline.ids import new_gateway_id


def test_seat_is_the_same_for_every_process_that_comes_to_have_a_port() -> None:
    assert seat("127.0.0.1", 5070) == seat("127.0.0.1", 5070)
    assert len({seat(a, p) for a in ("127.0.0.1", "10.0.0.5") for p in (5070, 5071)}) == 4


def test_seats_of_two_boots_differ(tmp_path: Path) -> None:
    boots = [tmp_path / "one", tmp_path / "other"]
    for boot in boots:
        boot.write_text(f"{boot.name}\n", encoding="ascii")
    one, other = (seat("127.0.0.1", 5070, boot=boot) for boot in boots)
    assert one != other


def test_where_the_boot_is_unknown_nobody_takes_another_for_dead(tmp_path: Path) -> None:
    assert seat("127.0.0.1", 5070, boot=tmp_path / "no") != seat(
        "127.0.0.1", 5070, boot=tmp_path / "no"
    )


def test_lives_of_one_seat_differ_in_their_last_part_alone() -> None:
    one, other = (new_gateway_id("gateway-1", seat="beef") for _ in range(2))
    assert one != other
    assert one.rpartition(".")[0] == other.rpartition(".")[0] == "gateway-1.beef"
    assert new_gateway_id("scribe").count(".") == 1
