"""The hours as a drawing: calls, service level with its intervals, counselors; three panels over
one axis of hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from admin.simulation.bars import clock
from admin.simulation.estimate import Estimate
from admin.simulation.summary import HourRow, Summary
from admin.simulation.svg import Drawing
from admin.simulation.words import Words

INK, FAINT, GRID, PAPER = "#1f2d3a", "#66737f", "#e4e9ed", "#ffffff"
ANSWERED, ABANDONED, LEVEL, TARGET, BUSY, THERE = (
    "#2b7a9b", "#e2725b", "#3d5a80", "#c08a1e", "#5b8c5a", "#cfe0ce",
)  # fmt: skip
WIDTH, LEFT, RIGHT = 1000.0, 64.0, 24.0
HEAD, PANEL, GAP, FOOT = 104.0, 170.0, 58.0, 44.0
MOST_LABELS = 16
LABEL_STEPS = (1, 2, 3, 4, 6, 12, 24, 48, 72, 96, 168)
GAP_SHARE = 0.22
"""Of an hour's width, left between bars."""


@dataclass(frozen=True, slots=True)
class _Panel:
    """One chart: its top, from where to where its axis goes, and how many hours it has."""

    top: float
    least: float
    most: float
    hours: int

    @property
    def bottom(self) -> float:
        return self.top + PANEL

    @property
    def hour(self) -> float:
        return (WIDTH - LEFT - RIGHT) / self.hours

    def x(self, number: float) -> float:
        return LEFT + number * self.hour

    def y(self, value: float) -> float:
        share = (value - self.least) / (self.most - self.least)
        return self.bottom - PANEL * min(1.0, max(0.0, share))


def draw(summary: Summary, words: Words) -> str:
    """Return the summary's hours as SVG."""
    height = HEAD + 3 * PANEL + 2 * GAP + FOOT
    drawing = Drawing(WIDTH, height, title=summary.scenario)
    drawing.rect(0, 0, WIDTH, height, fill=PAPER)
    drawing.text(LEFT, 32, summary.scenario, size=19, fill=INK, bold=True)
    facts = words.runs.format(summary.runs, summary.seed, summary.plan)
    drawing.text(LEFT, 52, facts, fill=FAINT)
    tops = [HEAD + n * (PANEL + GAP) for n in range(3)]
    _calls(drawing, summary.hours, tops[0], words)
    _levels(drawing, summary, tops[1], words)
    _counselors(drawing, summary.hours, tops[2], words)
    return str(drawing)


def _calls(drawing: Drawing, hours: Sequence[HourRow], top: float, words: Words) -> None:
    most = max((_value(row.calls.offered) for row in hours), default=0)
    panel = _axes(drawing, top, most, hours)
    _legend(drawing, top, ((ANSWERED, words.answered), (ABANDONED, words.abandoned)))
    for number, row in enumerate(hours):
        answered = _value(row.calls.answered)
        left = _value(row.calls.abandoned) + _value(row.calls.short)
        tip = f"{clock(row.begins)}  {words.answered} {answered:.1f}  {words.abandoned} {left:.1f}"
        _bar(drawing, panel, number, 0, answered, fill=ANSWERED, tip=tip)
        _bar(drawing, panel, number, answered, answered + left, fill=ABANDONED, tip=tip)


def _levels(drawing: Drawing, summary: Summary, top: float, words: Words) -> None:
    services = [row.calls.levels[summary.target_within] for row in summary.hours]
    lows = [s.value - (s.half or 0.0) for s in services if s.value is not None]
    # A line, unlike a bar, may begin above nought: most of a good service happens up there.
    least = 0.5 if all(low >= 0.5 for low in lows) else 0.0
    panel = _axes(drawing, top, 1.0, summary.hours, least=least)
    level = words.level.format(summary.target_within)
    target = f"{words.target} {summary.target_level:.0%}"
    _legend(drawing, top, ((LEVEL, level), (TARGET, target)))
    y = panel.y(summary.target_level)
    drawing.line(LEFT, y, WIDTH - RIGHT, y, stroke=TARGET, width=1.5, dashed=True)
    points: list[tuple[float, float, str]] = []
    for number, (row, service) in enumerate(zip(summary.hours, services, strict=True)):
        if service.value is None:
            _through(drawing, points)
            points = []
            continue
        x, half = panel.x(number + 0.5), service.half or 0.0
        low, high = panel.y(service.value - half), panel.y(service.value + half)
        if half:
            drawing.line(x, low, x, high, stroke=LEVEL, width=1.2)
        tip = f"{clock(row.begins)}  {level} {service.value:.1%}"
        points.append((x, panel.y(service.value), tip + (f" ±{half:.1%}" if half else "")))
    _through(drawing, points)


