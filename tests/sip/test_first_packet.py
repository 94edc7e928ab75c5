"""RTP that comes while a call's media starts: a callee may speak before we have read the 200."""

from __future__ import annotations

import asyncio
import re
import subprocess
from pathlib import Path
from socket import SOCK_DGRAM

import pytest

from hotline.sip.softphone_client import SoftphoneClient
from hotline.sip.tone import tones_in
from tests.servers import free_port, rtp_port
from tests.sip.line import PHONE, until
from tests.sip.talker import PCMA, Talker, talker
from tests.sip.wire import SDP, Peer

SLOW_EPOLL = Path(__file__).with_name("slow_epoll.c")
HERTZ = 1000
CALLS = 20
"""An engine that is not mended is deaf to some of them."""


@pytest.fixture
def engine_with_slow_epoll(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engines of phones started from here on lose races that they lose now and then."""
    library = tmp_path / "slow_epoll.so"
    compile_it = ["gcc", "-shared", "-fPIC", "-O2", "-o", str(library), str(SLOW_EPOLL), "-ldl"]
    subprocess.run(compile_it, check=True)
    monkeypatch.setenv("LD_PRELOAD", str(library))


async def call(phone: SoftphoneClient, peer: Peer, callee: Talker) -> int:
    """Call `callee`, who speaks from the INVITE on; return the call when it is up."""
    number = await phone.dial(f"sip:callee@{peer.host}:{peer.port}")
    request = await asyncio.to_thread(peer.receive_request, "INVITE")
    media = re.search(r"m=audio (\d+)", request.body)
    assert media is not None
    before = callee.sent
    callee.talk_to(PHONE, int(media[1]))
    await until(lambda: callee.sent > before + 1)
    body = SDP.replace("127.0.0.1", peer.host).replace("40000", str(callee.port))
    peer.reply(request, 200, body=body.replace("0 8", str(PCMA)))
    await phone.expect("answered", call=number)
    return number


@pytest.mark.usefixtures("engine_with_slow_epoll")
async def test_callee_who_speaks_before_the_answer_is_read_is_heard(tmp_path: Path) -> None:
    port = free_port(SOCK_DGRAM, PHONE)
    peer = Peer("127.0.0.9", edge=(PHONE, port))
    with talker(peer.host, hertz=HERTZ, ssrc=1) as callee:
        async with SoftphoneClient(address=PHONE, port=port, rtp_port=rtp_port()) as phone:
            await phone.policy(record=tmp_path)
            for _ in range(CALLS):
                number = await call(phone, peer, callee)
                said = tmp_path / f"{number}.wav"
                await until(lambda said=said: said.exists() and HERTZ in tones_in(said, (HERTZ,)))
                callee.pause()
                await phone.hang_up(number)
                peer.reply(await asyncio.to_thread(peer.receive_request, "BYE"), 200)
                await phone.expect("ended", call=number)
    peer.close()
