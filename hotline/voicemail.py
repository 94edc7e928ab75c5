"""Messages that callers leave when nobody is there."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Voicemail(BaseModel):
    """Off unless somebody listens: a message that nobody hears is worse than no answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = False
    longest: Annotated[float, Field(ge=10, le=1800)] = 180
    """Seconds after which a message ends by itself."""
    silence: Annotated[float, Field(ge=2, le=60)] = 6
    """Seconds without a word that end it."""

    @model_validator(mode="after")
    def _silence_is_shorter(self) -> Voicemail:
        if self.silence >= self.longest:
            raise ValueError(
                f"silence ({self.silence:g} s) must be shorter than longest ({self.longest:g} s)"
            )
        return self
