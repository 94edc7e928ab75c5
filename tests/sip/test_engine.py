"""The engine itself: what the build can do, and that it can be begun and ended again."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys

import pytest

from hotline.sip.capacity import capacity_of
from hotline.sip.endpoint import Endpoint
from hotline.sip.engine import Engine, describe
from tests.servers import free_port
from tests.sip.line import PHONE, line_and_phone, open_line


def test_engine_describes_itself() -> None:
    facts = describe()
    assert facts.version.startswith("2.")
    assert facts.capacity >= 3
    assert facts.own_build == (facts.capacity > 3)
    assert any(codec.startswith("PCMA/8000") for codec in facts.codecs)
    assert not any(codec.startswith("L16") for codec in facts.codecs)


def test_describing_writes_nothing_to_standard_output() -> None:
    program = "from hotline.sip.engine import describe; describe()"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""


@pytest.mark.parametrize(("limit", "legs"), [(4, 3), (32, 30), (1024, 960)])
def test_some_slots_are_kept_for_refusals(limit: int, legs: int) -> None:
    assert capacity_of(limit) == legs


def test_port_that_is_taken_is_an_error_and_the_engine_can_start_later() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        endpoint = Endpoint(
            address="127.0.0.1", port=port, first_rtp_port=30000, rtp_ports=100, edge=(PHONE, 5060)
        )
        with pytest.raises(OSError, match=str(port)):
            endpoint.start()

    async def scenario() -> None:
        async with open_line(edge=(PHONE, free_port(socket.SOCK_DGRAM, PHONE))) as line:
            assert line.endpoint.codecs()[0].startswith("PCM")
            assert 0 < line.endpoint.capacity <= line.endpoint.facts.capacity

    asyncio.run(scenario())


def test_second_engine_in_one_process_is_an_error_not_an_abort() -> None:
    first, second = Engine(), Engine()
    first.start()
    try:
        with pytest.raises(OSError, match="one per process"):
            second.start()
    finally:
        first.close()
    second.start()
    second.close()


def test_interrupt_inside_a_callback_comes_out_of_the_poll() -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            endpoint = line.endpoint
            raised: list[BaseException] = []

            def stop() -> None:
                raise KeyboardInterrupt

            # the way in is a callback of the engine: what it reads of the INVITE fails
            endpoint._switch.invited = lambda *_: stop()  # type: ignore[method-assign]
            real = endpoint.poll

            def poll() -> None:
                try:
                    real()
                except KeyboardInterrupt as interrupt:
                    raised.append(interrupt)

            endpoint.poll = poll  # type: ignore[method-assign]
            call = await phone.dial(uri)
            await phone.expect("ended", call=call, status=500)
            assert len(raised) == 1

    asyncio.run(scenario())
