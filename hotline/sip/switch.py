"""The legs of this process: implements `ports.Telephone`, and hears what the engine says of each.

    INVITE (only from the edge) -> LegInvited -> ring() -> answer() -> LegAnswered -> ... LegEnded
    dial() -> INVITE (only through the edge) -> LegTried -> LegRang -> LegAnswered -> ... LegEnded

Nothing is told from inside a command or a callback: events are put in line (`events`), and what
must happen outside of the engine's callbacks is done by `settle`. A leg that we end is over at
once; a BYE that nobody answers does not delay its LegEnded.
"""

from __future__ import annotations

import contextlib
import logging
from collections import Counter, deque
from collections.abc import Mapping

import pjsua2 as pj

from hotline.call import (
    DigitPressed,
    LegAnswered,
    LegDialled,
    LegEnded,
    LegEvent,
    LegFaulted,
    LegHeld,
    LegInvited,
    LegRang,
    LegResumed,
    LegState,
    LegTried,
    PlaybackFinished,
)
from hotline.events import Reason
from hotline.ids import LegId, new_leg_id
from hotline.sip import invite
from hotline.sip.account import EdgeAccount
from hotline.sip.ending import reason_of, refusal_of
from hotline.sip.leg import Dialog, Graveyard, Leg, audio_port, operation
from hotline.sip.media import Bridge
from hotline.sip.sdp import offers_one_of
from hotline.sip.watchdog import Watchdog

log = logging.getLogger(__name__)


