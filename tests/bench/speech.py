"""RTP both ways, as cheaply as the kernel allows: the load shares the cores with what it measures.

``python -m tests.bench.speech CALLERS PHONES`` is a process of its own. It opens sockets on both
addresses, says their ports in one JSON line, and then obeys lines on its standard input:

    + LANE STREAM HOST PORT    send to HOST:PORT, 50 packets of 20 ms of noise (PCMA) a second
    - STREAM                   stop
    ?                          say in one JSON line what was sent, what came in, what was late

A *lane* is one socket that many streams share: a peer that is told this port in SDP sends here,
and what comes from here is what it expects. Sending and receiving cost two system calls
(sendmmsg, recvmmsg) per lane and 20 ms.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import select
import socket
import sys
from dataclasses import dataclass, field
from time import perf_counter, sleep
from typing import Any

import numpy as np

from tests.bench.mmsg import Inbound, Outbound

LANES = 8
"""Per side."""
STREAMS = 128
"""Most streams of a lane."""
TICK = 0.005
PHASES = 4
"""A quarter of the lanes sends at each tick: 20 ms for all."""
TOO_LATE = 0.2
"""Seconds of lag that are given up instead of made good."""


class Lane:
    """One socket and the streams that it sends."""

    def __init__(self, host: str, dice: np.random.Generator) -> None:
        self.socket, self._rtcp = _pair_of_ports(host)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.port: int = self.socket.getsockname()[1]
        self.sent = self.received = 0
        self._out = Outbound(self.socket.fileno(), STREAMS, dice)
        self._in = Inbound(self.socket.fileno(), 2 * STREAMS)

    def add(self, stream: str, host: str, port: int) -> None:
        self._out.add(stream, host, port)

    def remove(self, stream: str) -> None:
        self._out.remove(stream)

    def tick(self) -> None:
        """Take in what has come, send what is due."""
        self.received += self._in.drain()
        self.sent += self._out.send()


def _pair_of_ports(host: str) -> tuple[socket.socket, socket.socket]:
    """RTP on an even port and, so that nobody is told it is closed, RTCP on the next."""
    while True:
        rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        rtp.bind((host, 0))
        port = rtp.getsockname()[1]
        rtcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            if port % 2 == 0:
                rtcp.bind((host, port + 1))
                return rtp, rtcp
        except OSError:
            pass
        rtp.close()
        rtcp.close()


class Studio:
    """All lanes; `run` until standard input ends."""

    def __init__(self, callers: str, phones: str) -> None:
        dice = np.random.default_rng(1)
        self._lanes = [Lane(host, dice) for host in (callers, phones) for _ in range(LANES)]
        self._of: dict[str, Lane] = {}
        self._late = 0
        self._rest = b""

    def run(self) -> None:
        _say([lane.port for lane in self._lanes])
        os.set_blocking(sys.stdin.fileno(), False)
        due = perf_counter()
        phase = 0
        while self._obey():
            for lane in self._lanes[phase::PHASES]:
                lane.tick()
            phase = (phase + 1) % PHASES
            due += TICK
            pause = due - perf_counter()
            if pause > 0:
                sleep(pause)
            elif pause < -TOO_LATE:
                self._late += round(-pause / TICK)
                due = perf_counter()

    def _obey(self) -> bool:
        readable, _, _ = select.select([sys.stdin], [], [], 0)
        if not readable:
            return True
        data = os.read(sys.stdin.fileno(), 65536)
        if not data:
            return False
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._command(line.decode().split())
        return True

    def _command(self, words: list[str]) -> None:
        match words:
            case ["+", lane, stream, host, port]:
                self._of[stream] = self._lanes[int(lane)]
                self._of[stream].add(stream, host, int(port))
            case ["-", stream]:
                lane_of = self._of.pop(stream, None)
                if lane_of is not None:
                    lane_of.remove(stream)
            case ["?"]:
                sent = sum(lane.sent for lane in self._lanes)
                received = sum(lane.received for lane in self._lanes)
                _say(
                    {
                        "at": perf_counter(),
                        "sent": sent,
                        "received": received,
                        "late_ticks": self._late,
                    }
                )


def _say(what: Any) -> None:
    print(json.dumps(what), flush=True)


# --- the other side of the pipe --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """Packets sent and received by all lanes until `at` (a clock that all processes share); ticks
    that were given up because it was too late."""

    at: float
    sent: int
    received: int
    late_ticks: int


@dataclass(slots=True)
class Speech:
    """Drives a speech process. A side is 0 for callers, 1 for phones."""

    process: asyncio.subprocess.Process
    hosts: tuple[str, str]
    ports: list[int]
    _next: list[int] = field(default_factory=lambda: [0, 0])

    @classmethod
    async def start(cls, callers: str, phones: str) -> Speech:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.speech", callers, phones,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        return cls(process, (callers, phones), json.loads(await process.stdout.readline()))

    async def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        await self.process.wait()

    def lane(self, side: int) -> int:
        """Choose the lane of a new stream, in turn."""
        self._next[side] += 1
        return side * LANES + self._next[side] % LANES

    def sdp(self, lane: int) -> str:
        """An offer or answer that sends the peer's RTP to `lane`."""
        host = self.hosts[lane // LANES]
        return (
            f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            f"m=audio {self.ports[lane]} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n"
            "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n"
        )

    def send_to(self, lane: int, stream: str, sdp: str) -> None:
        """Begin to speak to where `sdp` says."""
        host = port = ""
        for line in sdp.splitlines():
            if line.startswith("c=IN IP4 "):
                host = line[9:].strip()
            elif line.startswith("m=audio "):
                port = line.split()[1]
        self._write(f"+ {lane} {stream} {host} {port}\n")

    def hush(self, stream: str) -> None:
        """Stop speaking."""
        self._write(f"- {stream}\n")

    def _write(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode())

    async def heard(self) -> Heard:
        assert self.process.stdout is not None
        self._write("?\n")
        return Heard(**json.loads(await self.process.stdout.readline()))


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG: never outlive the bench
    Studio(*sys.argv[1:]).run()
