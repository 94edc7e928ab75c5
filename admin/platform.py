"""The whole platform on one machine: prepared, started, kept, stopped."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from admin import bootstrap, schema
from admin.bootstrap import recordings
from admin.files import private_folder
from admin.plan import publish_first
from admin.processes.persistence import kept_writable
from admin.processes.specs import specs
from admin.supervision.status import ChildState, ChildStatus
from admin.supervision.supervisor import Supervisor
from hotline.clock import SystemClock
from hotline.config import Settings
from hotline.edge.control import Control, GatewayState
from hotline.errors import HotlineError
from hotline.prompts.voice import generate_prompts

log = logging.getLogger(__name__)

Say = Callable[[str], None]
"""Shows one line of progress."""
EDGE_PATIENCE_SECONDS = 10.0
EDGE_LOOK_SECONDS = 0.1
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def prepare(settings: Settings, say: Say) -> None:
    """Make what must stand before anything starts: folders, tables, keys, prompts.

    What stands already is left as it is. Raises HotlineError with what is missing.
    """
    for folder in (
        settings.state,
        settings.run_dir,
        settings.secrets_dir,
        settings.spool_dir,
        settings.recordings_dir,
    ):
        private_folder(folder)
    engine = bootstrap.database(settings)
    schema.upgrade(engine)
    bootstrap.sealer(settings)
    if not recordings.first_key(settings, engine):
        say(
            f"{settings.secrets_dir}/recordings.key: 录音主密钥丢失，请从备份恢复；在此之前录音无法"
            "封存 | the master keys of recordings are gone: restore them from a backup; until then"
            " nothing is sealed and nothing can be heard"
        )
    bootstrap.credentials(settings)
    made = generate_prompts(
        settings.prompts_dir,
        progress=lambda done, all_, _name: (
            say(f"prompts {done}/{all_}") if done in (1, all_) or done % 25 == 0 else None
        ),
    )
    if made:
        say(f"prompts: {made} spoken")


class Stopped(HotlineError):
    """The operator ended the platform before it was up."""

    code = "stopped"


@asynccontextmanager
async def running(
    settings: Settings, config: Path, say: Say, stop: asyncio.Event
) -> AsyncIterator[Supervisor]:
    """Start everything; inside the block it runs; after it nothing does.

    Raises HotlineError when something does not come up, naming it and the end of its log, and
    Stopped when `stop` is set before all is up.
    """
    clock = SystemClock()
    supervisor = Supervisor(
        specs(settings, config, clock=clock),
        run_dir=settings.run_dir,
        log_dir=settings.log_dir,
        clock=clock,
        progress=lambda status: _show(status, say),
    )
    async with supervisor, kept_writable(settings):
        await _unless_stopped(_all_up(supervisor, settings, say), stop)
        yield supervisor


async def _all_up(supervisor: Supervisor, settings: Settings, say: Say) -> None:
    await supervisor.wait_up()
    await _edge_knows_gateways(Control.of(settings))
    store = bootstrap.queue_store(settings, SystemClock())
    try:
        await bootstrap.roster(settings, store).publish()
    finally:
        await store.close()
    await publish_plan(settings, say)


async def publish_plan(settings: Settings, say: Say) -> None:
    """See that a routing plan is in force (`admin.plan.publish_first`)."""
    plans = bootstrap.plans(settings, SystemClock())
    engine = bootstrap.database(settings)
    try:
        await publish_first(plans, file=settings.plan_file, engine=engine, say=say)
    finally:
        await plans.close()
        engine.dispose()


async def _unless_stopped(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    working = asyncio.create_task(work)
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not working.done():
        working.cancel()
        raise Stopped("stopped before everything was up")
    working.result()


async def _edge_knows_gateways(control: Control) -> None:
    """Return when every gateway has answered the edge.

    The edge started first: it may have asked one that was not there yet, and will call it down
    when that question times out. A first caller would then hear that all lines are busy.
    """
    try:
        async with asyncio.timeout(EDGE_PATIENCE_SECONDS):
            await asyncio.to_thread(control.doubt)
            while not await asyncio.to_thread(_all_active, control):  # noqa: ASYNC110 - no event
                await asyncio.sleep(EDGE_LOOK_SECONDS)
    except (TimeoutError, HotlineError) as error:
        log.warning("the edge does not reach every gateway: %s", error)


def _all_active(control: Control) -> bool:
    try:
        return all(gateway.state is not GatewayState.DOWN for gateway in control.gateways())
    except HotlineError as error:
        log.warning("the edge cannot be asked: %s", error)
        return False


async def stay(settings: Settings, config: Path, say: Say) -> None:
    """Run the platform until SIGTERM or SIGINT."""
    stop = stop_on_signals()
    async with running(settings, config, say, stop) as supervisor:
        say(f"up; callers reach {settings.edge.address}:{settings.edge.port}")
        await supervisor.run_until(stop)
        for number in STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, supervisor.hurry)
        if settings.gateway.drain:
            say(
                f"no new calls; who is here may go on for {settings.gateway.drain:g} s; "
                "Ctrl-C, or `hotline down`, once more ends it at once"
            )


def stop_on_signals() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set, instead of ending the program."""
    stop = asyncio.Event()
    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _show(status: ChildStatus, say: Say) -> None:
    if status.state in (ChildState.UP, ChildState.BACKING_OFF):
        say(f"{status.name} {status.state} {status.says}".rstrip())
