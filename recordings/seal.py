"""Two tracks into one file: stereo Ogg/Opus, the caller on the left, the counselor on the right. Of
a message, which has the caller's track alone, the right side is silent.

Encoded at the telephone's own 8 kHz, which libopus takes as it is (players hear 48 kHz): going
through 48 kHz first costs twice the time and adds nothing that was ever said. Who said what must
stay certain: in this mode nothing of one side's speech is heard on the other's channel. The mode
for speech (``voip``) leaks at -39 dB, and below 32 kbit/s libopus narrows the stereo (-26 dB).

The same tracks always give the same bytes, whatever becomes of a first attempt.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import wave
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from io import BufferedWriter
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from hotline.errors import HotlineError, RecordingBroken
from hotline.wav import SAMPLE_RATE
from recordings.repair import repair

BIT_RATE = 32_000
"""15 MB an hour."""
BLOCK = SAMPLE_RATE
"""Frames read at once: one second."""
ENCODER = {"application": "audio", "vbr": "constrained", "frame_duration": "20"}
MUXER = {"fflags": "+bitexact"}
"""The serial number of the Ogg stream is not drawn by lot."""

Samples = npt.NDArray[np.int16]


class SealingElsewhere(HotlineError):
    """Another process is sealing this recording at this moment: try again later."""

    code = "sealing_elsewhere"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What came of it: SHA-256 (hex) of the file, seconds of each track."""

    checksum: str
    caller_seconds: float
    counselor_seconds: float


def seal(caller: Path, counselor: Path | None, target: Path) -> Sealed:
    """Write both tracks to `target` as one file; they start together, the shorter ends in silence.

    Needs the memory of one block, whatever the length. `target` is there whole, and on the disk,
    or not at all. The tracks are repaired where they need it, and left where they are: `discard`
    them once it is noted where the sealed file is.

    Raises RecordingBroken (a track cannot be read, or neither has a sample), SealingElsewhere,
    OSError.
    """
    caller_seconds = repair(caller)
    counselor_seconds = repair(counselor) if counselor is not None else 0.0
    if caller_seconds == counselor_seconds == 0:
        raise RecordingBroken(f"{target.name}: there is no sound on either track")
    with _part_of(target) as (part, file):
        _encode(caller, counselor, file)
        file.flush()
        os.fsync(file.fileno())
        checksum = checksum_of(part)
        part.replace(target)
    sync_folder(target.parent)
    return Sealed(checksum, caller_seconds, counselor_seconds)


def discard(*tracks: Path) -> None:
    """Delete plain tracks that are sealed; those that are gone already are no fault."""
    for track in tracks:
        track.unlink(missing_ok=True)
        sync_folder(track.parent)


def checksum_of(path: Path) -> str:
    """Return the SHA-256 of the file at `path`, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Make what was renamed or deleted in `folder` outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _part_of(target: Path) -> Iterator[tuple[Path, BufferedWriter]]:
    """Yield the unfinished file beside `target`, ours alone while the block lasts."""
    part = target.with_name(f".{target.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SealingElsewhere(f"{target.name}: another process is at it") from None
        file.truncate(0)  # what is left of an attempt that died
        try:
            yield part, file
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def _encode(caller: Path, counselor: Path | None, file: BufferedWriter) -> None:
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
