"""What is printed and drawn, and the two commands."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console
from rich.text import Text
from typer.testing import CliRunner

from admin.__main__ import app
from admin.simulation.bars import ABANDONED, ANSWERED, TARGET, calls_bar, level_bar
from admin.simulation.chart import draw, tick
from admin.simulation.replications import replicate
from admin.simulation.report import report
from admin.simulation.summary import Summary
from admin.simulation.svg import Drawing
from admin.simulation.words import WORDS
from hotline.config import Language
from tests.simulation_scene import exponential, group, plan_of, scene

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def summary() -> Summary:
    """Four runs of an evening with too few counselors, and an hour without calls."""
    scenario = scene(
        calls_per_hour=0,
        arrivals={"per_hour": [0] * 20 + [20, 20, 0, 20]},
        hours=4,
        begins="20:00",
        warm_up=0,
        talk=exponential(600),
        patience=exponential(60),
        nodes=[{"name": "city/east", "share": 2}, {"name": "city/west", "share": 1}],
        counselors=[group(2, "city/east"), group(1, "city")],
    )
    plan = plan_of("district", "city")
    return replicate(scenario, plan, seed=1, runs=4, done=lambda _: None)


def hotline(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 - we wrote it


def printed(summary: Summary, language: Language, width: int = 100) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(report(summary, WORDS[language], width))
    return captured.get()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_report_has_every_hour_node_and_kind(summary: Summary, language: Language) -> None:
    text = printed(summary, language)
    words = WORDS[language]
    for said in ("20:00", "23:00", "east", "west", words.asa, words.occupancy, words.longest):
        assert said in text
    assert all(name in text for name in [words.kinds[kind] for kind in summary.kinds])
    assert words.interval_note in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_report_fits_a_terminal_of_80_columns(summary: Summary, language: Language) -> None:
    assert "…" not in printed(summary, language, width=80)


def test_each_word_is_there_in_both_languages() -> None:
    for field in fields(WORDS["zh"]):
        chinese, english = (getattr(words, field.name) for words in WORDS.values())
        assert chinese
        assert english
        assert chinese != english, field.name


def test_the_figures_add_up(summary: Summary) -> None:
    calls = summary.calls
    parts = [calls.answered, calls.abandoned, calls.short, calls.open]
    assert calls.offered.value == pytest.approx(sum(part.value or 0 for part in parts))
    by_hour = sum(row.calls.offered.value or 0 for row in summary.hours)
    assert calls.offered.value == pytest.approx(by_hour)
    east, west = summary.nodes["city/east"][0], summary.nodes["city/west"][0]
    assert calls.offered.value == pytest.approx(
        (east.offered.value or 0) + (west.offered.value or 0)
    )
    assert summary.hours[2].calls.levels[20].value is None


def test_a_bar_is_as_long_as_its_calls(summary: Summary) -> None:
    row = summary.hours[0]
    offered = row.calls.offered.value or 0
    bar = calls_bar(row, offered, 40).plain
    assert len(bar) == 40
    lost = 40 * (1 - (row.calls.answered.value or 0) / offered)
    assert bar.count(ABANDONED) == pytest.approx(lost, abs=1)
    assert bar.startswith(ANSWERED)
    assert calls_bar(summary.hours[2], offered, 40) == Text()


def test_a_service_level_below_the_target_is_not_green() -> None:
    styles = {value: str(level_bar(value, 0.95).spans[0].style) for value in (0.97, 0.92, 0.5)}
    assert styles == {0.97: "green", 0.92: "yellow", 0.5: "red"}
    assert level_bar(0.5, 0.95).plain.count(TARGET) == 1
    assert level_bar(None, 0.95) == Text()


@pytest.mark.parametrize(
    ("most", "distance"), [(0, 1.0), (0.9, 0.2), (8, 2.0), (12, 2.0), (25, 5.0), (640, 200.0)]
)
def test_grid_lines_are_at_round_numbers(most: float, distance: float) -> None:
    assert tick(most) == pytest.approx(distance)


def test_a_drawing_is_svg_with_a_tip_for_each_hour(summary: Summary) -> None:
    root = parsed(draw(summary, WORDS["en"]))
    tips = [tip.text or "" for tip in root.iter(f"{SVG}title")]
    assert sum(tip.startswith("20:00") for tip in tips) >= 3  # calls, level, counselors
    assert not any("nan" in (value or "") for e in root.iter() for value in e.attrib.values())
    words = [element.text for element in root.iter(f"{SVG}text")]
    assert {"answered", "abandoned", "target 95%", "20:00", "scene"} <= set(words)


def test_an_hour_without_calls_interrupts_the_line(summary: Summary) -> None:
    root = parsed(draw(summary, WORDS["en"]))
    lines = list(root.iter(f"{SVG}polyline"))
    assert [len(line.attrib["points"].split()) for line in lines] == [2]
    assert len(list(root.iter(f"{SVG}circle"))) == 3


def test_a_name_cannot_break_out_of_the_drawing() -> None:
    drawing = Drawing(10, 10, title="<script>")
    drawing.text(1, 1, '"&<b>', fill='"x"')
    root = parsed(str(drawing))
    assert [element.tag for element in root] == [f"{SVG}title", f"{SVG}text"]


def test_simulate_prints_a_report_draws_and_ends_with_json(tmp_path: Path) -> None:
    drawn = tmp_path / "hours.svg"
    words = ("--runs", "2", "--language", "en", "--plot", str(drawn), "--json")
    status, said = hotline("simulate", "night-shift", *words)
    assert status == 0, said
    figures = json.loads(said.splitlines()[-1])
    assert figures["runs"] == 2
    assert figures["calls"]["levels"]["20"]["value"] > 0.8
    assert figures["nodes"]["city/east"][1]["occupancy"]["value"] > 0
    assert "longest" in said
    assert parsed(drawn.read_text("utf-8")).tag == f"{SVG}svg"


def test_simulate_says_what_is_wrong(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("format = 1\n", "utf-8")
    for words, expected in [
        ((str(bad),), "callers: field required"),
        (("night-shift", "--plan", str(bad)), "bad.toml: routes"),
        (("night-shift", "--plan", str(tmp_path / "no")), "cannot be read"),
        (("night-shift", "--plot", "x.png"), "must end in .svg"),
        (("no-such",), "shipped scenarios are city-day, night-shift"),
    ]:
        status, said = hotline("simulate", *words)
        assert status == 1
        assert expected in said


def test_staffing_says_14_for_one_pool_and_40_for_ten() -> None:
    demand = ("--calls-per-hour", "22", "--handle-minutes", "22", "--within", "20")
    status, said = hotline("staffing", *demand, "--level", "0.95", "--pools", "10", "--json")
    assert status == 0, said
    assert [row["counselors"] for row in json.loads(said.splitlines()[-1])] == [14, 40]


def test_staffing_with_patience_needs_no_more(summary: Summary) -> None:
    demand = ("--calls-per-hour", "22", "--handle-minutes", "22", "--patience-minutes", "4")
    status, said = hotline("staffing", *demand, "--json", "--language", "en")
    assert status == 0, said
    (row,) = json.loads(said.splitlines()[-1])
    assert row["counselors"] == 13
    assert 0 < row["abandons"] < 0.05
    status, said = hotline("staffing", *demand[:-1], "0")
    assert status == 2
    assert "greater than 0" in said


def test_json_has_everything_that_is_printed(summary: Summary) -> None:
    told = json.loads(json.dumps(asdict(summary)))
    assert told["hours"][0]["calls"]["asa"]["half"] > 0
    assert told["kinds"]["professional"]["counselors"] == 3
