"""One call of the softphone: its dialog, the tone it plays, the WAV of what it hears."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import pjsua2 as pj

from hotline.sip import invite
from hotline.sip.leg import audio_port, guarded, operation
from hotline.sip.media import silence

_METHODS = {
    "rfc4733": pj.PJSUA_DTMF_METHOD_RFC2833,
    "info": pj.PJSUA_DTMF_METHOD_SIP_INFO,
}


class Phone(Protocol):
    """Hears what a call does."""

    def tell(self, event: str, **facts: object) -> None: ...

    def call_over(self, call: SoftphoneCall) -> None: ...

    def lay_down(self, player: pj.AudioMediaPlayer) -> None: ...

    def callback_failed(self, _leg: object, error: BaseException) -> None: ...


class SoftphoneCall(pj.Call):  # type: ignore[misc]  # pjsua2 has no types
    """A call with number `number`. `play` is looped to the other side; what it says goes to
    `record`."""

    def __init__(
        self,
        account: pj.Account,
        owner: Phone,
        number: int,
        *,
        play: Path | None,
        record: Path | None,
        slot: int = pj.PJSUA_INVALID_ID,
    ) -> None:
        super().__init__(account, slot)
        self.owner = owner
        self.number = number
        self._play = play
        self._record = record
        self._player: pj.AudioMediaPlayer | None = None
        self._recorder: pj.AudioMediaRecorder | None = None

    # --- commands -------------------------------------------------------------------

    def dial(self, uri: str, headers: dict[str, str]) -> None:
        self.makeCall(uri, operation(headers=dict(invite.checked(headers))))

    def respond(self, status: int) -> None:
        """Answer the INVITE with `status`, provisional or final."""
        self.answer(operation(status))

    def hang_up(self) -> None:
        """CANCEL, decline or BYE, as fits."""
        self.hangup(operation())

    def hold(self) -> None:
        """Put the other side on hold (``sendonly``)."""
        self.setHold(operation())

    def resume(self) -> None:
        prm = operation()
        prm.opt.flag = pj.PJSUA_CALL_UNHOLD
        self.reinvite(prm)

    def send_digits(self, digits: str, method: str) -> None:
        prm = pj.CallSendDtmfParam()
        prm.method = _METHODS[method]
        prm.digits = digits
        self.sendDtmf(prm)

    def play(self, wav: Path) -> None:
        """Play `wav` in a loop from now on, in place of what was played."""
        self._stop_playing()
        self._play = wav
        self._connect()

    def _stop_playing(self) -> None:
        if self._player is None:
            return
        with suppress(pj.Error):  # the port went away with its call
            if (port := audio_port(self)) is not None:
                self._player.stopTransmit(port)
        self.owner.lay_down(self._player)
        self._player = None

    # --- what the engine says -----------------------------------------------------------

    @guarded
    def onCallState(self, _prm: Any) -> None:
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._stop_playing()
            self._recorder = None
            self.owner.tell("ended", call=self.number, status=int(info.lastStatusCode))
            self.owner.call_over(self)
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.owner.tell("answered", call=self.number)
        elif info.state == pj.PJSIP_INV_STATE_EARLY and info.role == pj.PJSIP_ROLE_UAC:
            self.owner.tell("ringing", call=self.number, status=int(info.lastStatusCode))

    @guarded
    def onCallMediaState(self, _prm: Any) -> None:
        info = self.getInfo()
        states = [int(media.status) for media in info.media]
        held = pj.PJSUA_CALL_MEDIA_REMOTE_HOLD in states or pj.PJSUA_CALL_MEDIA_LOCAL_HOLD in states
        self._connect()
        self.owner.tell("media", call=self.number, state="held" if held else "active")

    @guarded
    def onDtmfDigit(self, prm: Any) -> None:
        self.owner.tell("digit", call=self.number, digit=str(prm.digit))

    def _connect(self) -> None:
        port = audio_port(self)
        if port is None:
            return
        if self._play is not None:
            if self._player is None:
                self._player = pj.AudioMediaPlayer()
                self._player.createPlayer(str(self._play))
            self._player.startTransmit(port)
        if self._record is not None:
            if self._recorder is None:
                self._recorder = pj.AudioMediaRecorder()
                self._recorder.createRecorder(str(self._record))
                silence().startTransmit(self._recorder)
            port.startTransmit(self._recorder)
