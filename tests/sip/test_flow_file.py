"""An operator's menu that cannot be used stands in `hotline status` until it is mended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline.menu.flow import SHIPPED
from tests.hotline_server import HotlineServer
from tests.servers import wait_until


@pytest.fixture
def flow_file(hotline: HotlineServer) -> Iterator[Path]:
    path = hotline.settings.flows_dir / "night.toml"
    path.parent.mkdir(exist_ok=True)
    yield path
    path.unlink(missing_ok=True)


def test_broken_menu_stands_in_the_status_until_it_is_mended(
    hotline: HotlineServer, flow_file: Path
) -> None:
    assert "flow_broken" not in hotline.command("status")
    flow_file.write_text('start = "nowhere"\n[nodes.ask]\nprompts = ["topics"]\n')
    wait_until(lambda: hotline.command("status").count("flow_broken") == 2, seconds=30)
    assert "'nowhere'" in hotline.command("status")
    flow_file.write_text((SHIPPED / "closed.toml").read_text("utf-8"))
    wait_until(lambda: "flow_broken" not in hotline.command("status"), seconds=30)
