"""A track that nobody closed, made readable: what was written is kept, to the last whole sample.

A writer that dies leaves a header whose lengths are 0, and all its audio behind it; a full disk or
a lost page may cut the file anywhere, even inside the header.

    "RIFF" <length> "WAVE"  ("fmt " <16> <format>)  (other chunks)  "data" <length> <samples ...>
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path

from hotline.errors import RecordingBroken
from hotline.wav import SAMPLE_RATE

SAMPLE_BYTES = 2
PCM = 1
FORMAT = struct.pack(
    "<HHIIHH", PCM, 1, SAMPLE_RATE, SAMPLE_RATE * SAMPLE_BYTES, SAMPLE_BYTES, 8 * SAMPLE_BYTES
)
EMPTY = b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + struct.pack("<I", 16) + FORMAT
EMPTY += b"data" + struct.pack("<I", 0)
"""A WAV without a sample."""
RIFF_HEADER = 12
CHUNK_HEADER = 8


@dataclass(frozen=True, slots=True)
class _Data:
    """The data chunk: where its samples begin and how many bytes it claims to have."""

    offset: int
    claimed: int


def repair(path: Path) -> float:
    """Make the track at `path` a valid WAV of what is there; return its seconds.

    A whole file is left as it is; doing it twice, or dying halfway, does no harm. Raises
    RecordingBroken when there is no file or it is not a WAV of 8 kHz mono 16-bit PCM, and OSError
    where the disk does not let us: that says nothing of the track.
    """
    try:
        with path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            data = _find_data(file, size, path)
            if data is None:  # cut before the first sample
                _rewrite(file, EMPTY)
                return 0.0
            length = _mend(file, data, size)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise RecordingBroken(f"{path.name}: {error.strerror}") from error
    return length / SAMPLE_BYTES / SAMPLE_RATE


def _mend(file: BufferedRandom, data: _Data, size: int) -> int:
    """Bring the lengths in the header in line with the file; return the bytes of samples."""
    there = size - data.offset
    length = data.claimed if 0 < data.claimed <= there else there
    length -= length % SAMPLE_BYTES
    if length != data.claimed or there - length == 1:  # half a sample
        size = data.offset + length
        file.truncate(size)
        _write_length(file, data.offset - 4, length)
    file.seek(4)
    if file.read(4) != struct.pack("<I", size - CHUNK_HEADER):
        _write_length(file, 4, size - CHUNK_HEADER)
    return length


def _write_length(file: BufferedRandom, position: int, length: int) -> None:
    file.seek(position)
    file.write(struct.pack("<I", length))
    _flush(file)


def _find_data(file: BufferedRandom, size: int, path: Path) -> _Data | None:
    """Return the data chunk, or None when the file is cut before it."""
    _check_magic(file, path)
    position = RIFF_HEADER
    formatted = False
    while position + CHUNK_HEADER <= size:
        file.seek(position)
        name, length = struct.unpack("<4sI", file.read(CHUNK_HEADER))
        position += CHUNK_HEADER
        if name == b"data":
            if not formatted:
                raise RecordingBroken(f"{path.name}: samples without a format")
            return _Data(position, length)
        if name == b"fmt " and position + len(FORMAT) <= size:
            _check_format(file.read(len(FORMAT)), path)
            formatted = True
        position += length + length % 2
    return None


def _check_magic(file: BufferedRandom, path: Path) -> None:
    file.seek(0)
    head = file.read(RIFF_HEADER)
    if head[:4] != b"RIFF"[: len(head)] or head[8:] != b"WAVE"[: max(0, len(head) - 8)]:
        raise RecordingBroken(f"{path.name}: is not a WAV file")


def _check_format(found: bytes, path: Path) -> None:
    if found != FORMAT:
        coding, channels, rate, _, _, bits = struct.unpack("<HHIIHH", found)
        raise RecordingBroken(
            f"{path.name}: coding {coding}, {channels} channels, {rate} Hz, {bits} bit;"
            " needed are PCM, mono, 8000 Hz, 16 bit"
        )


def _rewrite(file: BufferedRandom, content: bytes) -> None:
    file.seek(0)
    file.write(content)
    file.truncate(len(content))
    _flush(file)


def _flush(file: BufferedRandom) -> None:
    file.flush()
    os.fsync(file.fileno())
