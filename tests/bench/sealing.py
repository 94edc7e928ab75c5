"""How fast an hour is sealed: ``python -m tests.bench.sealing``, seconds of CPU of one core.

A conversation of an hour, as speech goes: bursts of noise shaped like a voice, by turns, with
pauses. Sealed as the worker seals it: repaired, encoded, encrypted, written, noted.
The peer, in the same run and by turns with it: the same tracks, encoded into a plain file.

Prints medians of five rounds (``--rounds``) and where a range begins in a recording of three hours
(``--skip-range`` leaves that out); ``--minutes`` seals less than an hour.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console

from hotline.clock import SystemClock
from hotline.database import Base, open_engine, unit_of_work
from hotline.ids import RecordingId, new_recording_id
from recordings.head import HeadFile
from recordings.jobs import Workshop
from recordings.keyring import KeyFile
from recordings.seal import repaired, seal
from recordings.storage import FolderStorage
from recordings.tables import RecordingRow
from tests.bench.figure import Figure, percentile
from tests.bench.report import figure_table, machine
from tests.tracks import RATE, Sound, write_track

TARGET = 100.0
"""Times real time, on one core."""
TURN_SECONDS = 4.0
RANGE_HOURS = 3
RANGES = 200


def speech(seconds: float, *, first: bool) -> Sound:
    """Return one side of a conversation: noise like a voice for a turn, then silence for one."""
    drawn = np.random.default_rng(int(first)).normal(0, 1, int(seconds * RATE))
    voice = np.convolve(drawn, np.hanning(8), "same")  # less and less above 1 kHz
    at = np.arange(len(voice)) / RATE
    syllables = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * at)
    turns = (at // TURN_SECONDS % 2 == 0) == first
    sound: Sound = 0.05 * voice * syllables * turns + 0.0005 * drawn
    return sound.clip(-1, 1)


class Bench:
    """A worker's surroundings below one folder, and the tracks of one conversation."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.seconds = seconds
        self._root = folder / "recordings"
        self._sides = folder / "caller.wav", folder / "counselor.wav"
        for first, path in zip((True, False), self._sides, strict=True):
            write_track(path, speech(seconds, first=first))
        self._engine = open_engine(f"sqlite:///{folder / 'hotline.sqlite'}")
        Base.metadata.create_all(self._engine)
        masters = KeyFile(folder / "recordings.key")
        masters.create()
        self._workshop = Workshop(
            database_url=f"sqlite:///{folder / 'hotline.sqlite'}",
            root=self._root,
            storage=FolderStorage(self._root),
            masters=masters,
            head=HeadFile(folder / "recordings.head"),
            clock=SystemClock(),
        )

    def sealed(self) -> tuple[float, float]:
        """Seal once; return the CPU seconds and the seconds that it took."""
        recording = new_recording_id()
        now = SystemClock().now()
        tracks = [self._root / f"{recording}.{side}.wav" for side in ("caller", "counselor")]
        self._root.mkdir(exist_ok=True)
        for source, track in zip(self._sides, tracks, strict=True):
            os.link(source, track)
        with unit_of_work(self._engine) as session:
            session.add(
                RecordingRow(
                    id=recording,
                    contact="c",
                    caller_track=tracks[0].name,
                    counselor_track=tracks[1].name,
                    started_at=now,
                    stopped_at=now,
                )
            )
        began = time.perf_counter(), time.process_time()
        self._workshop.sealing(self._engine).seal(recording)
        spent = time.process_time() - began[1], time.perf_counter() - began[0]
        return spent

    def plain(self) -> tuple[float, float]:
        """Encode once, into a plain file."""
        began = time.perf_counter(), time.process_time()
        repaired(*self._sides)
        with (self._root / "plain.opus").open("wb") as file:
            seal(*self._sides, file)
            file.flush()
            os.fsync(file.fileno())
        return time.process_time() - began[1], time.perf_counter() - began[0]

    def ranges(self) -> list[float]:
        """Return the ms to open a recording of RANGE_HOURS and read 64 KiB, anywhere in it."""
        vault, recording = self._workshop.vault(self._engine), RecordingId("f" * 32)
        size, some = RANGE_HOURS * 3600 * 4000, np.random.default_rng(1)
        with vault.writing(recording, "long.sealed") as draft:
            for _ in range(size >> 16):
                draft.write(some.bytes(1 << 16))
        taken = []
        for _ in range(RANGES):
            began = time.perf_counter()
            with vault.open(recording, "long.sealed") as file:
                file.seek(int(some.integers(0, size - (1 << 17))))
                file.read(1 << 16)
            taken.append((time.perf_counter() - began) * 1000)
        return taken


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.bench.sealing", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--skip-range", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hb-") as folder:
        bench = Bench(Path(folder), 60 * options.minutes)
        rounds = [(bench.sealed(), bench.plain()) for _ in range(options.rounds)]
        ours, peers = zip(*rounds, strict=True)
        figures = [
            Figure(
                name=f"{options.minutes:g} minutes sealed, CPU",
                unit="s",
                values=[cpu for cpu, _ in ours],
                peer=[cpu for cpu, _ in peers],
            ),
            Figure(
                name="the same, by the clock",
                unit="s",
                values=[wall for _, wall in ours],
                peer=[wall for _, wall in peers],
            ),
            Figure(
                name="the same, times real time of CPU",
                unit="x",
                values=[bench.seconds / cpu for cpu, _ in ours],
                peer=[bench.seconds / cpu for cpu, _ in peers],
                target=TARGET,
                at_least=True,
            ),
        ]
        if not options.skip_range:
            figures.append(
                Figure(name="open and read anywhere in 3 hours", unit="ms", values=bench.ranges())
            )
            print(f"ranges: p99 {percentile(figures[-1].values, 0.99):.1f} ms")
    Console(width=150).print(figure_table("sealing; peer: encoding alone", figures))
    print(machine(), f"loadavg {os.getloadavg()[0]:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
