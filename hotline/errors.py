"""The one tree of errors. Each class says what it means; `code` is stable and may be shown."""

from __future__ import annotations


class HotlineError(Exception):
    """Anything this platform refuses or cannot do. `code` names it for machines."""

    code = "error"


class IllegalTransition(HotlineError):
    """A state machine met an event that its table does not allow in its state."""

    code = "illegal_transition"

    def __init__(self, subject: str, state: str, event: str) -> None:
        super().__init__(f"{subject}: no transition from {state} on {event}")
        self.state = state
        self.event = event


class ConfigError(HotlineError):
    """The configuration is wrong: the text names file, key and what is allowed."""

    code = "config"


class QueueUnavailable(HotlineError):
    """Redis is away: nothing can be queued or assigned now; the caller keeps the music."""

    code = "queue_unavailable"


class UnknownCounselor(HotlineError):
    """No counselor has that extension."""

    code = "unknown_counselor"


class UnknownContact(HotlineError):
    """No contact of that id waits or talks."""

    code = "unknown_contact"


class StateRefused(HotlineError):
    """The counselor's present state does not allow the change that was asked for."""

    code = "state_refused"


class PromptMissing(HotlineError):
    """No WAV of that name exists in any prompt folder, or it is not 8 kHz mono 16-bit PCM."""

    code = "prompt_missing"


class FlowError(HotlineError):
    """A menu flow file is wrong: the text names file, node, key and what is allowed."""

    code = "flow"


class PlanError(HotlineError):
    """A routing plan is wrong: one sentence per fault, with place, what was given and what is
    allowed."""

    code = "plan"


class RecordingBroken(HotlineError):
    """A track cannot be read even after repair."""

    code = "recording_broken"
