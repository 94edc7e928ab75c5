"""The doctor finds what is broken, says what to do, and shows no secret."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from rich.console import Console
from typer.testing import CliRunner

from admin.__main__ import app
from admin.bootstrap.recordings import master_keys
from admin.doctor import Finding, Verdict, examine, show
from admin.doctor.database import examine_database
from admin.doctor.edge import examine_edge
from admin.doctor.engine import examine_engine
from admin.doctor.flows import examine_flows
from admin.doctor.machine import examine_clock, examine_disk, examine_secrets
from admin.doctor.prompts import examine_prompts
from admin.doctor.recordings import examine_recordings
from admin.doctor.redis import examine_redis
from admin.initialize import write_config
from hotline.config import Database, Line, Recording, Redis, Settings
from hotline.configfile import load
from tests.servers import RedisServer, free_port

WHEEL = Path(__file__).parents[2] / "build" / "wheel"
"""The PyPI wheel of the engine, unpacked by `make setup-test`."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    write_config(tmp_path / "hotline.toml")
    return load(tmp_path / "hotline.toml")


def worst(findings: list[Finding]) -> Finding:
    return max(findings, key=lambda finding: list(Verdict).index(finding.state))


def test_machine_with_everything_has_nothing_broken(settings: Settings, tmp_path: Path) -> None:
    findings = examine(settings, tmp_path / "hotline.toml")
    assert [finding for finding in findings if finding.state is Verdict.BAD] == []
    assert {finding.subject for finding in findings} == {
        "engine", "edge", "redis", "database", "prompts", "menus", "disk", "ports", "secrets",
        "recordings", "clock",
    }  # fmt: skip


def test_engine_is_named_with_version_capacity_and_codecs(settings: Settings) -> None:
    said = " ".join(finding.says.en for finding in examine_engine(settings))
    assert "pjsua2 2." in said
    assert "legs per process" in said
    assert "PCMA/8000" in said


def test_engine_that_believes_strangers_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not [f for f in examine_engine(settings) if "strangers" in f.says.en]
    monkeypatch.setenv("PYTHONPATH", str(WHEEL))
    found = [f for f in examine_engine(settings) if "strangers" in f.says.en]
    assert [f.state for f in found] == [Verdict.WARN]


def test_more_contacts_than_the_engine_carries_is_told(settings: Settings) -> None:
    gateway = settings.gateway.model_copy(update={"max_contacts": 100_000})
    found = worst(list(examine_engine(settings.model_copy(update={"gateway": gateway}))))
    assert found.state is Verdict.WARN
    assert found.remedy is not None
    assert "gateway.processes" in found.remedy.en


def test_more_contacts_than_the_rtp_ports_carry_is_told_with_what_would_do(
    settings: Settings,
) -> None:
    gateway = settings.gateway.model_copy(update={"max_contacts": 4, "rtp_ports": 16})
    settings = settings.model_copy(update={"gateway": gateway})
    [found] = [f for f in examine_engine(settings) if "rtp_ports" in f.says.en]
    assert found.state is Verdict.WARN
    assert "2 contacts" in found.says.en
    assert found.remedy is not None
    assert "rtp_ports to 22" in found.remedy.en
    enough = gateway.model_copy(update={"rtp_ports": 22})
    settings = settings.model_copy(update={"gateway": enough})
    assert not [f for f in examine_engine(settings) if "rtp_ports" in f.says.en]


