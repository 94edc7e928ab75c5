"""Which WAV a caller hears."""

from __future__ import annotations

import logging
import os
import wave
from pathlib import Path

import pytest

from hotline.errors import PromptMissing
from hotline.prompts.library import PromptLibrary
from hotline.wav import seconds_of
from tests.damage import damaged, sound_wav, stale_list
from tests.tracks import tone, write_track


def put(folder: Path, place: str) -> Path:
    path = folder / place
    write_track(path, tone(440, 0.1))
    return path


@pytest.mark.parametrize(
    ("there", "language", "found"),
    [
        (["generated/zh", "custom/zh"], "zh", "custom/zh"),
        (["generated/zh"], "zh", "generated/zh"),
        (["generated/en", "custom/zh"], "en", "generated/en"),
        (["custom/zh", "generated/zh"], "en", "custom/zh"),
        (["generated/zh", "generated/en"], "", "generated/zh"),
        (["generated/zh"], "../../etc", "generated/zh"),
        (["generated/any"], "en", "generated/any"),
        (["generated/any", "custom/any"], "zh", "custom/any"),
        (["generated/any", "custom/zh"], "en", "custom/zh"),
    ],
)
def test_language_goes_before_origin_and_custom_before_generated(
    tmp_path: Path, there: list[str], language: str, found: str
) -> None:
    for place in there:
        put(tmp_path, f"{place}/notice.wav")
    path = PromptLibrary(tmp_path, "zh").find("notice", language)
    assert path == tmp_path / found / "notice.wav"


def test_a_file_put_there_later_is_found_without_a_restart(tmp_path: Path) -> None:
    generated = put(tmp_path, "generated/zh/notice.wav")
    library = PromptLibrary(tmp_path, "zh")
    assert library.find("notice", "zh") == generated
    custom = put(tmp_path, "custom/zh/notice.wav")
    assert library.find("notice", "zh") == custom
    custom.unlink()
    assert library.find("notice", "zh") == generated


def wav(
    path: Path, *, rate: int = 8000, channels: int = 1, width: int = 2, frames: int = 80
) -> None:
    with wave.open(str(path), "wb") as out:
        out.setframerate(rate)
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.writeframes(bytes(frames * channels * width))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (lambda path: wav(path, rate=44100), "44100 Hz"),
        (lambda path: wav(path, channels=2), "2 channels"),
        (lambda path: wav(path, width=1), "8 bit"),
        (lambda path: wav(path, frames=0), "only 0 samples"),
        (lambda path: path.write_bytes(b"ID3 an mp3"), "not a readable PCM WAV"),
        (lambda path: path.write_bytes(b""), "not a readable PCM WAV"),
    ],
    ids=["rate", "stereo", "8 bit", "empty", "mp3", "nothing"],
)
def test_a_wrong_custom_file_is_logged_once_and_the_generated_one_serves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: object, words: str
) -> None:
    generated = put(tmp_path, "generated/zh/notice.wav")
    custom = tmp_path / "custom" / "zh" / "notice.wav"
    custom.parent.mkdir(parents=True)
    assert callable(fault)
    fault(custom)
    library = PromptLibrary(tmp_path, "zh")
    with caplog.at_level(logging.WARNING):
        assert library.find("notice", "zh") == generated
        library.find("notice", "zh")
        assert len(caplog.records) == 1
        assert words in caplog.text
        os.utime(custom, ns=(1, 1))  # replaced by another one that is no better
        library.find("notice", "zh")
    assert len(caplog.records) == 2


def test_a_damaged_custom_file_either_serves_or_gives_way_to_the_generated_one(
    tmp_path: Path,
) -> None:
    whole = sound_wav(tmp_path)
    generated = put(tmp_path, "generated/zh/notice.wav")
    custom = tmp_path / "custom" / "zh" / "notice.wav"
    custom.parent.mkdir(parents=True)
    found = set()
    for seed in range(2000):
        custom.write_bytes(damaged(whole, seed))
        path = PromptLibrary(tmp_path, "zh").find("notice", "zh")
        assert path == generated or 0.05 <= seconds_of(path) <= 0.3, f"seed {seed}"
        found.add(path)
    assert found == {generated, custom}


def test_a_damaged_file_without_another_is_missing_and_nothing_else(tmp_path: Path) -> None:
    whole = sound_wav(tmp_path)
    custom = tmp_path / "custom" / "zh" / "notice.wav"
    custom.parent.mkdir(parents=True)
    for end in range(60):
        custom.write_bytes(whole[:end])
        with pytest.raises(PromptMissing):
            PromptLibrary(tmp_path, "zh").find("notice", "zh")


def test_a_list_chunk_and_a_stale_riff_size_do_no_harm(tmp_path: Path) -> None:
    custom = tmp_path / "custom" / "zh" / "notice.wav"
    custom.parent.mkdir(parents=True)
    custom.write_bytes(stale_list(sound_wav(tmp_path)))
    assert PromptLibrary(tmp_path, "zh").find("notice", "zh") == custom


@pytest.mark.parametrize("name", ["notice", "../notice", "", "no/tice", "Notice"])
def test_a_prompt_that_is_nowhere_is_missing(tmp_path: Path, name: str) -> None:
    put(tmp_path, "generated/notice.wav")
    with pytest.raises(PromptMissing):
        PromptLibrary(tmp_path, "zh").find(name, "zh")