def _through(drawing: Drawing, points: Sequence[tuple[float, float, str]]) -> None:
    """Draw a line with its dots; an hour without calls interrupts it."""
    drawing.path([(x, y) for x, y, _ in points], stroke=LEVEL)
    radius = 4.0 if len(points) <= 2 * MOST_LABELS else 2.0
    for x, y, tip in points:
        drawing.dot(x, y, radius, fill=LEVEL, tip=tip)


def _counselors(drawing: Drawing, hours: Sequence[HourRow], top: float, words: Words) -> None:
    most = max((_value(row.work.on_duty) for row in hours), default=0)
    panel = _axes(drawing, top, most, hours)
    _legend(drawing, top, ((THERE, words.on_duty), (BUSY, words.busy)))
    for number, row in enumerate(hours):
        there, busy = _value(row.work.on_duty), _value(row.work.busy)
        share = "" if row.work.occupancy.value is None else f" {row.work.occupancy.value:.0%}"
        tip = f"{clock(row.begins)}  {words.on_duty} {there:.1f}  {words.occupancy}{share}"
        _bar(drawing, panel, number, 0, there, fill=THERE, tip=tip)
        _bar(drawing, panel, number, 0, busy, fill=BUSY, tip=tip)
    every = next((s for s in LABEL_STEPS if len(hours) / s <= MOST_LABELS), LABEL_STEPS[-1])
    for number in range(0, len(hours), every):
        begins = clock(hours[number].begins)
        drawing.text(panel.x(number), panel.bottom + 20, begins, fill=FAINT, anchor="middle")
    drawing.text(WIDTH - RIGHT, panel.bottom + 36, words.hour, size=11, fill=FAINT, anchor="end")


def _bar(
    drawing: Drawing, panel: _Panel, number: int, low: float, high: float, *, fill: str, tip: str
) -> None:
    x, width = panel.x(number + GAP_SHARE / 2), panel.hour * (1 - GAP_SHARE)
    top = panel.y(high)
    drawing.rect(x, top, width, panel.y(low) - top, fill=fill, tip=tip)


def _axes(
    drawing: Drawing,
    top: float,
    most: float,
    hours: Sequence[HourRow],
    *,
    least: float | None = None,
) -> _Panel:
    """Draw the grid with its numbers, and return the panel that goes on it; with `least`, shares
    from there on."""
    first = least or 0.0
    step = tick(most) if least is None else (most - least) / 5
    ticks = max(1, ceil((most - first) / step - 1e-9))
    panel = _Panel(top, first, first + ticks * step, len(hours))
    for number in range(ticks + 1):
        value = first + number * step
        y = panel.y(value)
        drawing.line(LEFT, y, WIDTH - RIGHT, y, stroke=GRID if number else INK)
        shown = f"{value:g}" if least is None else f"{value:.0%}"
        drawing.text(LEFT - 8, y + 4, shown, fill=FAINT, anchor="end")
    return panel


def tick(most: float) -> float:
    """Return a round distance of some four to six grid lines up to `most`."""
    if most <= 0:
        return 1.0
    power = 10.0 ** floor(log10(most / 4))
    return next(power * f for f in (1, 2, 2.5, 5, 10) if most / (power * f) <= 6)


def _legend(drawing: Drawing, top: float, entries: Sequence[tuple[str, str]]) -> None:
    x = LEFT
    for colour, name in entries:
        drawing.rect(x, top - 24, 11, 11, fill=colour)
        drawing.text(x + 17, top - 14, name, size=13, fill=INK)
        x += 40 + sum(13.5 if ord(letter) > 0x2E80 else 7.4 for letter in name)


def _value(estimate: Estimate) -> float:
    return estimate.value or 0.0
