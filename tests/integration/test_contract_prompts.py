"""What `ports.Prompts` promises, of the fake and of `PromptLibrary` over a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from hotline.errors import PromptMissing
from hotline.ports import Prompts
from hotline.prompts.library import PromptLibrary
from tests.fakes import FakePrompts
from tests.tracks import tone, write_track

SPOKEN = ("zh", "en")


class Shelf(Protocol):
    """Where `notice` is spoken in both languages; the site's is zh."""

    @property
    def prompts(self) -> Prompts: ...

    def lose(self, language: str) -> None:
        """Nobody can play `notice` in this language any more."""
        ...


class FakeShelf:
    def __init__(self) -> None:
        self.prompts = FakePrompts()

    def lose(self, language: str) -> None:
        self.prompts.missing.add(f"{language}/notice")


class RealShelf:
    def __init__(self, folder: Path) -> None:
        self._folder = folder / "generated"
        for language in SPOKEN:
            write_track(self._folder / language / "notice.wav", tone(440, 0.1))
        self.prompts = PromptLibrary(folder, "zh")

    def lose(self, language: str) -> None:
        (self._folder / language / "notice.wav").unlink()


@pytest.fixture(params=["fake", "real"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    return FakeShelf() if request.param == "fake" else RealShelf(tmp_path)


def found(shelf: Shelf, language: str) -> tuple[str, str]:
    path = shelf.prompts.find("notice", language)
    return path.parent.name, path.name


@pytest.mark.parametrize("language", SPOKEN)
def test_prompt_is_found_in_the_language_that_is_asked_for(shelf: Shelf, language: str) -> None:
    assert found(shelf, language) == (language, "notice.wav")


def test_no_language_is_that_of_the_site(shelf: Shelf) -> None:
    assert found(shelf, "") == ("zh", "notice.wav")


def test_prompt_is_looked_up_at_each_call_in_the_language_of_the_site_when_it_must_be(
    shelf: Shelf,
) -> None:
    assert found(shelf, "en")[0] == "en"
    shelf.lose("en")
    assert found(shelf, "en")[0] == "zh"
    shelf.lose("zh")
    with pytest.raises(PromptMissing):
        shelf.prompts.find("notice", "en")


def test_other_languages_do_not_stand_in_for_that_of_the_site(shelf: Shelf) -> None:
    shelf.lose("zh")
    assert found(shelf, "en")[0] == "en"
    with pytest.raises(PromptMissing):
        shelf.prompts.find("notice", "")


@pytest.mark.parametrize("name", ["../notice", "", "no/tice", "Notice", "notice.wav"])
def test_what_is_no_name_is_missing(shelf: Shelf, name: str) -> None:
    with pytest.raises(PromptMissing):
        shelf.prompts.find(name, "zh")
