"""The summary as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from admin.simulation.bars import TARGET, hours_chart
from admin.simulation.estimate import Estimate
from admin.simulation.summary import CallRow, Summary
from admin.simulation.words import Words


def report(summary: Summary, words: Words, width: int) -> RenderableType:
    """Return everything that is printed, for a terminal of `width` columns."""
    head = Text(summary.scenario, style="bold")
    facts = words.runs.format(summary.runs, summary.seed, summary.plan)
    return Group(
        head,
        Text(facts, style="dim"),
        Text(),
        _headline(summary, words),
        Text(),
        hours_chart(summary, words, width),
        Text(),
        _by_node(summary, words),
        Text(),
        _by_priority(summary, words),
        Text(),
        _by_kind(summary, words),
        Text(),
        *(Text(note, style="dim") for note in _notes(summary, words)),
    )


def _notes(summary: Summary, words: Words) -> Iterator[str]:
    yield words.target_note.format(TARGET, summary.target_within, f"{summary.target_level:.0%}")
    yield words.interval_note if summary.runs > 1 else words.one_run_note
    yield words.short_note.format(f"{summary.short_abandon:g}")
    if summary.calls.open.value:
        yield words.open_note


def _headline(summary: Summary, words: Words) -> Table:
    table = table_of(words.figure, words.value)
    calls, work = summary.calls, summary.work
    counts = [
        (words.offered, calls.offered),
        (words.redials, calls.redials),
        (words.answered, calls.answered),
        (words.abandoned, calls.abandoned),
        (words.short, calls.short),
    ]
    if calls.open.value:
        counts.append((words.open, calls.open))
    for name, estimate in counts:
        table.add_row(name, count(estimate))
    for threshold, estimate in calls.levels.items():
        shown = percent(estimate)
        if threshold == summary.target_within:
            shown.append(f"  {words.target} {summary.target_level:.0%}", style="dim")
        table.add_row(words.level.format(threshold), shown)
    table.add_row(words.asa, seconds(calls.asa, words))
    table.add_row(words.longest, minutes(calls.longest, words))
    table.add_row(words.aht, minutes(calls.aht, words))
    table.add_row(words.occupancy, percent(work.occupancy))
    spread = percent(summary.least_busy).append(" – ").append(percent(summary.most_busy))
    table.add_row(words.spread, spread)
    table.add_row(words.on_duty, count(work.on_duty))
    if calls.own_district.value is not None:
        table.add_row(words.own_district, percent(calls.own_district))
    return table


def _by_node(summary: Summary, words: Words) -> Table:
    table = table_of(words.node, *_call_heads(summary, words), words.on_duty, words.occupancy)
    for path, (calls, work) in summary.nodes.items():
        name = "  " * path.count("/") + path.rpartition("/")[2]
        cells = _call_cells(calls, summary, words)
        table.add_row(name, *cells, count(_plain(work.on_duty)), percent(_plain(work.occupancy)))
    return table


def _by_priority(summary: Summary, words: Words) -> Table:
    table = table_of(words.priority, *_call_heads(summary, words))
    for priority, calls in summary.priorities.items():
        table.add_row(words.priorities[priority], *_call_cells(calls, summary, words))
    return table


def _by_kind(summary: Summary, words: Words) -> Table:
    table = table_of(words.kind, words.counselors, words.on_duty, words.occupancy)
    for kind, work in summary.kinds.items():
        number = str(work.counselors)
        table.add_row(words.kinds[kind], number, count(work.on_duty), percent(work.occupancy))
    return table


def _call_heads(summary: Summary, words: Words) -> tuple[str, ...]:
    level = words.level.format(summary.target_within)
    return words.offered, words.abandoned, level, words.asa, words.longest


def _call_cells(calls: CallRow, summary: Summary, words: Words) -> tuple[Text, ...]:
    return (
        count(_plain(calls.offered)),
        count(_plain(calls.abandoned)),
        percent(calls.levels[summary.target_within]),
        seconds(_plain(calls.asa), words),
        minutes(calls.longest, words),
    )


def _plain(estimate: Estimate) -> Estimate:
    """Return it without its interval, where a row would grow too wide."""
    return Estimate(estimate.value)


def table_of(first: str, *others: str) -> Table:
    """Return an empty table: names to the left, figures to the right, as narrow as can be."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def count(estimate: Estimate) -> Text:
    """Return a number per run, such as ``214.3 ±4.1``."""
    return _shown(estimate, 1, "")


def percent(estimate: Estimate) -> Text:
    """Return a share, such as ``94.2 ±1.1 %``."""
    return _shown(estimate, 100, "%")


def seconds(estimate: Estimate, words: Words) -> Text:
    return _shown(estimate, 1, words.seconds)


def minutes(estimate: Estimate, words: Words) -> Text:
    """Return seconds as minutes."""
    return _shown(estimate, 1 / 60, words.minutes)


def _shown(estimate: Estimate, factor: float, unit: str) -> Text:
    if estimate.value is None:
        return Text("-", style="dim")
    text = Text(f"{factor * estimate.value:.1f}")
    if estimate.half is not None:
        text.append(f" ±{factor * estimate.half:.1f}", style="dim")
    return text.append(f" {unit}" if unit else "")
