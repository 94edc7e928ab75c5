"""On which terms callers are called back who do not want to wait on the line."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from hotline.menu.hours import QUARTER, read_hours

DialledNumber = Annotated[str, Field(pattern=r"^[0-9+]{2,15}$")]


class Callback(BaseModel):
    """Off unless there is a line outwards."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = False
    """Needs `edge.outbound_trunk`."""
    windows: Annotated[tuple[str, ...], Field(max_length=4)] = (
        "mon-sun 09:00-12:00", "mon-sun 14:00-18:00", "mon-sun 18:00-21:00",
    )  # fmt: skip
    """When callers may ask to be called, instead of as soon as it is their turn; full quarters of
    an hour. At other times nobody is called but who asked for it within `soon_hours`."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    retry_minutes: Annotated[float, Field(ge=3, le=1440)] = 15
    """Between two attempts; a phone that rings for a call whose gateway died stops within two
    minutes, and must not ring for another one meanwhile."""
    soon_hours: Annotated[float, Field(gt=0, le=24)] = 3
    """Who is to be called as soon as possible is called for so long, then in the windows alone."""
    days: Annotated[int, Field(ge=1, le=14)] = 3
    """A promise is given up after so long."""
    ring_seconds: Annotated[float, Field(ge=5, le=120)] = 30
    """How long a caller's phone rings."""
    shown: DialledNumber | None = None
    """The number that callers are called from; none: the one that they dialled."""

    @field_validator("windows")
    @classmethod
    def _windows_can_be_said(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text, window in zip(texts, read_hours(texts).windows, strict=True):
            if window.start % QUARTER or window.end % QUARTER:
                raise ValueError(
                    f"{text!r}: begins and ends at a quarter of an hour, such as 18:15"
                )
        return texts
