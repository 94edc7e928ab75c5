"""Somebody who sends RTP (RFC 3550) and counts what comes, whether or not anybody asked for it."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import av
import numpy as np

from hotline.wav import SAMPLE_RATE

SECONDS = 0.02
SAMPLES = int(SAMPLE_RATE * SECONDS)
PCMA = 8


class Talker:
    """One socket at `host`; from `talk_to` on it sends a tone of `hertz`, until `pause`."""

    def __init__(self, host: str, *, hertz: int, ssrc: int) -> None:
        self.packets = 0
        """How many have come in."""
        self._frames = _frames(hertz)
        self._ssrc = ssrc
        self._number = 0
        self._to: tuple[str, int] | None = None
        self._closed = threading.Event()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self._socket.settimeout(0.2)
        self._threads = [threading.Thread(target=run) for run in (self._speak, self._listen)]
        for thread in self._threads:
            thread.start()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    @property
    def sent(self) -> int:
        return self._number

    def talk_to(self, host: str, port: int) -> None:
        self._to = (host, port)

    def pause(self) -> None:
        self._to = None

    def close(self) -> None:
        self._closed.set()
        for thread in self._threads:
            thread.join()
        self._socket.close()

    def _speak(self) -> None:
        while not self._closed.wait(SECONDS):
            if (to := self._to) is not None:
                n = self._number
                head = struct.pack("!BBHII", 0x80, PCMA, n & 0xFFFF, n * SAMPLES, self._ssrc)
                self._socket.sendto(head + self._frames[n % len(self._frames)], to)
                self._number += 1

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                packet = self._socket.recv(2048)
            except TimeoutError:
                continue
            self.packets += packet[1] & 0x7F == PCMA


@contextmanager
def talker(host: str, *, hertz: int, ssrc: int) -> Iterator[Talker]:
    found = Talker(host, hertz=hertz, ssrc=ssrc)
    try:
        yield found
    finally:
        found.close()


def _frames(hertz: int) -> list[bytes]:
    """Return a second of the tone in A-law, in frames of 20 ms."""
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    samples = (np.sin(2 * np.pi * hertz * time) * 8000).astype("<i2")
    encoder = av.CodecContext.create("pcm_alaw", "w")
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, "mono", "s16"
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = SAMPLE_RATE
    speech = b"".join(bytes(packet) for packet in encoder.encode(frame))
    return [speech[at : at + SAMPLES] for at in range(0, len(speech), SAMPLES)]
