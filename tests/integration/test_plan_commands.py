"""``hotline plan``, and which plan serves when Redis has none: real Redis, real database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine
from typer.testing import CliRunner

from admin import bootstrap, schema
from admin.__main__ import app
from admin.plan import history, publish_first
from hotline.clock import SystemClock
from hotline.config import Settings
from hotline.configfile import load
from hotline.journal.scribe import Scribe
from hotline.journal.stream import GROUP, JOURNAL_STREAM, connect
from queueing.routing.plan import DEFAULT, default_plan, read_plan
from tests.servers import wait_until

PLAN = (
    'format = 1\n[[routes]]\nname = "all [of them]"\n[[routes.steps]]\nname = "near"\n'
    'seconds = 5\nreach = "district"\nkinds = ["professional"]\n[[routes.steps]]\n'
    'name = "far"\nreach = "anywhere"\nskills = "none"\n'
)
VERSION = read_plan(PLAN, origin="").version
SHIPPED = default_plan().version


class Site:
    """A configuration, its Redis and its database."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.config = folder / "hotline.toml"
        self.config.write_text(f'[redis]\nurl = "{redis_url}"\n', "utf-8")
        self.file = folder / "plan.toml"
        self.file.write_text(PLAN, "utf-8")
        self.settings: Settings = load(self.config)
        self.settings.state.mkdir()
        self.engine: Engine = bootstrap.database(self.settings)
        schema.upgrade(self.engine)

    def hotline(self, *words: str) -> tuple[int, str]:
        """Run ``hotline plan``; return its status and all it printed."""
        done = CliRunner().invoke(
            app, ["plan", *words, "--config", str(self.config)], env={"COLUMNS": "200"}
        )
        return done.exit_code, done.output

    def scribe(self) -> None:
        """Let what was journalled reach the database."""
        stream = connect(self.settings.redis_url)
        scribe = Scribe(
            redis=stream,
            engine=self.engine,
            projections=bootstrap.projections(),
            after_commit=lambda _: None,
            clock=SystemClock(),
        )
        wait_until(lambda: scribe.step() >= 0 and self._all_folded(stream), what="the scribe")
        stream.close()

    def _all_folded(self, stream: redis.Redis) -> bool:
        groups = {group["name"]: group for group in stream.xinfo_groups(JOURNAL_STREAM)}
        mine = groups.get(GROUP.encode(), {})
        return mine.get("pending") == 0 and mine.get("lag") == 0

    def lose_redis(self) -> None:
        with redis.Redis.from_url(self.settings.redis_url) as connection:
            connection.flushall()

    async def start(self) -> list[str]:
        """Do what the platform does of the plan when it starts; return what it said."""
        plans = bootstrap.plans(self.settings, SystemClock())
        said: list[str] = []
        try:
            await publish_first(
                plans, file=self.settings.plan_file, engine=self.engine, say=said.append
            )
        finally:
            await plans.close()
        return said

    async def version(self) -> str | None:
        plans = bootstrap.plans(self.settings, SystemClock())
        try:
            return await plans.current_version()
        finally:
            await plans.close()


@pytest.fixture
def site(tmp_path: Path, redis_url: str) -> Iterator[Site]:
    made = Site(tmp_path, redis_url)
    yield made
    made.engine.dispose()


