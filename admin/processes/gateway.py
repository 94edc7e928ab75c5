"""One gateway process: Twisted's reactor (on asyncio) turns; pjsua2 is polled from it.

Everything with a life of its own is a Twisted service, started and stopped in order by one
MultiService; what is written for asyncio is converted here, at the border.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from twisted.application.service import MultiService, Service
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall

from admin.bootstrap.gateway import GatewayParts, gateway_parts
from admin.processes.garbage import collect_rarely
from admin.processes.looks import looks
from admin.processes.reactor import install
from hotline.config import Settings
from hotline.events import AlarmKind
from hotline.ports import Alarms
from queueing.cancellation import pause, still_wanted

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
FLOWS_SECONDS = 5.0
GOODBYE_SECONDS = 0.3
"""How long the last BYEs may be on their way before the engine closes."""


class Repeating(Service):
    """Calls `what` every `seconds`; a fault is logged and the next call comes all the same."""

    def __init__(self, name: str, what: Callable[[], None], seconds: float) -> None:
        self.setName(name)
        self._what = what
        self._seconds = seconds
        self._loop = LoopingCall(self._once)

    def startService(self) -> None:
        super().startService()
        self._loop.start(self._seconds, now=False)

    def stopService(self) -> None:
        super().stopService()
        if self._loop.running:
            self._loop.stop()

    def _once(self) -> None:
        try:
            self._what()
        except Exception:
            log.exception("%s: a fault; going on", self.name)


class Running(Service):
    """Keeps one coroutine running until stopped; a fault is told and it begins again."""

    def __init__(
        self, name: str, run: Callable[[], Coroutine[Any, Any, None]], *, alarms: Alarms
    ) -> None:
        self.setName(name)
        self._run = run
        self._alarms = alarms
        self._task: asyncio.Task[None] | None = None

    def startService(self) -> None:
        super().startService()
        self._task = asyncio.get_running_loop().create_task(self._forever(), name=self.name)

    def stopService(self) -> Deferred[None]:
        super().stopService()
        return Deferred.fromCoroutine(self._stopped())

    async def _stopped(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio_to_twisted(_ended(self._task))

    async def _forever(self) -> None:
        while still_wanted():
            try:
                await self._run()
            except Exception:
                log.exception("%s: a fault; beginning again", self.name)
                self._alarms.raise_alarm(AlarmKind.FAULT, f"{self.name}: begun again, see the log")
            await pause(1.0)


async def _ended(task: asyncio.Task[None]) -> None:
    with suppress(asyncio.CancelledError):
        await task


def asyncio_to_twisted(work: Coroutine[Any, Any, Any] | Awaitable[Any]) -> Deferred[Any]:
    """Return a Deferred for asyncio work, run on the reactor's own loop."""
    return Deferred.fromFuture(asyncio.ensure_future(work))


class GatewayService(MultiService):
    """The whole process: `startService` takes calls, `stopService` says goodbye to each."""

    def __init__(self, parts: GatewayParts, *, settings: Settings) -> None:
        super().__init__()
        self._parts = parts
        each_second = looks(parts.gateway, parts.recorder, parts.alarms)
        for service in (
            Repeating("poll", parts.endpoint.poll, settings.gateway.poll_ms / 1000),
            *(Repeating(name, look, LOOK_SECONDS) for name, look in each_second.items()),
            Repeating("flows", parts.flows.look, FLOWS_SECONDS),
            Running("heart", parts.heart.run, alarms=parts.alarms),
            Running("inbox", parts.inbox.run, alarms=parts.alarms),
            Running("dispatcher", parts.dispatcher.run, alarms=parts.alarms),
            Running("reconciler", parts.reconciler.run, alarms=parts.alarms),
            Running("reach", parts.reach.run, alarms=parts.alarms),
        ):
            self.addService(service)
        if parts.notices is not None:
            self.addService(Running("notices", parts.notices.run, alarms=parts.alarms))

    def startService(self) -> None:
        self._parts.endpoint.start()  # first: where it fails, nothing else is to be undone
        self._parts.relay.start()
        self._parts.alarms.process_started()
        super().startService()
        log.info("gateway %s takes calls", self._parts.gateway.id)

    def stopService(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        """Say goodbye while the services still run, then stop them, then close the rest."""
        with suppress(TimeoutError):
            await asyncio_to_twisted(asyncio.wait_for(self._parts.gateway.leave(), 3.0))
        self._parts.endpoint.shut_down()
        await asyncio_to_twisted(asyncio.sleep(GOODBYE_SECONDS))
        await super().stopService()
        self._parts.endpoint.close()
        await asyncio_to_twisted(self._parts.relay.close())
        await asyncio_to_twisted(self._parts.reach.close())
        if self._parts.notices is not None:
            await asyncio_to_twisted(self._parts.notices.close())
        await asyncio_to_twisted(self._parts.store.close())


def run(settings: Settings, name: str) -> None:
    """Run the gateway called `name` until SIGTERM or SIGINT.

    Raises what keeps it from starting, such as ConfigError, or OSError for a port that is taken.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    reactor = install(loop)
    service: list[GatewayService] = []
    faults: list[Exception] = []

    def start() -> None:
        try:
            collect_rarely()
            gateway = GatewayService(gateway_parts(settings, name), settings=settings)
            service.append(gateway)
            gateway.startService()
        except Exception as fault:  # whatever it is: a reactor must not turn for nobody
            faults.append(fault)
            reactor.stop()

    def stop() -> Deferred[None] | None:
        return service[0].stopService() if service and service[0].running else None

    loop.call_soon(start)  # and not callWhenRunning, which comes before the loop runs
    reactor.addSystemEventTrigger("before", "shutdown", stop)
    reactor.run()
    if faults:
        raise faults[0]
