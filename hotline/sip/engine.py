"""The engine: the life of the pjsua2 library in this process, and what its build can do.

There is at most one per process. It has no signalling thread: `poll` runs all SIP callbacks on
the thread that calls it.

How its capacity is known: pjsua2 clamps `maxCalls` silently to the limit it was compiled with
(`PJSUA_MAX_CALLS`), but a fresh `UaConfig` carries exactly that limit: 4 in the PyPI wheel, 1024
in our own build. Some of these slots are kept free of legs (`capacity`).
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pjsua2 as pj

from hotline.sip.capacity import capacity_of
from hotline.wav import SAMPLE_RATE

WHEEL_CALLS = 4
"""What the PyPI wheel is compiled for."""
_CODECS = (("PCMA/8000", 254), ("PCMU/8000", 253), ("G722/16000", 200), ("opus/48000", 190))


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """What this build of the engine can do. `capacity` is in legs per process."""

    version: str
    capacity: int
    codecs: tuple[str, ...]
    own_build: bool
    srtp: bool
    tls: bool
    patches: tuple[str, ...]
    """What is mended in it, of `admin/install/*.patch`: ``strict_rtp`` believes that the peer is
    where its SDP said as soon as it is heard from there (otherwise whoever sends RTP to one of our
    ports first may get the call); with ``first_packet`` a leg whose first packet comes while its
    media starts is heard (otherwise it may be deaf until it ends)."""


class _Library(pj.Endpoint):  # type: ignore[misc]  # pjsua2 has no types
    """The library; tells of INVITEs that it refused by itself (488, 400, 486 ...)."""

    def __init__(self, on_refused: Callable[[int], None]) -> None:
        super().__init__()
        self._on_refused = on_refused

    def onRejectedIncomingCall(self, prm: Any) -> None:
        with contextlib.suppress(Exception):  # must not cross the C frames below; only a figure
            self._on_refused(int(prm.statusCode))


class Engine:
    """pjsua2 from `start` to `close`."""

    def __init__(self, *, on_refused: Callable[[int], None] = lambda _status: None) -> None:
        self._endpoint: pj.Endpoint | None = None
        self._on_refused = on_refused
        self._limit = int(pj.UaConfig().maxCalls)

    @property
    def capacity(self) -> int:
        return capacity_of(self._limit)

    def start(self, *, user_agent: str = "hotline") -> None:
        """Initialise the library with a null sound device. Raises OSError when it cannot."""
        if _is_running():
            raise OSError("the telephone engine runs already: there is one per process")
        endpoint = _Library(self._on_refused)
        try:
            with _silent_stdout():
                endpoint.libCreate()
                endpoint.libInit(_settings(self._limit, user_agent))
        except pj.Error as error:
            pj.Endpoint.__swig_destroy__(endpoint)
            raise OSError(f"the telephone engine does not start: {error.info()}") from None
        self._endpoint = endpoint
        endpoint.audDevManager().setNullDev()
        self._choose_codecs()

    def _choose_codecs(self) -> None:
        known = self.codecs()
        for codec in known:
            self.lib.codecSetPriority(codec, 0)
        for wanted, priority in _CODECS:
            for codec in known:
                if codec.startswith(wanted):
                    self.lib.codecSetPriority(codec, priority)
        if any(codec.startswith("opus") for codec in known):
            opus = self.lib.getCodecOpusConfig()
            opus.sample_rate, opus.channel_cnt, opus.complexity = SAMPLE_RATE, 1, 3
            self.lib.setCodecOpusConfig(opus)

    @property
    def lib(self) -> pj.Endpoint:
        if self._endpoint is None:
            raise RuntimeError("the engine is not running")
        return self._endpoint

    def listen(self, address: str, port: int, *, tcp: bool = False) -> int:
        """Open a SIP transport; return its id. Raises OSError when the port is taken."""
        config = pj.TransportConfig()
        config.boundAddress = address
        config.port = port
        kind = pj.PJSIP_TRANSPORT_TCP if tcp else pj.PJSIP_TRANSPORT_UDP
        try:
            return int(self.lib.transportCreate(kind, config))
        except pj.Error as error:
            raise OSError(f"SIP on {address}:{port}: {error.info()}") from None

    def run(self) -> None:
        """Begin: from now on `poll` must be called."""
        self.lib.libStart()

    def poll(self) -> bool:
        """Handle one read of what has arrived, without waiting; return whether there was any."""
        return int(self.lib.libHandleEvents(0)) > 0

    def codecs(self) -> list[str]:
        """Return the names of all codecs in the build, such as ``PCMA/8000/1``."""
        return [str(codec.codecId) for codec in self.lib.codecEnum2()]

    def facts(self) -> EngineFacts:
        usable = [c.codecId for c in self.lib.codecEnum2() if c.priority > 0]
        return EngineFacts(
            version=str(self.lib.libVersion().full),
            capacity=self.capacity,
            codecs=tuple(usable),
            own_build=self._limit > WHEEL_CALLS,
            srtp=_has(lambda: self.lib.srtpCryptoEnum()),
            tls=_has(lambda: self.lib.utilSslGetAvailableCiphers()),
            patches=tuple(sorted(getattr(pj, "PATCHES", ()))),
        )

    def close(self, *, wait: bool = False) -> None:
        """Hang up what is left and give everything back. With `wait`, give the peers a second
        to answer, and be asked again."""
        if self._endpoint is not None:
            with _silent_stdout():
                self._endpoint.libDestroy(0 if wait else pj.PJSUA_DESTROY_NO_RX_MSG)
            # Now, not when the last reference goes: a traceback may keep one, and constructing a
            # second library beside a first one aborts the process.
            pj.Endpoint.__swig_destroy__(self._endpoint)
            self._endpoint = None


def describe() -> EngineFacts:
    """Return what the engine can do; for `hotline doctor`, in a process without an endpoint."""
    engine = Engine()
    engine.start()
    try:
        return engine.facts()
    finally:
        engine.close()


def _is_running() -> bool:
    try:
        with _silent_stdout():  # the library prints that there is none
            pj.Endpoint.instance()
    except pj.Error:
        return False
    return True


def _has(enumerate_: object) -> bool:
    try:
        return len(enumerate_()) > 0  # type: ignore[operator]  # a SWIG vector
    except pj.Error:
        return False


def _settings(limit: int, user_agent: str) -> pj.EpConfig:
    config = pj.EpConfig()
    config.uaConfig.maxCalls = limit
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.uaConfig.userAgent = user_agent
    # Messages hold callers' numbers: nothing of them may reach a log.
    config.logConfig.msgLogging = 0
    config.logConfig.level = config.logConfig.consoleLevel = 0
    media = config.medConfig
    media.clockRate = media.sndClockRate = SAMPLE_RATE
    media.channelCount = 1
    media.audioFramePtime = media.ptime = 20
    media.maxMediaPorts = min(4 * limit + 16, 4096)
    media.hasIoqueue = True
    media.threadCnt = 1
    media.noVad = True
    media.ecTailLen = 0
    media.quality = 3  # only the resampler's: linear, the bridge runs at the codec's own rate
    media.jbInit, media.jbMinPre, media.jbMaxPre, media.jbMax = 40, 20, 100, 300
    media.sndAutoCloseTime = -1  # the clock never stops: tracks and music depend on it
    return config


@contextlib.contextmanager
def _silent_stdout() -> Iterator[None]:
    """Hide the lines that the library prints to standard output before its log is configured."""
    sys.stdout.flush()
    saved = os.dup(1)
    try:
        with open(os.devnull, "wb") as hole:  # noqa: PTH123 - a device, not a path of ours
            os.dup2(hole.fileno(), 1)
        yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)