def test_check_says_that_a_plan_is_sound_and_what_to_know_of_it(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(PLAN.replace('"none"', '"language"'), "utf-8")
    done = CliRunner().invoke(app, ["plan", "check", str(file)])
    assert done.exit_code == 0
    assert "sound" in done.output
    assert "1 routes, 2 steps" in done.output
    assert "its last step leaves somebody out" in done.output


def test_check_names_every_fault_and_fails(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(PLAN.replace("seconds = 5", "seconds = -5").replace('"far"', '""'), "utf-8")
    done = CliRunner().invoke(app, ["plan", "check", str(file)])
    assert done.exit_code == 1
    assert f"{file}: routes[0].steps[0].seconds: must be from 0 to 86400, not -5" in done.output
    assert f"{file}: routes[0].steps[1].name: must be a text" in done.output


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["plan", "check", str(tmp_path / "absent.toml")])
    assert done.exit_code == 1
    assert "absent.toml: cannot be read" in done.output


def test_loaded_plan_is_shown_with_its_version_its_loader_and_its_circles(site: Site) -> None:
    assert site.hotline("load", str(site.file), "--by", "li [night]") == (
        0, f"plan {VERSION} is in force\n",
    )  # fmt: skip
    status, shown = site.hotline("show")
    assert status == 0
    assert f"plan {VERSION}, by li [night], since 20" in shown
    assert "all [of them]: all who are left" in shown
    (near,) = [line for line in shown.splitlines() if "near" in line]
    (far,) = [line for line in shown.splitlines() if "far" in line]
    assert "at once" in near
    assert "own district, skills and language, professional" in near
    assert "after 5 s" in far
    assert "whoever there is" in far


def test_shown_text_is_the_files(site: Site) -> None:
    site.hotline("load", str(site.file))
    assert site.hotline("show", "--toml") == (0, PLAN)


def test_loading_the_plan_in_force_changes_nothing_and_says_so(site: Site) -> None:
    site.hotline("load", str(site.file))
    status, said = site.hotline("load", str(site.file))
    assert status == 0
    assert "was in force already" in said


def test_a_faulty_file_is_never_loaded(site: Site) -> None:
    site.hotline("load", str(site.file))
    site.file.write_text(PLAN + "foo = 1\n", "utf-8")
    status, said = site.hotline("load", str(site.file))
    assert status == 1
    assert "routes[0].steps[1].foo: no such key" in said
    assert VERSION in site.hotline("show")[1]


def test_show_without_a_plan_says_which_one_routes(site: Site) -> None:
    status, said = site.hotline("show")
    assert status == 1
    assert "the shipped one routes" in said


def test_history_has_every_plan_in_order(site: Site) -> None:
    site.hotline("load", str(site.file), "--by", "li")
    site.file.write_text(PLAN + "# later\n", "utf-8")
    site.hotline("load", str(site.file), "--by", "wang")
    site.scribe()
    status, said = site.hotline("history")
    assert status == 0
    assert said.index(VERSION) < said.index("li") < said.index("wang")
    assert [change.by for change in history(site.engine)] == ["li", "wang"]


async def test_first_start_puts_the_shipped_plan_in_force(site: Site) -> None:
    assert await site.start() == [f"routing plan {SHIPPED} of {DEFAULT} is in force"]
    assert await site.version() == SHIPPED
    assert await site.start() == []


async def test_operators_file_comes_before_the_shipped_plan(site: Site) -> None:
    site.settings.plan_file.write_text(PLAN, "utf-8")
    assert await site.start() == [
        f"routing plan {VERSION} of {site.settings.plan_file} is in force"
    ]
    assert await site.version() == VERSION


async def test_a_faulty_operators_file_is_told_and_the_shipped_plan_serves(site: Site) -> None:
    site.settings.plan_file.write_text("format = 3\n", "utf-8")
    said = await site.start()
    assert said[0].startswith(f"not used: {site.settings.plan_file}: format: must be 1, not 3")
    assert await site.version() == SHIPPED


async def test_a_start_never_replaces_the_plan_in_force_but_tells_of_another_file(
    site: Site,
) -> None:
    await site.start()
    site.settings.plan_file.write_text(PLAN, "utf-8")
    (said,) = await site.start()
    assert "is not the plan in force" in said
    assert "hotline plan load" in said
    assert await site.version() == SHIPPED


async def test_a_plan_that_redis_lost_comes_back_out_of_the_journal(site: Site) -> None:
    await site.start()
    plans = bootstrap.plans(site.settings, SystemClock())
    await plans.publish(PLAN, origin="p", by="li")
    await plans.close()
    site.scribe()
    for _ in range(2):  # the second time the journal also has our own putting it back
        site.lose_redis()
        assert await site.start() == [
            f"routing plan {VERSION} of li, out of the journal is in force"
        ]
        site.scribe()
    assert [change.by for change in history(site.engine)] == ["system", "li", "system", "system"]
