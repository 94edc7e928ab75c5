"""Printing findings for a person."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from admin.doctor.finding import Finding, Phrase, Verdict

_MARKS = {
    Verdict.OK: (Phrase("正常", "ok"), "green"),
    Verdict.WARN: (Phrase("不足", "short"), "yellow"),
    Verdict.BAD: (Phrase("故障", "bad"), "bold red"),
}
_SUBJECTS = {
    "engine": "电话引擎", "edge": "边缘 SIP", "redis": "Redis", "database": "数据库",
    "prompts": "提示音", "flows": "语音菜单", "disk": "磁盘", "ports": "端口",
    "secrets": "密钥", "clock": "时钟",
}  # fmt: skip


def show(findings: Iterable[Finding], *, console: Console, language: str) -> None:
    """Print one row per finding; the remedy stands below what it mends."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        mark, style = _MARKS[finding.state]
        subject = finding.subject
        if language == "zh":
            subject = _SUBJECTS.get(subject, subject)
        says = Text(finding.says.in_language(language))
        if finding.remedy is not None:
            says.append(f"\n→ {finding.remedy.in_language(language)}", style="cyan")
        table.add_row(subject, Text(mark.in_language(language), style=style), says)
    console.print(table)
