"""Options that several commands share, and how they reach settings and a running queue."""

from __future__ import annotations

import asyncio
import getpass
import logging
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from admin import bootstrap
from hotline.clock import SystemClock
from hotline.config import Settings
from hotline.configfile import load
from hotline.errors import HotlineError, QueueUnavailable
from queueing.planning import Plans
from queueing.store import QueueStore

T = TypeVar("T")

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", envvar="HOTLINE_CONFIG", help="The configuration file.")
]
DEFAULT_CONFIG = Path("hotline.toml")


def operator() -> str:
    """Return who gives the command, as the journal names an operator."""
    return f"operator:{getpass.getuser()}"


def settings_from(config: Path, *, lost_flows: bool = False) -> Settings:
    """Read the settings, or end the program with what is wrong (`hotline.configfile.load`)."""
    try:
        return load(config, lost_flows=lost_flows)
    except HotlineError as error:
        fail(error)


def fail(error: HotlineError | str) -> NoReturn:
    """End the program: one message on standard error, status 1."""
    typer.secho(str(error), fg=typer.colors.RED, err=True)
    raise typer.Exit(1)


@contextmanager
def told_in_a_sentence(what: str) -> Iterator[None]:
    """End the program with one sentence where the surroundings do not let `what` go on: what is
    configured, the disk, a port, Redis, the database. A fault of ours keeps its traceback."""
    try:
        yield
    except HotlineError as error:
        fail(error)
    except RedisError as error:
        fail(f"{what} cannot go on: redis: {error}")
    except OSError as error:
        fail(f"{what} cannot go on: {error}")
    except OperationalError as error:  # not its own text, which may hold a statement's values
        fail(f"{what} cannot go on: the database: {' '.join(str(error.orig).split())}")


def with_queue(settings: Settings, work: Callable[[QueueStore], Awaitable[T]]) -> T:
    """Do `work` with the running queue; end the program with a clear word when it refuses."""

    async def whole() -> T:
        store = bootstrap.queue_store(settings, SystemClock())
        try:
            return await work(store)
        finally:
            await store.close()

    return _asked(whole())


def with_plans(settings: Settings, work: Callable[[Plans], Awaitable[T]]) -> T:
    """Do `work` with the routing plan in force; end the program as `with_queue` does."""

    async def whole() -> T:
        plans = bootstrap.plans(settings, SystemClock())
        try:
            return await work(plans)
        finally:
            await plans.close()

    return _asked(whole())


def _asked(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except QueueUnavailable as error:
        fail(f"the queue does not answer; is the platform up? See `hotline status`. ({error})")
    except (HotlineError, ValueError) as error:
        fail(str(error))


def log_to_stderr(level: int = logging.INFO) -> None:
    """Let this process's log go to standard error, where its supervisor collects it."""
    logging.basicConfig(
        stream=sys.stderr,
        level=level,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
