"""The supervisor with real child processes and a real Redis."""

# ruff: noqa: ASYNC110 - nobody else is on these loops
from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from admin.supervision.backoff import Backoff
from admin.supervision.health import RedisPing, Running
from admin.supervision.lock import AlreadyUp
from admin.supervision.process import ProcessError, ProcessSpec
from admin.supervision.sockets import Endpoint
from admin.supervision.status import ChildState, ChildStatus, read_status
from admin.supervision.supervisor import StartFailed, Supervisor
from hotline.clock import SystemClock
from tests.integration.children import FORKER, SHORT, SLEEPER, STUBBORN, program, runs, session_size
from tests.servers import free_port


def supervisor(
    folder: Path, *specs: ProcessSpec, progress: Callable[[ChildStatus], None] | None = None
) -> Supervisor:
    return Supervisor(
        specs,
        run_dir=folder / "run",
        log_dir=folder / "log",
        clock=SystemClock(),
        progress=progress,
    )


async def until(condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Let the supervisor work until `condition` holds."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"{what} did not come within {seconds} s") from None


def pid_of(watched: Supervisor, name: str) -> int:
    [pid] = [child.pid for child in watched.children if child.name == name]
    assert pid is not None
    return pid


async def test_children_start_after_what_they_need(tmp_path: Path) -> None:
    specs = (
        program("third", SLEEPER, tmp_path, needs=("first", "second")),
        program("second", SLEEPER, tmp_path, needs=("first",)),
        program("first", SLEEPER, tmp_path),
    )
    async with supervisor(tmp_path, *specs) as watched:
        await watched.wait_up(10)
    assert (tmp_path / "order").read_text().split() == ["first", "second", "third"]


@pytest.mark.parametrize(
    ("needs", "says"),
    [((("b",), ("a",)), "need each other"), ((("x",), ()), "x, which is not there")],
)
def test_impossible_needs_are_refused(
    tmp_path: Path, needs: tuple[tuple[str, ...], tuple[str, ...]], says: str
) -> None:
    specs = [program(n, SLEEPER, tmp_path, needs=need) for n, need in zip("ab", needs, strict=True)]
    with pytest.raises(ProcessError, match=says):
        supervisor(tmp_path, *specs)


async def test_killed_child_comes_back_and_is_counted(tmp_path: Path) -> None:
    async with supervisor(tmp_path, program("one", SLEEPER, tmp_path)) as watched:
        await watched.wait_up(10)
        first = pid_of(watched, "one")
        os.kill(first, signal.SIGKILL)
        await until(
            lambda: watched.children[0].restarts == 1 and watched.children[0].state == "up",
            "the restart",
        )
        assert pid_of(watched, "one") != first


async def test_child_comes_back_where_its_session_cannot_be_noted(tmp_path: Path) -> None:
    """As on a full disk: what can be done without must not end the supervision."""
    async with supervisor(tmp_path, program("one", SLEEPER, tmp_path)) as watched:
        await watched.wait_up(10)
        shutil.rmtree(tmp_path / "run" / "pids")
        os.kill(pid_of(watched, "one"), signal.SIGKILL)
        await until(
            lambda: watched.children[0].restarts == 1 and watched.children[0].state == "up",
            "the restart",
        )


async def test_real_redis_is_up_when_it_answers_and_comes_back_after_a_kill(tmp_path: Path) -> None:
    port = free_port()
    redis = ProcessSpec(
        name="redis",
        argv=("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""),
        ready=RedisPing("127.0.0.1", port),
        binds=(Endpoint("tcp", "127.0.0.1", port),),
    )
    async with supervisor(tmp_path, redis) as watched:
        await watched.wait_up(10)
        assert await RedisPing("127.0.0.1", port).serves()
        os.kill(pid_of(watched, "redis"), signal.SIGKILL)
        await until(lambda: watched.children[0].restarts == 1, "the restart")
        await until(lambda: watched.children[0].state is ChildState.UP, "redis")
    assert not await RedisPing("127.0.0.1", port).serves()


async def test_dead_main_takes_its_workers_with_it(tmp_path: Path) -> None:
    async with supervisor(tmp_path, program("edge", FORKER, tmp_path)) as watched:
        await watched.wait_up(10)
        main = pid_of(watched, "edge")
        await until(lambda: session_size(main) == 4, "the workers")
        os.kill(main, signal.SIGKILL)
        await until(lambda: watched.children[0].restarts == 1, "the restart")
        assert session_size(main) == 0


async def test_stop_leaves_nothing_even_of_who_ignores_sigterm(tmp_path: Path) -> None:
    specs = (program("stubborn", STUBBORN, tmp_path), program("edge", FORKER, tmp_path))
    async with supervisor(tmp_path, *specs) as watched:
        await watched.wait_up(10)
        pids = [pid_of(watched, "stubborn"), pid_of(watched, "edge")]
        await until(lambda: session_size(pids[1]) == 4, "the workers")
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 30  # not as long as they would sleep
    assert [session_size(pid) for pid in pids] == [0, 0]
    assert [child.state for child in watched.children] == ["stopped", "stopped"]


async def test_child_that_stops_serving_is_replaced(tmp_path: Path) -> None:
    async with supervisor(tmp_path, program("one", SLEEPER, tmp_path)) as watched:
        await watched.wait_up(10)
        first = pid_of(watched, "one")
        (tmp_path / "one").unlink()  # its probe fails from now on; the process itself lives
        await until(lambda: watched.children[0].restarts == 1, "the replacement")
        assert not runs(first)


async def test_start_that_fails_says_why_with_the_end_of_the_log(tmp_path: Path) -> None:
    moves: list[ChildStatus] = []
    broken = program("broken", SHORT, tmp_path, ready=NeverServes())
    async with supervisor(tmp_path, broken, progress=moves.append) as watched:
        await until(lambda: ended(moves), "the end of its first life")
        with pytest.raises(StartFailed, match=r"broken is not up(?s:.)*hello from broken"):
            await watched.wait_up(0.1)
    assert ended(moves) == {"ended with status 3"}


def ended(moves: list[ChildStatus]) -> set[str]:
    """What was said of each end of a child."""
    return {move.says for move in moves if move.state is ChildState.BACKING_OFF}


class NeverServes:
    async def serves(self) -> bool:
        return False


async def test_dead_child_is_started_ever_more_slowly(tmp_path: Path) -> None:
    starts: list[float] = []
    ends: list[float] = []

    def note(status: ChildStatus) -> None:
        if status.state is ChildState.STARTING:
            starts.append(asyncio.get_running_loop().time())
        elif status.state is ChildState.BACKING_OFF:
            ends.append(asyncio.get_running_loop().time())

    broken = program("broken", SHORT, tmp_path, ready=NeverServes())
    async with supervisor(tmp_path, broken, progress=note):
        await until(lambda: len(starts) == 4, "the fourth start")
    first = Backoff().first
    for n, (end, start) in enumerate(zip(ends, starts[1:], strict=False)):
        assert start - end >= first * 2**n - 0.01


async def test_taken_port_is_named_with_who_has_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        endpoint = Endpoint("tcp", "127.0.0.1", holder.getsockname()[1])
        wants = ProcessSpec(name="wants", argv=("sleep", "300"), ready=Running(), binds=(endpoint,))
        async with supervisor(tmp_path, wants) as watched:
            await until(lambda: watched.children[0].says, "the refusal")
            assert watched.children[0].says == f"{endpoint} is taken by process {os.getpid()}"
            assert watched.children[0].pid is None


async def test_second_supervisor_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    async with supervisor(tmp_path, program("one", SLEEPER, tmp_path)) as watched:
        await watched.wait_up(10)
        with pytest.raises(AlreadyUp, match=str(os.getpid())):
            async with supervisor(tmp_path, program("two", SLEEPER, tmp_path)):
                pass
        assert watched.children[0].state is ChildState.UP
    assert not (tmp_path / "two").exists()


async def test_status_is_readable_while_up_and_gone_after(tmp_path: Path) -> None:
    async with supervisor(tmp_path, program("one", SLEEPER, tmp_path)) as watched:
        await watched.wait_up(10)
        status = read_status(tmp_path / "run")
        assert status is not None
        assert status.all_up
        assert status.children == watched.children
    assert read_status(tmp_path / "run") is None


async def test_folders_and_files_are_closed_to_others(tmp_path: Path) -> None:
    async with supervisor(tmp_path, program("one", SLEEPER, tmp_path)) as watched:
        await watched.wait_up(10)
        places = [tmp_path / "run", *(tmp_path / "run").rglob("*"), *(tmp_path / "log").rglob("*")]
        assert [p for p in places if stat.S_IMODE(p.stat().st_mode) & 0o077] == []
        assert "hello from one" in (tmp_path / "log" / "one.log").read_text()