class Switch:
    """All legs. `edge` (host, port) is the one peer; `retry_after` is in seconds.

    The owner sets `account`, `capacity` and `codecs` once the engine runs.
    """

    def __init__(
        self, *, edge: tuple[str, int], retry_after: int, bridge: Bridge, watchdog: Watchdog
    ) -> None:
        self.account: EdgeAccount | None = None
        self.capacity = 0
        self.codecs: tuple[str, ...] = ()
        self.events: deque[LegEvent] = deque()
        self.refused: Counter[int] = Counter()
        self.interrupt: BaseException | None = None
        """A KeyboardInterrupt or the like that arrived inside a callback."""
        self._edge = edge
        self._retry_after = retry_after
        self._bridge = bridge
        self._watchdog = watchdog
        self._graveyard = Graveyard()
        self._legs: dict[LegId, Leg] = {}
        self._faults: list[Leg] = []
        self._unheard: list[Leg] = []
        """Legs of which the listener cannot be told."""
        self._surplus: list[tuple[Dialog, int, dict[str, str]]] = []

    def __len__(self) -> int:
        return len(self._legs)

    def settle(self) -> None:
        """Do what callbacks have left to do. Must not be called inside one."""
        self._refuse_surplus()
        while self._unheard:
            leg = self._unheard.pop()
            if leg.id in self._legs:
                self._finish(leg, Reason.FAULT, 500)
        while self._faults:
            self._mend(self._faults.pop())
        self._graveyard.clear()

    def _mend(self, leg: Leg) -> None:
        """A callback of `leg` failed: read what it told of once more. A call that is up goes on
        whatever comes of that, and the listener is told: a caller must not be cut off for it."""
        if leg.id not in self._legs:
            return
        lives = leg.dialog is not None and leg.dialog.isActive()
        if lives:
            try:
                self.dialog_changed(leg)
                self.media_changed(leg)
            except Exception:
                log.exception("leg %s: the fault stands", leg.id[:8])
                lives = leg.is_up
        if lives:
            self._emit(leg, LegFaulted(leg=leg.id))
        else:
            self._finish(leg, Reason.FAULT, 500)

    def playback_finished(self, leg: LegId, playlist: int) -> None:
        """The bridge says that `playlist` was heard to its end."""
        self._emit(self._legs[leg], PlaybackFinished(leg=leg, playlist=playlist))

    def end_silent(self, now: float) -> None:
        """End the legs that have been silent for too long, when it is time to look."""
        if not self._watchdog.is_due(now):
            return
        watched = [
            (leg.id, leg.dialog.packets_received)
            for leg in self._legs.values()
            if leg.is_up and not leg.held_by_peer and leg.dialog is not None
        ]
        for silent in self._watchdog.sweep(now, watched):
            log.info("leg %s: nothing was heard for too long", silent[:8])
            self._finish(self._legs[silent], Reason.RTP_SILENCE, 200)

    def end_all(self) -> None:
        """End every leg, with reason SHUTDOWN."""
        for leg in list(self._legs.values()):
            self._finish(leg, Reason.SHUTDOWN, 503)

    def fail(self, leg: LegId, error: Exception) -> None:
        """The listener failed on an event of `leg`, which ends: nobody cares for it any more."""
        log.error("leg %s: fault of the listener", leg[:8], exc_info=error)
        if leg in self._legs:
            self._unheard.append(self._legs[leg])

    # --- ports.Telephone ------------------------------------------------------------

    def dial(self, extension: str, *, headers: Mapping[str, str]) -> LegId:
        """See `ports.Telephone.dial`. What cannot be sent ends with LegEnded like any other leg;
        ValueError only for an extension or a header that is not one."""
        uri = invite.target(extension, *self._edge)
        extra = dict(invite.checked(headers))
        return self._call(Leg(new_leg_id(), incoming=False), uri, extra)

    def dial_caller(self, number: str, *, shown: str) -> LegId:
        """See `ports.Telephone.dial_caller`; ValueError likewise."""
        uri, own = (invite.target(one, *self._edge) for one in (number, shown))
        leg = Leg(new_leg_id(), incoming=False, callers=True)
        return self._call(leg, uri, {"X-Hotline-Callback": "yes"}, shown=own)

    def _call(self, leg: Leg, uri: str, headers: dict[str, str], *, shown: str = "") -> LegId:
        self._admit(leg)
        leg.machine.apply(LegDialled(leg=leg.id))
        if len(self._legs) > self.capacity:
            self._finish(leg, Reason.OVER_CAPACITY, 503)
            return leg.id
        leg.dialog = Dialog(self.account, leg, self)
        try:
            leg.dialog.makeCall(uri, operation(headers=headers, shown=shown))
            self._graveyard.slot_taken(leg.dialog.getId())
        except pj.Error as error:
            log.warning("leg %s: INVITE not sent: %s", leg.id[:8], error.reason)
            self._finish(leg, Reason.UNREACHABLE, 503)
        return leg.id

    def ring(self, leg: LegId) -> None:
        """See `ports.Telephone.ring`."""
        found = self._legs.get(leg)
        if found is not None and self._respond(found, pj.PJSIP_SC_RINGING):
            self._emit(found, LegRang(leg=leg))

    def answer(self, leg: LegId) -> None:
        """See `ports.Telephone.answer`."""
        found = self._legs.get(leg)
        if found is not None and not found.is_up:
            self._respond(found, pj.PJSIP_SC_OK)

    def _respond(self, leg: Leg, status: int) -> bool:
        if not leg.incoming or leg.dialog is None:
            return False
        try:
            leg.dialog.answer(operation(status))
        except pj.Error as error:
            log.warning("leg %s: %d not sent: %s", leg.id[:8], status, error.reason)
            self._finish(leg, Reason.FAULT, 500)
            return False
        return True

    def end(self, leg: LegId, *, status: int = 486, retry_after: int | None = None) -> None:
        """See `ports.Telephone.end`. LegEnded says SERVED after our BYE, WITHDRAWN after our
        CANCEL, and what `status` means after a refusal."""
        found = self._legs.get(leg)
        if found is None:
            return
        if found.is_up:
            self._finish(found, Reason.SERVED, 200)
        elif not found.incoming:
            self._finish(found, Reason.WITHDRAWN, 487)
        else:
            headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
            self._finish(found, refusal_of(status), status, headers)

    # --- what the engine says (inside its callbacks) ------------------------------------

    def invited(self, slot: int, source: str, message: str) -> None:
        """An INVITE that the engine found acceptable has arrived from `source` (host:port)."""
        self._graveyard.slot_taken(slot)
        leg = Leg(new_leg_id(), incoming=True)
        dialog = Dialog(self.account, leg, self, slot)
        host, port = self._edge
        if source != f"{host}:{port}":
            self._surplus.append((dialog, 403, {}))
        elif len(self._legs) >= self.capacity:
            self._surplus.append((dialog, 503, {"Retry-After": str(self._retry_after)}))
        else:
            leg.dialog = dialog
            self._admit(leg)
            read = invite.parse(message)
            self._emit(
                leg,
                LegInvited(
                    leg=leg.id, caller=read.caller, dialled=read.dialled, headers=read.headers
                ),
            )

    def _refuse_surplus(self) -> None:
        """Refuse, outside of the callback: inside, the engine would drop our headers."""
        while self._surplus:
            dialog, status, headers = self._surplus.pop()
            self.count_refusal(status)
            with contextlib.suppress(pj.Error):  # the peer was faster
                dialog.hangup(operation(status, headers))
            self._graveyard.bury(dialog)

    def count_refusal(self, status: int) -> None:
        """An INVITE was answered with `status` and never became a leg."""
        self.refused[status] += 1

    def dialog_changed(self, leg: Leg) -> None:
        """See `DialogOwner`."""
        if leg.dialog is None or leg.has_ended:
            return
        state = leg.dialog.state
        if state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._ended_by_peer(leg, leg.dialog.status)
        elif state == pj.PJSIP_INV_STATE_CONFIRMED and not leg.is_up:
            self._emit(leg, LegAnswered(leg=leg.id))
            self._tell_hold(leg)
        elif state == pj.PJSIP_INV_STATE_EARLY and not leg.incoming:
            self._emit(leg, LegRang(leg=leg.id))

    def dialog_tried(self, leg: Leg) -> None:
        """See `DialogOwner`; a re-INVITE of ours is tried as well, which nobody asks for."""
        if leg.machine.state is LegState.DIALLED:
            self._emit(leg, LegTried(leg=leg.id))

    def _ended_by_peer(self, leg: Leg, status: int) -> None:
        reason = reason_of(status, incoming=leg.incoming, was_up=leg.is_up, callers=leg.callers)
        self._emit(leg, LegEnded(leg=leg.id, reason=reason, status=status))
        self._let_go(leg)

    def media_changed(self, leg: Leg) -> None:
        """See `DialogOwner`."""
        if leg.dialog is None or leg.has_ended:
            return
        self._bridge.port_changed(leg.id, audio_port(leg.dialog))
        self._tell_hold(leg)

    def _tell_hold(self, leg: Leg) -> None:
        if leg.dialog is None or not leg.is_up or leg.held_by_peer == leg.dialog.held_by_peer:
            return
        leg.held_by_peer = not leg.held_by_peer
        self._emit(leg, LegHeld(leg=leg.id) if leg.held_by_peer else LegResumed(leg=leg.id))

    def digit_heard(self, leg: Leg, digit: str) -> None:
        """See `DialogOwner`."""
        if leg.is_up:
            self._emit(leg, DigitPressed(leg=leg.id, digit=digit))

    def can_answer(self, sdp: str) -> bool:
        """See `DialogOwner`: whether a new offer within a call has a codec of ours."""
        return offers_one_of(self.codecs, sdp)

    def callback_failed(self, leg: Leg | None, error: BaseException) -> None:
        """See `DialogOwner`: log once; the leg is mended outside of the callback."""
        if not isinstance(error, Exception):
            self.interrupt = error
            return
        log.error("leg %s: fault in a callback", leg.id[:8] if leg else "-", exc_info=error)
        if leg is not None:
            self._faults.append(leg)

    # --- inside ---------------------------------------------------------------------

    def _admit(self, leg: Leg) -> None:
        self._legs[leg.id] = leg
        self._bridge.enter(leg.id)

    def _emit(self, leg: Leg, event: LegEvent) -> None:
        if leg.machine.apply(event):
            self.events.append(event)

    def _finish(
        self, leg: Leg, reason: Reason, status: int, headers: dict[str, str] | None = None
    ) -> None:
        """End `leg` from our side: it is over now, whatever the peer answers."""
        code = 0 if leg.is_up else status
        self._emit(leg, LegEnded(leg=leg.id, reason=reason, status=status))
        if leg.dialog is not None:
            try:
                leg.dialog.hangup(operation(code, headers))
            except pj.Error as error:
                log.debug("leg %s: nothing left to hang up: %s", leg.id[:8], error.reason)
        self._let_go(leg)

    def _let_go(self, leg: Leg) -> None:
        self._bridge.leave(leg.id)
        self._legs.pop(leg.id, None)
        if leg.dialog is not None:
            self._graveyard.bury(leg.dialog)
            leg.dialog = None