def test_kamailio_that_is_missing_is_told_with_its_package(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hotline.edge.configuration._MODULES", ())
    [found] = examine_edge(settings)
    assert found.state is Verdict.BAD
    assert found.remedy is not None
    assert "kamailio-sqlite-modules" in found.remedy.en


def test_redis_out_of_reach_is_told_without_its_password(settings: Settings) -> None:
    url = f"redis://:hunter2@127.0.0.1:{free_port()}/0"
    found = worst(list(examine_redis(settings.model_copy(update={"redis": Redis(url=url)}))))
    assert found.state is Verdict.BAD
    assert "hunter2" not in repr(found)


def test_redis_that_forgets_or_throws_out_is_told(
    settings: Settings, own_redis: RedisServer
) -> None:
    with redis.Redis.from_url(own_redis.url) as connection:
        connection.config_set("appendonly", "no")
        connection.config_set("maxmemory-policy", "allkeys-lru")
    elsewhere = settings.model_copy(update={"redis": Redis(url=own_redis.url)})
    bad = [f for f in examine_redis(elsewhere) if f.state is Verdict.BAD]
    assert [f.remedy.en for f in bad if f.remedy] == [
        "set appendonly yes", "set maxmemory-policy noeviction",
    ]  # fmt: skip


def test_database_that_does_not_open_is_told_without_its_password(settings: Settings) -> None:
    url = f"postgresql+psycopg://hotline:hunter2@127.0.0.1:{free_port()}/hotline"
    broken = settings.model_copy(update={"database": Database(url=url)})
    found = worst(list(examine_database(broken)))
    assert found.state is Verdict.BAD
    assert "hunter2" not in repr(found)


def test_full_disk_is_told_by_its_reserve(settings: Settings) -> None:
    def with_reserve(megabytes: int) -> Finding:
        recording = Recording(reserve_mb=megabytes)
        [found] = examine_disk(settings.model_copy(update={"recording": recording}))
        return found

    assert with_reserve(1).state is Verdict.OK
    assert with_reserve(10**9).state is Verdict.BAD


def test_secret_that_others_can_read_is_told(settings: Settings) -> None:
    settings.secrets_dir.mkdir(parents=True, mode=0o700)
    settings.state.chmod(0o700)
    key = settings.secrets_dir / "number.key"
    key.write_text("x")
    key.chmod(0o600)
    assert worst(list(examine_secrets(settings))).state is Verdict.OK
    key.chmod(0o644)
    found = worst(list(examine_secrets(settings)))
    assert found.state is Verdict.BAD
    assert str(key) in found.says.en


def test_lost_master_key_of_recordings_is_told_and_a_first_one_not_missed(
    settings: Settings,
) -> None:
    [found] = examine_recordings(settings)
    assert found.state is Verdict.OK
    settings.recordings_dir.mkdir(parents=True)
    (settings.recordings_dir / "1.sealed").write_bytes(b"x")
    [found] = examine_recordings(settings)
    assert found.state is Verdict.BAD
    assert found.remedy is not None
    keys = master_keys(settings)
    keys.create()
    [found] = examine_recordings(settings)
    assert found.state is Verdict.OK
    assert keys.current() in found.says.en
    (settings.secrets_dir / "recordings.key").write_text("half a ke")
    [found] = examine_recordings(settings)
    assert found.state is Verdict.BAD
    assert "half" not in found.says.en


def test_missing_prompts_are_counted(settings: Settings) -> None:
    [found] = examine_prompts(settings)
    assert found.state is Verdict.WARN
    assert found.remedy is not None


def test_broken_menu_and_lost_menu_are_told_with_file_line_and_what_is_allowed(
    spoken: Settings,
) -> None:
    settings = spoken
    settings.flows_dir.mkdir(parents=True)
    path = settings.flows_dir / "main.toml"
    path.write_text('start = "nowhere"\n[nodes.ask]\nprompts = ["topics"]\n')
    [found] = examine_flows(settings)
    assert found.state is Verdict.WARN
    assert f"{path}: line 1: start: there is no node 'nowhere'; the nodes are ask" in found.says.en
    path.write_text(
        'start = "ask"\n[nodes.ask]\nprompts = ["topics"]\n'
        'keys.1 = { topic = "x", node = "town" }\n'
    )
    [found] = examine_flows(settings)
    assert f"{path}: line 4: nodes.ask.keys.1.node: must be site.node, 'city'" in found.says.en
    line = settings.lines[0].model_copy(update={"flow": "night"})
    lost, _ = examine_flows(settings.model_copy(update={"lines": (line,)}))
    assert lost.state is Verdict.BAD
    assert "no flow 'night'" in lost.says.en
    assert "blocked, care, closed, closed_message, main" in lost.says.en


def test_doctor_examines_a_configuration_whose_menu_has_gone(tmp_path: Path) -> None:
    config = tmp_path / "hotline.toml"
    write_config(config)
    config.write_text(
        config.read_text("utf-8").replace('#flow = "main"', 'flow = "night"'), "utf-8"
    )
    done = CliRunner().invoke(app, ["doctor", "--config", str(config)])
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert "'night'" in done.output


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("[redis]", 'url = "redis://[::1"'),
        ("[[lines]]", 'flow = "../x"'),
        ("[[lines]]", 'node = ""'),
        ("[[lines]]", 'notice = "?"'),
    ],
)
def test_doctor_tells_a_wrong_configuration_and_does_not_crash(
    tmp_path: Path, section: str, line: str
) -> None:
    config = tmp_path / "hotline.toml"
    write_config(config)
    config.write_text(
        config.read_text("utf-8").replace(section, f"{section}\n{line} #", 1), "utf-8"
    )
    done = CliRunner().invoke(app, ["doctor", "--config", str(config)])
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    key = line.partition(" ")[0]
    assert key in done.output


