"""Speaks the prompts at set-up, with espeak-ng, into WAV files that any telephone can play.

8 kHz mono 16-bit PCM, all equally loud, a breath of silence before and after. What a WAV was made
from is remembered in ``manifest.json``: only what is missing or was changed is spoken again.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import wave
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hotline.errors import HotlineError
from hotline.prompts.library import GENERATED, WORDLESS
from hotline.prompts.music import Sound, beep, waiting_music
from hotline.prompts.texts import Text, read_texts
from hotline.wav import SAMPLE_RATE, wav_fault

PROGRAM = "espeak-ng"
VOICES = {"zh": "cmn-latn-pinyin", "en": "en-gb"}
"""Not ``cmn``: that voice (1.51) spells the pinyin of every character in English letters."""
WORDS_PER_MINUTE = {"zh": 170, "en": 145}
TIMEOUT_SECONDS = 60

VERSION = "1"
"""Raise it when the same text must be spoken anew because this module changed."""

LEVEL = 10 ** (-20 / 20)
PEAK = 10 ** (-1 / 20)
QUIET = 0.01
LEAD_SECONDS = 0.06
TRAIL_SECONDS = 0.1

MANIFEST = "manifest.json"

Progress = Callable[[int, int, str], None]
"""Called with (done, all, name) after each file."""


class VoiceMissing(HotlineError):
    """espeak-ng is not installed or does not speak: prompts cannot be generated here."""

    code = "voice_missing"


@dataclass(frozen=True, slots=True)
class _Task:
    """One WAV to make: where, what from, and how."""

    place: str
    origin: str
    make: Callable[[], Sound]


def generate_prompts(
    folder: Path,
    *,
    texts: Iterable[Text] | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
) -> int:
    """Make every WAV below ``folder/generated`` that is missing or out of date; return how many.

    `texts`: those of ``texts.toml`` unless given. `workers`: as many as there are processors.
    Raises VoiceMissing; what was finished by then is kept.
    """
    root = folder / GENERATED
    manifest = _read_manifest(root)
    tasks = [
        task
        for task in _tasks(read_texts() if texts is None else texts)
        if manifest.get(task.place) != task.origin or wav_fault(root / task.place) is not None
    ]
    if not tasks:
        return 0
    with ThreadPoolExecutor(max_workers=workers or os.cpu_count() or 1) as pool:
        running = {pool.submit(_make, root, task): task for task in tasks}
        try:
            for done, future in enumerate(as_completed(running), start=1):
                future.result()
                task = running[future]
                manifest[task.place] = task.origin
                if progress is not None:
                    progress(done, len(tasks), task.place)
        finally:
            pool.shutdown(cancel_futures=True)
            _write_whole(root / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode())
    return len(tasks)


def speak(words: str, language: str) -> Sound:
    """Return `words` as sound between -1 and 1 at SAMPLE_RATE. Raises VoiceMissing."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise VoiceMissing(f"{PROGRAM} is not installed: apt-get install {PROGRAM}")
    command = [program, "-v", VOICES[language], "-s", str(WORDS_PER_MINUTE[language]), "-b", "1"]
    try:
        spoken = subprocess.run(
            [*command, "--stdin", "--stdout"],
            input=words.encode(),
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=True,
        ).stdout
        with wave.open(io.BytesIO(spoken), "rb") as wav:
            rate = wav.getframerate()
            # written to a pipe, so the length in the header is not to be trusted
            samples = np.frombuffer(wav.readframes(len(spoken)), dtype="<i2")
    except (OSError, subprocess.SubprocessError, EOFError, wave.Error) as error:
        raise VoiceMissing(f"{PROGRAM} did not speak {language}: {error}") from error
    if not samples.size:
        raise VoiceMissing(f"{PROGRAM} said nothing in {language}: is its data installed?")
    return level_speech(resample(samples / 32768, rate))


def resample(sound: Sound, rate: int) -> Sound:
    """Return `sound`, sampled at `rate`, at SAMPLE_RATE; nothing above half of that remains."""
    count = round(len(sound) * SAMPLE_RATE / rate)
    spectrum = np.fft.rfft(sound)
    kept = spectrum[: count // 2 + 1]
    return np.fft.irfft(kept, count) * (count / len(sound))


def level_speech(sound: Sound) -> Sound:
    """Return `sound` at LEVEL (RMS where it is not silent), its silences cut to size."""
    loud = np.flatnonzero(np.abs(sound) > QUIET)
    if loud.size:
        sound = sound[loud[0] : loud[-1] + 1]
        strength = float(np.sqrt(np.mean(sound[np.abs(sound) > QUIET] ** 2)))
        gain = min(LEVEL / strength, PEAK / float(np.max(np.abs(sound))))
        sound = sound * gain
    lead, trail = int(LEAD_SECONDS * SAMPLE_RATE), int(TRAIL_SECONDS * SAMPLE_RATE)
    return np.concatenate([np.zeros(lead), sound, np.zeros(trail)])


def write_wav(path: Path, sound: Sound) -> None:
    """Write `sound` to `path`, whole or not at all: a call may be looking for it just now."""
    pcm = np.clip(np.round(sound * 32767), -32768, 32767).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(SAMPLE_RATE)
        wav.writeframes(pcm.tobytes())
    _write_whole(path, buffer.getvalue())


def _tasks(texts: Iterable[Text]) -> Iterator[_Task]:
    for text in texts:
        yield _Task(
            f"{text.language}/{text.prompt}.wav",
            _origin(text.voice, VOICES[text.voice], WORDS_PER_MINUTE[text.voice], text.words),
            lambda text=text: speak(text.words, text.voice),  # type: ignore[misc]  # bound now
        )
    yield _Task(f"{WORDLESS}/music.wav", _origin("music"), waiting_music)
    yield _Task(f"{WORDLESS}/beep.wav", _origin("beep"), beep)


def _origin(*facts: object) -> str:
    return hashlib.sha256(json.dumps([VERSION, *facts]).encode()).hexdigest()


def _make(root: Path, task: _Task) -> None:
    write_wav(root / task.place, task.make())


def _read_manifest(root: Path) -> dict[str, str]:
    try:
        manifest = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _write_whole(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
