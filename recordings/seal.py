"""Two tracks into one file: stereo Ogg/Opus, the caller on the left, the counselor on the right. Of
a message, which has the caller's track alone, the right side is silent.

Encoded at the telephone's own 8 kHz, which libopus takes as it is (players hear 48 kHz): going
through 48 kHz first costs twice the time and adds nothing that was ever said. Who said what must
stay certain: in this mode nothing of one side's speech is heard on the other's channel. The mode
for speech (``voip``) leaks at -39 dB, and below 32 kbit/s libopus narrows the stereo (-26 dB).

The same tracks always give the same bytes, whatever became of a first attempt: of the sound, that
is; what encrypts it (`recordings.vault`) draws a salt for each attempt.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.error import FFmpegError

from hotline.errors import RecordingBroken
from hotline.wav import SAMPLE_RATE
from recordings.repair import repair
from recordings.storage import Writable, sync_folder

BIT_RATE = 32_000
"""15 MB an hour."""
BLOCK = SAMPLE_RATE
"""Frames read at once: one second."""
ENCODER = {"application": "audio", "vbr": "constrained", "frame_duration": "20"}
MUXER = {"fflags": "+bitexact"}
"""The serial number of the Ogg stream is not drawn by lot."""

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Sealed:
    """What came of it: seconds of each track."""

    caller_seconds: float
    counselor_seconds: float


def repaired(caller: Path, counselor: Path | None) -> Sealed:
    """Repair the tracks where they need it; return how long they are.

    Raises RecordingBroken: a track cannot be read, or neither has a sample; OSError: not now.
    """
    found = Sealed(repair(caller), repair(counselor) if counselor is not None else 0.0)
    if found.caller_seconds == found.counselor_seconds == 0:
        raise RecordingBroken(f"{caller.name}: there is no sound on either track")
    return found


def seal(caller: Path, counselor: Path | None, file: Writable) -> None:
    """Write both tracks to `file` as one; they start together, the shorter ends in silence.

    Needs the memory of one block, whatever the length, and of `file` nothing but `write`: what was
    written is never gone back to. The tracks are `repaired` already, and left where they are:
    `discard` them once it is noted where the sealed file is. Raises OSError, and what `file` does.
    """
    sink = _Sink(file)
    try:
        _encode(caller, counselor, sink)
    except FFmpegError:
        if sink.fault is None:
            raise
        raise sink.fault from None


def discard(*tracks: Path) -> None:
    """Delete plain tracks that are sealed; those that are gone already are no fault."""
    for track in tracks:
        track.unlink(missing_ok=True)
        if track.parent.is_dir():
            sync_folder(track.parent)


class _Sink:
    """Passes bytes on; keeps why that failed, which PyAV would hide behind an error of its own."""

    def __init__(self, file: Writable) -> None:
        self._file = file
        self.fault: Exception | None = None

    def write(self, data: bytes) -> int:
        if self.fault is not None:
            raise self.fault
        try:
            self._file.write(bytes(data))
        except Exception as error:
            self.fault = error
            raise
        return len(data)


def _encode(caller: Path, counselor: Path | None, file: _Sink) -> None:
    with av.open(file, "w", format="ogg", options=MUXER) as container:
        stream = container.add_stream(
            "libopus", rate=SAMPLE_RATE, layout="stereo", options=dict(ENCODER)
        )
        stream.bit_rate = BIT_RATE
        stream.codec_context.format = av.AudioFormat("s16")
        position = 0
        for block in _stereo(caller, counselor):
            frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="s16", layout="stereo")
            frame.sample_rate = SAMPLE_RATE
            frame.time_base = Fraction(1, SAMPLE_RATE)
            frame.pts = position
            position += len(block)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _stereo(caller: Path, counselor: Path | None) -> Iterator[Samples]:
    """Yield blocks of frames, shape (n, 2), until both tracks are at their end."""
    with ExitStack() as tracks:
        left = tracks.enter_context(wave.open(str(caller), "rb"))
        right = tracks.enter_context(wave.open(str(counselor), "rb")) if counselor else None
        while True:
            one, other = _read(left), _read(right)
            count = max(len(one), len(other))
            if count == 0:
                return
            block = np.zeros((count, 2), dtype=np.int16)
            block[: len(one), 0] = one
            block[: len(other), 1] = other
            yield block


def _read(track: wave.Wave_read | None) -> Samples:
    if track is None:
        return np.zeros(0, dtype=np.int16)
    return np.frombuffer(track.readframes(BLOCK), dtype="<i2")
