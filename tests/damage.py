"""Damage to a WAV as disks, uploads and editors do it, made from a seed."""

from __future__ import annotations

import random
import struct
from pathlib import Path

from tests.tracks import tone, write_track

STALE_LIST = "a LIST chunk before the sound, and a RIFF size from before it was put there"


def sound_wav(folder: Path) -> bytes:
    """Return a file that can be played."""
    path = folder / "sound.wav"
    write_track(path, tone(440, 0.3))
    return path.read_bytes()


def stale_list(wav: bytes, *, octets: int = 26) -> bytes:
    """Return `wav` with STALE_LIST."""
    chunk = struct.pack("<4sI", b"LIST", octets) + bytes(octets)
    return wav[:4] + struct.pack("<I", 40) + wav[8:36] + chunk + wav[36:]


def damaged(wav: bytes, seed: int) -> bytes:
    """Return `wav` with its header changed, a chunk put in, or its end cut off: all by `seed`."""
    dice = random.Random(seed)
    octets = bytearray(stale_list(wav, octets=dice.randrange(64)) if dice.random() < 0.4 else wav)
    for _ in range(dice.randrange(4)):
        place = dice.choice((4, 16, 20, 22, 24, 28, 32, 34, 36, 40, dice.randrange(60)))
        if dice.random() < 0.5:
            octets[place] = dice.choice((0, 1, 2, 0x7F, 0x80, 0xFF, dice.randrange(256)))
        else:
            size = dice.choice((0, 1, 16, 17, 2**31, 2**32 - 1, dice.randrange(2**16)))
            octets[place : place + 4] = struct.pack("<I", size)
    if dice.random() < 0.3:
        del octets[dice.randrange(len(octets)) :]
    elif dice.random() < 0.3:
        del octets[dice.randrange(60) :]
    return bytes(octets)
