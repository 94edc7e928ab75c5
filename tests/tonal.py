"""Prompts of which each says a tone of its own, so that a recording tells what was heard."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hotline.prompts.library import CUSTOM, GENERATED, WORDLESS
from hotline.sip.tone import write_tone

NOTICE, LANGUAGE, TOPICS, TOPICS_ENGLISH = 600, 660, 720, 1960
REFUSED, UNKNOWN_KEY, PLEASE_WAIT, COUNSELOR_LOST = 780, 840, 1100, 1160
POSITION_NEXT, POSITION_ONE, OVER_CAPACITY, BLOCKED, MUSIC = 1220, 1280, 1340, 1400, 1500
BAND_2_TO_5, BAND_OTHER, DANGER_CONFIRMED, CRISIS_WAIT = 2440, 2500, 2560, 2620
STATE_READY, STATE_NOT_READY, STATE_OFFLINE, CODE_UNKNOWN = 1560, 1620, 1680, 1740
NOBODY_THERE, NOBODY_MESSAGE, MESSAGE_INTRO, MESSAGE_KEPT = 2680, 2740, 2800, 2860
PARTNER_LOST, CLOSED_MESSAGE, BEEP = 2920, 2980, 3040
STATE_AFTER_CALL, TOLD_MISSED, TOLD_UNREACHABLE, EXTENDED = 1800, 1860, 1920, 2020
CALLBACK_HINT, CALLBACK_CHOICE, CALLBACK_PROMISED = 900, 960, 1020
CALLBACK_ANNOUNCE, CALLBACK_COUNSELOR, CALLBACK_FAILED = 540, 2380, 3400
ESCALATION_WITHDRAWN, ESCALATION_WAIT = 2080, 2200
ESCALATION_REQUESTED, ESCALATION_UNANSWERED, ESCALATION_JOINED = 3040, 3100, 3160
ESCALATION_BRIEFING, ESCALATION_PARTED, HELP_REQUESTED = 3220, 3280, 3340

WORDS: Mapping[int, tuple[str, ...]] = {
    NOTICE: ("notice", "notice_other"),
    LANGUAGE: ("language", "language_other"),
    TOPICS: (
        "topics", "topic_emotion", "topic_family", "topic_youth", "topic_other", "menu_danger",
        "menu_repeat",
    ),
    REFUSED: ("recording_refused",),
    UNKNOWN_KEY: ("unknown_key",),
    PLEASE_WAIT: ("please_wait",),
    COUNSELOR_LOST: ("counselor_lost",),
    POSITION_NEXT: ("position_next",),
    POSITION_ONE: ("position_ahead", "number_1", "position_callers"),
    BAND_2_TO_5: ("band_2_to_5",),
    BAND_OTHER: ("band_under_2", "band_5_to_10", "band_10_to_20", "band_over_20"),
    DANGER_CONFIRMED: ("danger_confirmed",),
    CRISIS_WAIT: ("crisis_wait",),
    NOBODY_THERE: ("nobody_there",),
    NOBODY_MESSAGE: ("nobody_message",),
    MESSAGE_INTRO: ("message_intro",),
    MESSAGE_KEPT: ("message_kept",),
    PARTNER_LOST: ("partner_lost",),
    CLOSED_MESSAGE: ("closed_message",),
    OVER_CAPACITY: ("over_capacity",),
    BLOCKED: ("blocked", "blocked_other"),
    STATE_READY: ("state_ready",),
    STATE_NOT_READY: ("state_not_ready",),
    STATE_OFFLINE: ("state_offline",),
    CODE_UNKNOWN: ("code_unknown",),
    STATE_AFTER_CALL: ("state_after_call",),
    TOLD_MISSED: ("told_missed",),
    TOLD_UNREACHABLE: ("told_unreachable",),
    EXTENDED: ("wrap_up_extended",),
    CALLBACK_HINT: ("callback_hint",),
    CALLBACK_CHOICE: ("callback_soon", "callback_stay"),
    CALLBACK_PROMISED: ("callback_promised",),
    CALLBACK_ANNOUNCE: ("callback_announce",),
    CALLBACK_COUNSELOR: ("callback_counselor",),
    CALLBACK_FAILED: ("callback_failed",),
    ESCALATION_REQUESTED: ("escalation_requested",),
    ESCALATION_UNANSWERED: ("escalation_unanswered",),
    ESCALATION_WITHDRAWN: ("escalation_withdrawn",),
    ESCALATION_BRIEFING: (
        "escalation_briefing", "about_crisis", "about_emotion", "about_family", "about_youth",
        "about_other",
    ),
    ESCALATION_JOINED: ("escalation_joined",),
    ESCALATION_PARTED: ("escalation_parted",),
    ESCALATION_WAIT: ("escalation_wait",),
    HELP_REQUESTED: ("help_requested",),
}  # fmt: skip
"""What is said, by the tone that says it; the topics have another one in English."""
SECONDS = 0.3
HEARD = 0.1
"""Seconds of so short a tone that count: a busy machine may lose some of it behind the answer."""


def write_tones(prompts: Path) -> None:
    """Put a tone in front of every generated prompt below `prompts`."""
    for hertz, names in WORDS.items():
        for name in names:
            say(prompts, name, hertz)
            say(prompts, name, TOPICS_ENGLISH if hertz == TOPICS else hertz, language="en")
    say(prompts, "music", MUSIC, language=WORDLESS, seconds=1.0)
    say(prompts, "beep", BEEP, language=WORDLESS)


def say(
    prompts: Path, name: str, hertz: int, *, language: str = "zh", seconds: float = SECONDS
) -> Path:
    """Be the operator who sets a WAV of his own; return it."""
    path = prompts / CUSTOM / language / f"{name}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_tone(path, hertz, seconds=seconds)


@contextmanager
def tones_instead_of_words(prompts: Path) -> Iterator[None]:
    """Inside the block the prompts below `prompts` are tones; afterwards as generated."""
    write_tones(prompts)
    try:
        yield
    finally:
        shutil.rmtree(prompts / CUSTOM)


def tonal_folder(folder: Path, spoken: Path) -> Path:
    """Return a prompts folder of its own: the generated ones of `spoken`, and tones."""
    folder.mkdir()
    (folder / GENERATED).symlink_to(spoken / GENERATED)
    write_tones(folder)
    return folder