@pytest.mark.parametrize(
    "url", ["redis://there:many/0", "redis://..:1/0", "redis://h/0?nonsense=1"]
)
def test_redis_url_that_nobody_can_dial_is_a_finding(settings: Settings, url: str) -> None:
    unchecked = Redis.model_construct(url=url, port=6390, password=None)
    found = worst(list(examine_redis(settings.model_copy(update={"redis": unchecked}))))
    assert found.state is Verdict.BAD


def test_database_url_that_cannot_be_read_is_a_finding_without_its_password(
    settings: Settings,
) -> None:
    url = "postgresql://me:hunter2@there:many/hotline"
    found = worst(
        list(examine_database(settings.model_copy(update={"database": Database(url=url)})))
    )
    assert found.state is Verdict.BAD
    assert "hunter2" not in repr(found)


def test_clock_names_the_zone(settings: Settings) -> None:
    [found] = examine_clock(settings)
    assert "UTC" in found.says.en


@pytest.mark.parametrize(("language", "mark"), [("zh", "故障"), ("en", "bad")])
def test_findings_are_shown_in_the_sites_language(
    settings: Settings, language: str, mark: str
) -> None:
    [found] = examine_prompts(settings)
    console = Console(file=io.StringIO(), width=100)
    show([replace(found, state=Verdict.BAD)], console=console, language=language)
    shown = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    assert mark in shown
    assert "→" in shown


def menus_of(settings: Settings, **line: str) -> list[Finding]:
    """What is said of the menus when there is this line."""
    lines = (Line(number="12356", **line),)
    return list(examine_flows(settings.model_copy(update={"lines": lines})))


@pytest.fixture
def spoken(settings: Settings, spoken_prompts: Path) -> Settings:
    """Settings of a site where every prompt has been made."""
    settings.prompts_dir.parent.mkdir(parents=True, exist_ok=True)
    settings.prompts_dir.symlink_to(spoken_prompts)
    return settings


def test_menus_of_every_line_open_and_closed_are_looked_at(spoken: Settings) -> None:
    (found,) = menus_of(spoken)
    assert found.state is Verdict.OK
    assert found.says.en == "all can be read: blocked, care, closed, main"


def test_menu_of_a_closed_line_that_does_not_exist_is_told(spoken: Settings) -> None:
    (found,) = menus_of(spoken, closed="nachts")
    assert found.state is Verdict.BAD
    assert "there is no flow 'nachts'" in found.says.en


def test_prompt_that_an_operators_menu_says_and_that_is_missing_is_told(spoken: Settings) -> None:
    spoken.flows_dir.mkdir(parents=True)
    (spoken.flows_dir / "night.toml").write_text(
        'start = "a"\n[nodes.a]\nprompts = ["closed", "our_own_words"]\nend = true\n'
    )
    (found,) = menus_of(spoken, closed="night")
    assert "night says prompts that are missing: our_own_words;" in found.says.en
