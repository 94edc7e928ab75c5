"""What the platform is compared with: bare pjsua2 under the reactor, polled every 10 ms.

``python -m tests.bench.peer PORT RTP_PORT EDGE_HOST EDGE_PORT FOLDER`` answers every call at once,
dials a phone for it, lets both hear each other and writes one track per side: the same legs, the
same audio, the same files as a recorded conversation of the platform, and nothing else: no edge,
menu, queue or journal. One process, where the platform has two.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
from pathlib import Path
from typing import Any

from twisted.internet import asyncioreactor

from hotline.call import LegAnswered, LegEnded, LegEvent, LegInvited
from hotline.ids import LegId
from hotline.sip.endpoint import Endpoint

POLL_SECONDS = 0.010
PHONE = "2000"


class Exchange:
    """Every caller's leg and the phone's leg that it is joined with."""

    def __init__(self, endpoint: Endpoint, folder: Path) -> None:
        self._endpoint = endpoint
        self._folder = folder
        self._callers: dict[LegId, str] = {}
        self._other: dict[LegId, LegId] = {}

    def leg_event(self, event: LegEvent) -> None:
        if isinstance(event, LegInvited):
            self._callers[event.leg] = event.caller
            self._endpoint.ring(event.leg)
            self._endpoint.answer(event.leg)
        elif isinstance(event, LegAnswered):
            self._answered(event.leg)
        elif isinstance(event, LegEnded):
            self._callers.pop(event.leg, None)
            other = self._other.pop(event.leg, None)
            if other is not None:
                self._other.pop(other, None)
                self._endpoint.end(other)

    def _answered(self, leg: LegId) -> None:
        if leg in self._callers:
            headers = {"X-Hotline-Contact": self._callers[leg]}
            phone = self._endpoint.dial(PHONE, headers=headers)
            self._other[leg], self._other[phone] = phone, leg
        elif leg in self._other:
            caller = self._other[leg]
            self._endpoint.hear(caller, leg)
            self._endpoint.hear(leg, caller)
            self._endpoint.start_track(caller, self._folder / f"{caller}.caller.wav")
            self._endpoint.start_track(leg, self._folder / f"{caller}.counselor.wav")


def main(port: str, rtp_port: str, edge_host: str, edge_port: str, folder: str) -> None:
    ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG: never outlive the bench
    Path(folder).mkdir()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)  # type: ignore[no-untyped-call]  # twisted has no types here
    from twisted.internet import reactor as installed
    from twisted.internet.task import LoopingCall

    reactor: Any = installed
    endpoint = Endpoint(
        address="127.0.0.1",
        port=int(port),
        first_rtp_port=int(rtp_port),
        rtp_ports=4096,
        edge=(edge_host, int(edge_port)),
    )
    endpoint.listener = Exchange(endpoint, Path(folder))
    endpoint.start()
    LoopingCall(endpoint.poll).start(POLL_SECONDS)
    reactor.addSystemEventTrigger("before", "shutdown", endpoint.close)
    loop.call_soon(lambda: print("ready", flush=True))
    reactor.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
