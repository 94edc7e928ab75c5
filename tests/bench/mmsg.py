"""sendmmsg and recvmmsg (Linux), which Python does not have: many datagrams per system call."""

from __future__ import annotations

import ctypes
import errno
import socket
from typing import Any

import numpy as np

HEADER, PAYLOAD = 12, 160
PCMA = 8
_LIBC = ctypes.CDLL(None, use_errno=True)


class _Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Message(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("namelen", ctypes.c_uint32),
        ("iov", ctypes.c_void_p),
        ("iovlen", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("controllen", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Header(ctypes.Structure):
    _fields_ = (("message", _Message), ("done", ctypes.c_uint))


class _Address(ctypes.Structure):
    _fields_ = (
        ("family", ctypes.c_uint16),
        ("port", ctypes.c_uint16),
        ("host", ctypes.c_uint32),
        ("zero", ctypes.c_uint64),
    )


class Outbound:
    """RTP streams from one socket, each with its own SSRC, sequence numbers and timestamps."""

    def __init__(self, descriptor: int, most: int, dice: np.random.Generator) -> None:
        self._descriptor = descriptor
        self._packets = np.zeros((most, HEADER + PAYLOAD), dtype=np.uint8)
        self._packets[:, 0] = 0x80
        self._packets[:, 1] = PCMA
        self._packets[:, 8:] = dice.integers(0, 256, (most, 4 + PAYLOAD))  # SSRC and noise
        self._sequence = np.zeros(most, dtype=np.uint16)
        self._time = np.zeros(most, dtype=np.uint32)
        self._addresses = (_Address * most)()
        self._headers, self._iovecs = _headers(self._packets)
        for n in range(most):
            self._headers[n].message.name = ctypes.addressof(self._addresses[n])
            self._headers[n].message.namelen = ctypes.sizeof(_Address)
        self._streams: list[str] = []

    def add(self, stream: str, host: str, port: int) -> None:
        """Send to `host`:`port` from the next tick on."""
        n = len(self._streams)
        self._streams.append(stream)
        self._addresses[n].family = socket.AF_INET
        self._addresses[n].port = socket.htons(port)
        self._addresses[n].host = int.from_bytes(socket.inet_aton(host), "little")

    def remove(self, stream: str) -> None:
        """Stop; the last one moves into its place, sequence numbers and all."""
        n, last = self._streams.index(stream), len(self._streams) - 1
        if n != last:
            ssrc = self._packets[n, 8:12].copy()
            self._packets[n, 8:12] = self._packets[last, 8:12]
            self._packets[last, 8:12] = ssrc
            self._sequence[n], self._time[n] = self._sequence[last], self._time[last]
            self._streams[n] = self._streams[last]
            ctypes.pointer(self._addresses[n])[0] = self._addresses[last]
        self._streams.pop()

    def send(self) -> int:
        """Send one packet of each stream; return how many went out."""
        count = len(self._streams)
        if not count:
            return 0
        self._sequence[:count] += 1
        self._time[:count] += PAYLOAD
        self._packets[:count, 2:4] = _bytes(self._sequence[:count].astype(">u2"))
        self._packets[:count, 4:8] = _bytes(self._time[:count].astype(">u4"))
        sent = 0
        while sent < count:
            start = ctypes.byref(self._headers, sent * ctypes.sizeof(_Header))
            done = _LIBC.sendmmsg(self._descriptor, start, count - sent, 0)
            if done < 0:
                if ctypes.get_errno() in (errno.EINTR, errno.ECONNREFUSED):
                    continue
                break
            sent += done
        return sent


class Inbound:
    """Counts what arrives at one socket; the first bytes of each datagram are read."""

    def __init__(self, descriptor: int, most: int) -> None:
        self._descriptor = descriptor
        self._most = most
        self._buffers = np.zeros((most, 16), dtype=np.uint8)
        self._headers, self._iovecs = _headers(self._buffers)

    def drain(self) -> int:
        """Return how many datagrams have arrived since the last call."""
        total = 0
        while True:
            done = _LIBC.recvmmsg(
                self._descriptor, self._headers, self._most, socket.MSG_DONTWAIT, None
            )
            total += max(0, int(done))
            if int(done) < self._most:
                return total


def _bytes(numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return each number's bytes as a row."""
    return numbers.view(np.uint8).reshape(len(numbers), -1)


def _headers(rows: np.ndarray[Any, Any]) -> tuple[Any, Any]:
    """Return message headers, one per row of `rows`, and the vectors they point to."""
    most, length = rows.shape
    headers, iovecs = (_Header * most)(), (_Iovec * most)()
    for n in range(most):
        iovecs[n].base = rows.ctypes.data + n * length
        iovecs[n].length = length
        headers[n].message.iov = ctypes.addressof(iovecs[n])
        headers[n].message.iovlen = 1
    return headers, iovecs
