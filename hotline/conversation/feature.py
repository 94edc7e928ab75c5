"""Feature codes: what a counselor dials on a plain softphone to change state.

*10 offline   *11 ready (also ends wrap-up)   *12 a break   *13 a meeting   *14 training
*15 more time for the record
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from hotline.errors import QueueUnavailable, StateRefused, UnknownCounselor
from hotline.events import CounselorState
from hotline.ids import CounselorId
from hotline.ports import Counselors

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FeatureCode:
    """The state a code asks for, the reason that is noted, the prompt that confirms it."""

    state: CounselorState
    reason: str
    confirmation: str


FEATURE_CODES: Mapping[str, FeatureCode] = {
    "*10": FeatureCode(CounselorState.OFFLINE, "", "state_offline"),
    "*11": FeatureCode(CounselorState.READY, "", "state_ready"),
    "*12": FeatureCode(CounselorState.NOT_READY, "break", "state_not_ready"),
    "*13": FeatureCode(CounselorState.NOT_READY, "meeting", "state_not_ready"),
    "*14": FeatureCode(CounselorState.NOT_READY, "training", "state_not_ready"),
}


EXTEND_WRAP_UP = "*15"


async def dial(code: str, counselor: CounselorId, counselors: Counselors) -> str:
    """Do what `code` asks for `counselor`; return the name of the prompt to say.

    Never raises for a wrong code, an unknown counselor, a refused change or an absent queue: each
    has a prompt of its own.
    """
    if code == EXTEND_WRAP_UP:
        return await _extend_wrap_up(counselor, counselors)
    feature = FEATURE_CODES.get(code)
    if feature is None:
        return "code_unknown"
    try:
        state = await counselors.change_state(
            counselor, feature.state, reason=feature.reason, by="counselor"
        )
    except (UnknownCounselor, StateRefused) as error:
        log.info("feature code %s refused: %s", code, error)
        return "code_refused"
    except QueueUnavailable:
        return "try_later"
    return feature.confirmation if state is feature.state else "state_after_call"


async def _extend_wrap_up(counselor: CounselorId, counselors: Counselors) -> str:
    try:
        await counselors.extend_wrap_up(counselor, by="counselor")
    except (UnknownCounselor, StateRefused) as error:
        log.info("no longer wrap-up: %s", error)
        return "wrap_up_not_extended"
    except QueueUnavailable:
        return "try_later"
    return "wrap_up_extended"
