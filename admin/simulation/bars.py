"""The hours as bars in a terminal. Readable without colours: the signs differ too."""

from __future__ import annotations

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from admin.simulation.estimate import Estimate
from admin.simulation.summary import HourRow, Summary
from admin.simulation.words import Words

ANSWERED, ABANDONED, EMPTY, TARGET = "█", "▒", "·", "┃"
EIGHTHS = " ▏▎▍▌▋▊▉"
LEVEL_CELLS = 12
LEAST = 5
"""Columns of a number."""
CLOSE = 0.05
"""Below the target by less than this is yellow, not red."""


def hours_chart(summary: Summary, words: Words, width: int) -> Table:
    """Return an hour a line: calls as one bar, service level as another, counselors on duty."""
    level = words.level.format(summary.target_within)
    heads = (words.offered, words.abandoned, level, "", words.on_duty)
    beside = sum(2 + max(LEAST, cell_len(head)) for head in heads) + LEVEL_CELLS
    cells = max(8, min(60, width - beside - cell_len("00:00")))
    most = max((row.calls.offered.value or 0 for row in summary.hours), default=0)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(words.hour, no_wrap=True)
    legend = Text.assemble(
        (ANSWERED, "green"), f" {words.answered} ", (ABANDONED, "red"), f" {words.abandoned}"
    )
    table.add_column(legend, no_wrap=True, min_width=cells)
    for head in heads:
        table.add_column(head, justify="left" if head == level else "right", no_wrap=True)
    for row in summary.hours:
        service = row.calls.levels[summary.target_within]
        table.add_row(
            clock(row.begins),
            calls_bar(row, most, cells),
            _number(row.calls.offered),
            _number(_left(row)),
            level_bar(service.value, summary.target_level),
            "-" if service.value is None else f"{service.value:.0%}",
            _number(row.work.on_duty),
        )
    return table


def clock(minute: int) -> str:
    """Return a minute of the day as ``20:30``."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def calls_bar(row: HourRow, most: float, cells: int) -> Text:
    """Return answered and abandoned (short ones too) as one bar; `most` calls fill `cells`."""
    if not most:
        return Text()
    answered = (row.calls.answered.value or 0) * cells / most
    left = (_left(row).value or 0) * cells / most
    lost = round(answered + left) - round(answered)
    if lost:
        return Text(ANSWERED * round(answered), "green").append(ABANDONED * lost, "red")
    whole = int(answered)
    part = EIGHTHS[int((answered - whole) * 8)].strip()
    return Text(ANSWERED * whole + part, "green")


def level_bar(value: float | None, target: float) -> Text:
    """Return a share as a bar with a mark at the target; green when it is reached."""
    if value is None:
        return Text()
    filled = round(value * LEVEL_CELLS)
    colour = "green" if value >= target else "yellow" if value >= target - CLOSE else "red"
    mark = min(LEVEL_CELLS - 1, int(target * LEVEL_CELLS))
    before, behind = min(filled, mark), max(0, filled - mark - 1)
    return Text.assemble(
        (ANSWERED * before, colour),
        (EMPTY * (mark - before), "dim"),
        (TARGET, "bold"),
        (ANSWERED * behind, colour),
        (EMPTY * (LEVEL_CELLS - mark - 1 - behind), "dim"),
    )


def _left(row: HourRow) -> Estimate:
    """All who gave up, the short ones too."""
    return Estimate((row.calls.abandoned.value or 0) + (row.calls.short.value or 0))


def _number(estimate: Estimate) -> str:
    return "-" if estimate.value is None else f"{estimate.value:.1f}"
