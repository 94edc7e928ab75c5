"""What each script of the queue can answer, refusals and all: what the property test must meet."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

YES, NO = "yes", "no"
ANSWERS: Mapping[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "accept": "yes no",
        "change_state": "state unknown refused",
        "dial_back": "yes no",
        "enqueue": "no earlier-place",
        "expire": "away lost withdrawn released returned",
        "extend_wrap_up": "until unknown refused",
        "finish": "yes no",
        "give_back": "yes no",
        "hand_over": "yes no",
        "heartbeat": "known unknown forgotten amiss failed",
        "leave": "yes no",
        "offer": "made refused",
        "order": "sent already unknown",
        "promise": "yes no",
        "pulse": "told",
        "put_counselor": "yes no",
        "put_plan": "yes no",
        "put_record": "yes no",
        "reach_back": "yes no",
        "release_back": "stands given_up withdrawn offered gone",
        "remove_counselor": "removed unknown refused",
        "restate": "known mended refused",
        "seat_partner": "seat full",
        "snapshot": "told",
        "withdraw_back": "withdrawn dialled unknown",
    }.items()
}


def scripts() -> frozenset[str]:
    """The scripts of the directory, whatever the platform's list of them says."""
    folder = files("queueing") / "lua"
    names = {file.name.removesuffix(".lua") for file in folder.iterdir() if file.is_file()}
    return frozenset(names - {"prelude"})


def answers_of(name: str, answer: Any) -> set[str]:
    """Return which of its `ANSWERS` a script gave."""
    words = ANSWERS[name]
    match name:
        case "offer":
            return {"made" if number else "refused" for number in answer}
        case "expire":
            return {row[0] for row in answer}
        case "heartbeat":
            was_known, *lists = answer
            told = {word for word, some in zip(HEARTBEAT, lists, strict=True) if some}
            return told | {"known" if was_known else "unknown"}
        case "enqueue":
            return {"earlier-place" if answer else "no"}
        case "extend_wrap_up":
            return {answer if answer in words else "until"}
        case "change_state":
            return {answer if answer in words else "state"}
        case "seat_partner":
            return {"seat" if answer[0] else "full"}
        case "pulse" | "snapshot":
            return {"told"}
    return {answer} if isinstance(answer, str) else {YES if answer else NO}


HEARTBEAT = ("forgotten", "amiss", "failed")


def not_run(met: Mapping[tuple[str, str], int]) -> list[str]:
    """Return every script that no rule has run."""
    return sorted(set(ANSWERS) - {name for (name, _), times in met.items() if times})


def not_met(met: Mapping[tuple[str, str], int]) -> list[tuple[str, str]]:
    """Return every script with each of its answers that it never gave."""
    return [(name, word) for name in sorted(ANSWERS) for word in sorted(ANSWERS[name])
            if not met.get((name, word))]  # fmt: skip
