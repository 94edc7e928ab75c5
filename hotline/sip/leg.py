"""One SIP dialog: our `Leg`, and the engine's `Dialog` behind it.

A callback of the engine runs on top of C frames that an exception must never cross: each is
`guarded`, and what went wrong is handed to the owner, who mends that one leg.

A member of an engine's structure points into that structure: keep the structure in a variable of
its own for as long as the member is used (``info = call.getInfo()``, then ``info.media``).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol

import pjsua2 as pj

from hotline.call import LegMachine, LegState
from hotline.ids import LegId


class Leg:
    """One dialog as the rest of this package sees it. `dialog` is None once it is over."""

    def __init__(self, leg: LegId, *, incoming: bool, callers: bool | None = None) -> None:
        self.id = leg
        self.incoming = incoming
        self.callers = incoming if callers is None else callers
        """The other end is a caller, also one whom we called."""
        self.machine = LegMachine(leg)
        self.dialog: Dialog | None = None
        self.held_by_peer = False

    @property
    def is_up(self) -> bool:
        return self.machine.state in (LegState.UP, LegState.HELD)

    @property
    def has_ended(self) -> bool:
        return self.machine.state is LegState.ENDED


class DialogOwner(Protocol):
    """Hears what the engine says of a dialog."""

    def dialog_changed(self, leg: Leg) -> None: ...

    def media_changed(self, leg: Leg) -> None: ...

    def dialog_tried(self, leg: Leg) -> None: ...

    def digit_heard(self, leg: Leg, digit: str) -> None: ...

    def can_answer(self, sdp: str) -> bool: ...

    def callback_failed(self, leg: Leg | None, error: BaseException) -> None: ...


def guarded(callback: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Keep every exception of `callback` from the C frames below it."""

    @functools.wraps(callback)
    def run(self: Any, prm: Any) -> None:
        try:
            callback(self, prm)
        except BaseException as error:
            # Even KeyboardInterrupt: unwinding through the library would end the process.
            self.owner.callback_failed(getattr(self, "leg", None), error)

    return run


class Dialog(pj.Call):  # type: ignore[misc]  # pjsua2 has no types
    """The engine's side of one leg.

    Its destructor hangs up whatever call occupies its slot: it must not be destroyed inside a
    callback, nor after the engine has given the slot to another call (see `Graveyard`).
    """

    def __init__(
        self, account: pj.Account, leg: Leg, owner: DialogOwner, slot: int = pj.PJSUA_INVALID_ID
    ) -> None:
        super().__init__(account, slot)
        self.leg = leg
        self.owner = owner

    @property
    def status(self) -> int:
        """The last SIP status of the dialog."""
        return int(self.getInfo().lastStatusCode)

    @property
    def state(self) -> int:
        return int(self.getInfo().state)

    @property
    def held_by_peer(self) -> bool:
        info = self.getInfo()
        return any(media.status == pj.PJSUA_CALL_MEDIA_REMOTE_HOLD for media in info.media)

    def packets_received(self) -> int:
        """Return a number that changes whenever RTP or RTCP comes in; 0 while there is no audio."""
        info = self.getInfo()
        # By the number of its m-line: what was refused before it (SRTP, video) has none here.
        line = next((media.index for media in info.media if _is_heard(media)), None)
        if line is None:
            return 0
        stat = self.getStreamStat(line)
        return int(stat.rtcp.rxStat.pkt) + int(stat.rtcp.txStat.updateCount)

    @guarded
    def onCallState(self, _prm: Any) -> None:
        self.owner.dialog_changed(self.leg)

    @guarded
    def onCallTsxState(self, prm: Any) -> None:
        """The one sign of a 100: it changes no dialog, only the INVITE's transaction."""
        event = prm.e
        transaction = event.body.tsxState.tsx
        if (
            transaction.role == pj.PJSIP_ROLE_UAC
            and transaction.method == "INVITE"
            and transaction.state == pj.PJSIP_TSX_STATE_PROCEEDING
        ):
            self.owner.dialog_tried(self.leg)

    @guarded
    def onCallMediaState(self, _prm: Any) -> None:
        self.owner.media_changed(self.leg)

    @guarded
    def onCallRxOffer(self, prm: Any) -> None:
        if not self.owner.can_answer(str(prm.offer.wholeSdp)):
            prm.statusCode = pj.PJSIP_SC_NOT_ACCEPTABLE_HERE

    @guarded
    def onCallTransferRequest(self, prm: Any) -> None:
        """REFER: a peer never makes us call anybody (603). Left alone, the engine would."""
        prm.statusCode = pj.PJSIP_SC_DECLINE

    @guarded
    def onCallReplaceRequest(self, prm: Any) -> None:
        """INVITE with Replaces: nobody takes over a leg of ours (603). `prm.reason` must stay as
        it is: the engine would read it when it is gone."""
        prm.statusCode = pj.PJSIP_SC_DECLINE

    @guarded
    def onDtmfDigit(self, prm: Any) -> None:
        self.owner.digit_heard(self.leg, str(prm.digit))


class Graveyard:
    """Dialogs that are over, until no callback of theirs can be running.

    A dialog whose slot the engine has already given to another is kept for good: destroying it
    would hang up a stranger. That is rare (both in one read of the socket) and small.
    """

    def __init__(self) -> None:
        self._dead: dict[int, pj.Call] = {}
        self._kept: list[pj.Call] = []

    def bury(self, dialog: pj.Call) -> None:
        self._dead[dialog.getId()] = dialog

    def slot_taken(self, slot: int) -> None:
        """The engine gave `slot` to a new dialog."""
        if slot in self._dead:
            self._kept.append(self._dead.pop(slot))

    def clear(self) -> None:
        self._dead.clear()


def audio_port(call: pj.Call) -> pj.AudioMedia | None:
    """Return the call's port in the conference bridge, when it has one now."""
    info = call.getInfo()
    for number, media in enumerate(info.media):  # the position here, not the m-line's number
        if _is_heard(media):
            return call.getAudioMedia(number)
    return None


def _is_heard(media: Any) -> bool:
    return bool(media.type == pj.PJMEDIA_TYPE_AUDIO and media.audioConfSlot != pj.PJSUA_INVALID_ID)


def operation(
    status: int = 0, headers: dict[str, str] | None = None, *, shown: str = ""
) -> pj.CallOpParam:
    """Return the engine's parameters: one audio stream, no video, no text (T.140). `shown`: the
    URI in From, in place of our own."""
    prm = pj.CallOpParam(True)
    prm.opt.audioCount = 1
    prm.opt.videoCount = 0
    prm.opt.textCount = 0
    prm.statusCode = status
    prm.txOption.localUri = shown
    if headers:
        lines = pj.SipHeaderVector()
        for name, value in headers.items():
            line = pj.SipHeader()
            line.hName, line.hValue = name, value
            lines.append(line)
        prm.txOption.headers = lines
    return prm
