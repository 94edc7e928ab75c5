"""The engine's account: how we present ourselves, and where INVITEs come in."""

from __future__ import annotations

from typing import Any, Protocol

import pjsua2 as pj

from hotline.sip.leg import guarded


class Host(Protocol):
    """Takes INVITEs."""

    def invited(self, slot: int, source: str, message: str, /) -> None: ...

    def callback_failed(self, leg: Any, error: BaseException, /) -> None: ...


class EdgeAccount(pj.Account):  # type: ignore[misc]  # pjsua2 has no types
    """Registers nowhere; gives every INVITE to its owner."""

    def __init__(self, owner: Host) -> None:
        super().__init__()
        self.owner = owner

    @guarded
    def onIncomingCall(self, prm: Any) -> None:
        self.owner.invited(prm.callId, str(prm.rdata.srcAddress), str(prm.rdata.wholeMsg))


def account_config(
    *, at: tuple[str, int], rtp: tuple[str, int, int], session_expires: int, user: str = "hotline"
) -> pj.AccountConfig:
    """Return the settings of an account at `at` with `rtp` (address, first port, how many)."""
    config = pj.AccountConfig()
    config.idUri = f"sip:{user}@{at[0]}:{at[1]}"
    config.mwiConfig.enabled = False
    # Always: a lost BYE is noticed even when the peer knows nothing of session timers.
    config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_ALWAYS
    config.callConfig.timerMinSESec = 90
    config.callConfig.timerSessExpiresSec = session_expires
    nat = config.natConfig
    nat.iceEnabled = False
    nat.contactRewriteUse = nat.viaRewriteUse = nat.sdpNatRewriteUse = nat.sipOutboundUse = 0
    media = config.mediaConfig
    media.lockCodecEnabled = False  # no re-INVITE of ours right after the answer
    media.streamKaEnabled = False
    media.srtpUse = pj.PJMEDIA_SRTP_DISABLED
    transport = media.transportConfig
    transport.boundAddress, transport.port, transport.portRange = rtp
    return config
