"""Prompts spoken for real, with espeak-ng."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path

import numpy as np
import pytest

from hotline.prompts.music import beep, waiting_music
from hotline.prompts.texts import LANGUAGES, Text, read_texts
from hotline.prompts.voice import (
    VOICES,
    VoiceMissing,
    generate_prompts,
    level_speech,
    resample,
    speak,
)
from hotline.wav import wav_fault
from tests.tracks import read_track, strength, tone

READY = Text("state_ready", "zh", "zh", "您已就绪，可以接听来电。")
NEXT = Text("position_next", "en", "en", "You are next. Please stay on the line.")


def loudness(sound: np.ndarray) -> float:
    loud = sound[np.abs(sound) > 0.01]
    return float(20 * np.log10(np.sqrt(np.mean(loud**2))))


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prompts")
    assert generate_prompts(folder, texts=[READY, NEXT]) == 4  # the two, the music, the beep
    return folder / "generated"


def test_spoken_prompts_are_playable_and_equally_loud(spoken: Path) -> None:
    zh, en = spoken / "zh" / "state_ready.wav", spoken / "en" / "position_next.wav"
    assert wav_fault(zh) is None
    assert wav_fault(en) is None
    for sound in map(read_track, (zh, en)):
        assert 1.0 < len(sound) / 8000 < 6.0
        assert loudness(sound) == pytest.approx(-20, abs=3)
        assert np.abs(sound).max() <= 10 ** (-1 / 20) + 1e-3
        assert not np.abs(sound[:400]).max() > 0.01
    assert abs(loudness(read_track(zh)) - loudness(read_track(en))) < 3


def test_mandarin_is_read_as_words_not_spelled_as_letters() -> None:
    # espeak-ng's voice `cmn` reads the pinyin of each character as English letters
    words = "\n".join(text.words for text in read_texts() if text.voice == "zh")
    command = ["espeak-ng", "-q", "-x", "-b", "1", "-v", VOICES["zh"], "--stdin"]
    sounds = subprocess.run(command, input=words, capture_output=True, text=True, check=True).stdout
    assert len(sounds) > len(words)
    assert "(en)" not in sounds


def test_waiting_music_is_quiet_and_loops_without_a_seam(spoken: Path) -> None:
    music = read_track(spoken / "any" / "music.wav")
    assert 30 <= len(music) / 8000 <= 60
    assert 20 * np.log10(np.sqrt(np.mean(music**2))) == pytest.approx(-27, abs=0.5)
    assert np.abs(music).max() < 0.5
    steps = np.abs(np.diff(music))
    assert abs(music[0] - music[-1]) <= steps.max()
    seconds = music.reshape(-1, 8000)
    assert np.sqrt(np.mean(seconds**2, axis=1)).min() > 0.01  # never falls silent


def test_only_what_is_missing_or_changed_is_spoken_again(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    generate_prompts(tmp_path, texts=[READY, NEXT])
    assert generate_prompts(tmp_path, texts=[READY, NEXT]) == 0
    changed = Text(NEXT.prompt, NEXT.language, NEXT.voice, "Thank you for waiting.")
    generate_prompts(
        tmp_path,
        texts=[READY, changed],
        progress=lambda done, total, name: told.append((done, total)),
    )
    assert told == [(1, 1)]
    (tmp_path / "generated" / "zh" / "state_ready.wav").write_bytes(b"RIFF")
    assert generate_prompts(tmp_path, texts=[READY, changed]) == 1
    (tmp_path / "generated" / "manifest.json").write_text("torn {")
    assert generate_prompts(tmp_path, texts=[READY, changed]) == 4
    assert json.loads((tmp_path / "generated" / "manifest.json").read_text())


def test_without_espeak_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(VoiceMissing, match="espeak-ng is not installed"):
        generate_prompts(tmp_path, texts=[READY])


def test_an_espeak_that_fails_is_a_missing_voice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "espeak-ng"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(VoiceMissing, match="did not speak zh"):
        speak("您好", "zh")


def test_resampling_keeps_what_a_telephone_carries_and_drops_the_rest() -> None:
    rate = 22050
    time = np.arange(rate) / rate
    sound = resample(np.sin(2 * np.pi * 1000 * time) + np.sin(2 * np.pi * 6000 * time), rate)
    assert len(sound) == 8000
    assert strength(sound, 8000, 1000) == pytest.approx(0.5, abs=0.01)
    assert strength(sound, 8000, 2000) < 0.01  # where 6000 Hz would fold to


def test_levelling_bears_silence_and_cuts_the_edges() -> None:
    assert not level_speech(np.zeros(4000)).any()
    padded = np.concatenate([np.zeros(8000), tone(440, 1.0, level=0.05), np.zeros(8000)])
    assert len(level_speech(padded)) / 8000 == pytest.approx(1.16, abs=0.02)


def test_beep_begins_and_ends_in_silence() -> None:
    assert beep()[0] == beep()[-1] == 0
    assert len(waiting_music()) % 8000 == 0


def test_every_text_has_words_in_every_language_and_its_own_script() -> None:
    texts = read_texts()
    assert {text.language for text in texts} == set(LANGUAGES)
    for text in texts:
        assert text.words.strip()
        assert any("\u4e00" <= letter <= "\u9fff" for letter in text.words) == (text.voice == "zh")
