"""The telephone of one gateway process: implements `ports.Telephone`, `Audio` and `Tracks`.

It starts the engine, polls it, and tells the listener; legs live in `Switch`, what they hear in
`Bridge`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hotline.clock import Clock, SystemClock
from hotline.ids import LegId
from hotline.ports import RETRY_AFTER, LegListener
from hotline.sip.account import EdgeAccount, account_config
from hotline.sip.capacity import legs_on
from hotline.sip.engine import Engine, EngineFacts
from hotline.sip.media import Bridge
from hotline.sip.switch import Switch
from hotline.sip.watchdog import Watchdog

_READS_PER_POLL = 64
"""So that a flood cannot keep the listener waiting."""


class Endpoint:
    """One SIP endpoint on `address`:`port`, with RTP on `rtp_ports` ports from `first_rtp_port`, at
    `rtp_address` if that is another.

    `edge` (host, port): the one peer. `session_expires` (RFC 4028) is in seconds, at least 90;
    `rtp_silence` in seconds; `retry_after` is what a refused caller is told, in seconds;
    `max_legs`: no more than these even where the engine and the RTP ports could.
    """

    def __init__(
        self,
        *,
        address: str,
        port: int,
        first_rtp_port: int,
        rtp_ports: int,
        edge: tuple[str, int],
        rtp_address: str | None = None,
        session_expires: int = 1800,
        rtp_silence: float = 20.0,
        retry_after: int = RETRY_AFTER,
        max_legs: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.listener: LegListener | None = None
        """Set by the owner before the first poll; until then events wait."""
        self.port = port
        self._at = (address, port)
        self._most = min(max_legs or legs_on(rtp_ports), legs_on(rtp_ports))
        self._config = account_config(
            at=self._at,
            rtp=(rtp_address or address, first_rtp_port, rtp_ports),
            session_expires=session_expires,
        )
        self._clock = clock or SystemClock()
        self._bridge = Bridge(clock=self._clock)
        self._switch = Switch(
            edge=edge,
            retry_after=retry_after,
            bridge=self._bridge,
            watchdog=Watchdog(limit=rtp_silence),
        )
        self._engine = Engine(on_refused=self._switch.count_refusal)

    # --- life -----------------------------------------------------------------------

    def start(self) -> None:
        """Open the ports. Raises OSError when one is taken or the engine does not start."""
        self._engine.start()
        try:
            self._switch.codecs = self._engine.facts().codecs
            self._switch.capacity = self.capacity
            self._config.sipConfig.transportId = self._engine.listen(*self._at)
            self._engine.run()
            self._switch.account = EdgeAccount(self._switch)
            self._switch.account.create(self._config)
        except BaseException:
            self._engine.close()
            raise

    def poll(self) -> None:
        """Do what is to be done now, without waiting, and tell the listener. Call it every
        10 to 20 ms, always on the thread that called `start`."""
        self._switch.settle()
        for _ in range(_READS_PER_POLL):
            if not self._engine.poll():
                break
            self._switch.settle()
        for leg, playlist in self._bridge.finished():
            self._switch.playback_finished(leg, playlist)
        self._switch.end_silent(self._clock.monotonic())
        self._deliver()
        self._switch.settle()
        interrupt, self._switch.interrupt = self._switch.interrupt, None
        if interrupt is not None:
            raise interrupt

    def _deliver(self) -> None:
        events = self._switch.events
        while events and self.listener is not None:
            event = events.popleft()
            try:
                self.listener.leg_event(event)
            except Exception as error:  # the listener's fault must not stop the others' calls
                self._switch.fail(event.leg, error)

    def shut_down(self) -> None:
        """End every leg, with reason SHUTDOWN; the events come with the next poll."""
        self._switch.end_all()

    def close(self) -> None:
        """Give back the ports. Legs that are left get a BYE, and nobody hears of it."""
        some = self.legs > 0
        self.shut_down()
        self._bridge.close()
        self._switch.settle()
        self._engine.close(wait=some)
        self._switch.account = None

    @property
    def facts(self) -> EngineFacts:
        """What this build of the engine can do."""
        return self._engine.facts()

    def codecs(self) -> list[str]:
        """Return the codecs that calls may use."""
        return list(self._switch.codecs)

    @property
    def legs(self) -> int:
        """How many legs there are now."""
        return len(self._switch)

    @property
    def refused(self) -> Mapping[int, int]:
        """How many INVITEs never became a leg, by the status we answered."""
        return self._switch.refused

    # --- ports.Telephone ------------------------------------------------------------

    @property
    def capacity(self) -> int:
        """See `ports.Telephone.capacity`."""
        return min(self._engine.capacity, self._most)

    def dial(self, extension: str, *, headers: Mapping[str, str]) -> LegId:
        """See `ports.Telephone.dial`. What cannot be sent ends with LegEnded like any other leg;
        ValueError only for an extension or a header that is not one."""
        return self._switch.dial(extension, headers=headers)

    def dial_caller(self, number: str, *, shown: str) -> LegId:
        """See `ports.Telephone.dial_caller`; ValueError for a number that is not one."""
        return self._switch.dial_caller(number, shown=shown)

    def ring(self, leg: LegId) -> None:
        """See `ports.Telephone.ring`."""
        self._switch.ring(leg)

    def answer(self, leg: LegId) -> None:
        """See `ports.Telephone.answer`."""
        self._switch.answer(leg)

    def end(self, leg: LegId, *, status: int = 486, retry_after: int | None = None) -> None:
        """See `ports.Telephone.end`. LegEnded says SERVED after our BYE, WITHDRAWN after our
        CANCEL, and what `status` means after a refusal."""
        self._switch.end(leg, status=status, retry_after=retry_after)

    # --- ports.Audio and ports.Tracks -------------------------------------------------

    def play(self, leg: LegId, playlist: Sequence[Path], *, loop: bool = False) -> int:
        """See `ports.Audio.play`."""
        return self._bridge.play(leg, playlist, loop=loop)

    def stop_playing(self, leg: LegId) -> None:
        """See `ports.Audio.stop_playing`."""
        self._bridge.stop_playing(leg)

    def hear(self, listener: LegId, speaker: LegId) -> None:
        """See `ports.Audio.hear`."""
        self._bridge.hear(listener, speaker)

    def unhear(self, listener: LegId, speaker: LegId) -> None:
        """See `ports.Audio.unhear`."""
        self._bridge.unhear(listener, speaker)

    def start_track(self, leg: LegId, path: Path) -> None:
        """See `ports.Tracks.start_track`."""
        self._bridge.start_track(leg, path)

    def share_track(self, leg: LegId, other: LegId) -> None:
        """See `ports.Tracks.share_track`."""
        self._bridge.share_track(leg, other)

    def stop_track(self, leg: LegId) -> None:
        """See `ports.Tracks.stop_track`."""
        self._bridge.stop_track(leg)
