"""Tracks of known sound, and what can be heard on them."""

from __future__ import annotations

import wave
from io import BufferedIOBase
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from hotline.ids import LegId

RATE = 8000
Sound = npt.NDArray[np.float64]


def tone(frequency: float, seconds: float, level: float = 0.3) -> Sound:
    """Return a sine between -1 and 1, sampled at RATE."""
    sine: Sound = level * np.sin(2 * np.pi * frequency * np.arange(int(seconds * RATE)) / RATE)
    return sine


def write_track(path: Path, sound: Sound) -> None:
    """Write `sound` as a closed track."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes((sound * 32767).astype("<i2").tobytes())


def read_track(path: Path) -> Sound:
    """Return what is on a track; raises what `wave` raises when it is no WAV."""
    with wave.open(str(path), "rb") as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (RATE, 1, 2)
        return np.frombuffer(wav.readframes(wav.getnframes()), "<i2") / 32768


def decode_sealed(file: BufferedIOBase) -> tuple[Sound, Sound, int]:
    """Return left, right and the sample rate of an opened recording."""
    with av.open(file, "r") as container:
        stream = container.streams.audio[0]
        blocks = [frame.to_ndarray() for frame in container.decode(stream)]
        planar, rate = stream.format.is_planar, stream.rate
    whole = np.concatenate(blocks, axis=1).astype(float)
    if not planar:
        whole = whole.reshape(-1, 2).T
    return whole[0], whole[1], rate


def strength(sound: Sound, rate: int, frequency: float) -> float:
    """Return how strong `frequency` is in `sound` (any unit; compare two of them)."""
    turns = np.exp(-2j * np.pi * frequency * np.arange(len(sound)) / rate)
    return float(np.abs(np.dot(sound, turns)) / max(1, len(sound)))


class FileTracks:
    """Implements ports.Tracks with real files and without calls: `say` is what a leg says.

    Like the real one it opens the file by name, and leaves the header for `stop_track`.
    """

    def __init__(self) -> None:
        self._open: dict[LegId, tuple[Path, list[Sound]]] = {}
        self.refused: set[LegId] = set()
        """Legs whose track cannot be created."""

    def start_track(self, leg: LegId, path: Path) -> None:
        if leg in self.refused:
            raise OSError("no track for this leg")
        path.open("wb").close()
        self._open[leg] = (path, [])

    def say(self, leg: LegId, sound: Sound) -> None:
        self._open[leg][1].append(sound)

    def share_track(self, leg: LegId, other: LegId) -> None:
        if leg in self._open:
            self._open[other] = self._open[leg]

    def stop_track(self, leg: LegId) -> None:
        if leg in self._open:
            path, said = self._open.pop(leg)
            if not any(path == shared for shared, _ in self._open.values()):
                write_track(path, np.concatenate([*said, np.zeros(0)]))

    @property
    def running(self) -> set[LegId]:
        return set(self._open)
