"""A partner's line that rings for one contact, until it is answered or comes to nothing."""

from __future__ import annotations

from collections.abc import Mapping

from hotline.call import LegEnded
from hotline.clock import Timers
from hotline.events import Reason
from hotline.overflow import Overflow
from hotline.ports import Telephone

_MEANINGS: Mapping[Reason, Reason] = {
    Reason.COUNSELOR_HUNG_UP: Reason.DECLINED,  # picked up, to hang up
    Reason.WITHDRAWN: Reason.NO_ANSWER,  # it rang in vain
}
"""What the ending of a leg that we dialled means of a partner, where it is not what it says."""


class PartnerCall:
    """Dials at once; gives up by itself after the partner's `ring_seconds`."""

    def __init__(
        self,
        overflow: Overflow,
        *,
        headers: Mapping[str, str],
        telephone: Telephone,
        timers: Timers,
    ) -> None:
        self.overflow = overflow
        self._telephone = telephone
        self.leg = telephone.dial(overflow.extension, headers=headers)
        self._timer = timers.after(overflow.ring_seconds, self.stop)

    def close(self) -> None:
        """It rings no more: answered, ended, or the caller has gone."""
        self._timer.cancel()

    def stop(self) -> None:
        """Hang up."""
        self.close()
        self._telephone.end(self.leg)

    def why(self, ended: LegEnded) -> Reason:
        """Return why it came to nothing."""
        return _MEANINGS.get(ended.reason, ended.reason)
