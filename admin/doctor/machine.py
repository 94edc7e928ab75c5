"""The machine: its disk, its clock, and who may read our secrets."""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Iterator
from pathlib import Path

from admin.doctor.finding import Finding, Phrase, broken, fine, short
from hotline.clock import SystemClock
from hotline.config import Settings

_TIME_ERROR = 5
"""What adjtimex(2) returns while nothing keeps the clock right."""
_COMFORT = 4
"""So many times the reserve should be free."""


def examine_disk(settings: Settings) -> Iterator[Finding]:
    """Compare what is free with the reserve below which recording stops."""
    place = next(p for p in (settings.state, *settings.state.absolute().parents) if p.exists())
    free = shutil.disk_usage(place).free // 1_000_000
    reserve = settings.recording.reserve_mb
    says = Phrase(
        f"{settings.state}：剩余 {free} MB，保留 {reserve} MB",
        f"{settings.state}: {free} MB free, reserve {reserve} MB",
    )
    remedy = Phrase(
        "腾出空间，或把 state 移到更大的磁盘", "make room, or move `state` to a larger disk"
    )
    if free < reserve:
        yield broken("disk", says, remedy)
    elif free < _COMFORT * reserve:
        yield short("disk", says, remedy)
    else:
        yield fine("disk", *says)


def examine_secrets(settings: Settings) -> Iterator[Finding]:
    """The state folder and every key must be closed to others."""
    candidates = [settings.state, settings.secrets_dir, *_files(settings.secrets_dir)]
    there = [path for path in candidates if path.exists()]
    opened = [path for path in there if path.stat().st_mode & 0o077]
    for path in opened:
        yield broken(
            "secrets",
            Phrase(f"{path} 他人可读", f"others can read {path}"),
            Phrase(f"执行 chmod go-rwx {path}", f"run chmod go-rwx {path}"),
        )
    if not opened:
        yield fine(
            "secrets", f"{len(there)} 处均只对本用户开放", f"{len(there)} places, all private"
        )


def _files(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file()] if folder.is_dir() else []


def examine_clock(_settings: Settings) -> Iterator[Finding]:
    """A wrong clock puts events into the wrong order and the wrong day."""
    local = SystemClock().now().astimezone()
    shown = f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()} (UTC{local:%z})"
    if ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)) == _TIME_ERROR:
        yield short(
            "clock",
            Phrase(f"{shown}，没有对时", f"{shown}, not synchronised"),
            Phrase("安装并启用 chrony（虚拟机由宿主机对时的除外）",
                   "install and enable chrony, unless the host keeps this machine's clock"),
        )  # fmt: skip
    else:
        yield fine("clock", shown, shown)
