"""A caller who has another stack than ours: sipp, with its own SIP, SDP and RTP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from socket import SOCK_DGRAM

import av
import pytest

from hotline import events as e
from hotline.events import Reason, Result, Termination
from hotline.ids import ContactId
from hotline.sip.tone import seconds_with, write_tone
from hotline.wav import SAMPLE_RATE
from recordings.tables import RecordingState
from tests.hotline_server import TRUNK_ADDRESS, HotlineServer
from tests.servers import free_port
from tests.sip.line import until
from tests.sip.parties import CALLER_HERTZ, COUNSELOR_HERTZ, Parties, gathered
from tests.sip.test_recording import recordings_of, seconds_of_tones

SCENARIO = Path(__file__).with_name("sipp_caller.xml")
KEY = Path(__file__).with_name("sipp_key.xml")
CRYPTO = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR"
SRTP = f"m=audio 45000 RTP/SAVP 8\n    {CRYPTO}"
STREAM, ECHO = "rtpstream_audio_port", "media_port"
TALK_SECONDS = 2.0


def scenario_of(*, plain_first: bool) -> str:
    """Fill in the scenario. sipp 3.6 streams only to the first m-line of an answer; when SRTP
    stands there it cannot, and sends back what it hears instead."""
    plain = f"m=audio [{STREAM if plain_first else ECHO}] RTP/AVP 8\n    a=rtpmap:8 PCMA/8000"
    stream = '<nop><action><exec rtp_stream="caller.al,-1,8"/></action></nop>'
    key = KEY.read_text()
    marks = {
        "{media}": "\n    ".join([plain, SRTP] if plain_first else [SRTP, plain]),
        "{says}": stream if plain_first else "",
        "{keys}": "".join(
            key.replace("{key}", name).replace("{cseq}", str(2 + n)) for n, name in enumerate("#11")
        ),
    }
    text = SCENARIO.read_text()
    for mark, filling in marks.items():
        text = text.replace(mark, filling)
    return text


def write_a_law(wav: Path, path: Path) -> None:
    """Write the samples of `wav` as sipp sends them: G.711, without any header."""
    encoder = av.CodecContext.create("pcm_alaw", "w")
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, "mono", "s16"
    with av.open(str(wav)) as source:
        frames = [*source.decode(audio=0), None]  # the last one flushes
        path.write_bytes(b"".join(bytes(p) for frame in frames for p in encoder.encode(frame)))


@contextlib.asynccontextmanager
async def sipp(parties: Parties, number: str, *, plain_first: bool) -> AsyncIterator[None]:
    """One call of `number`; it must have gone as the scenario says when the block ends."""
    folder = parties.folder
    (folder / "caller.xml").write_text(scenario_of(plain_first=plain_first))
    write_a_law(write_tone(folder / "caller.wav", CALLER_HERTZ), folder / "caller.al")
    port, rtp = (free_port(SOCK_DGRAM, TRUNK_ADDRESS) for _ in range(2))
    line = parties.server.settings.lines[0].number
    process = await asyncio.create_subprocess_exec(
        "sipp", parties.server.edge, "-sf", "caller.xml", "-s", line, "-key", "caller", number,
        "-i", TRUNK_ADDRESS, "-p", str(port), "-mi", TRUNK_ADDRESS, "-mp", str(rtp),
        *([] if plain_first else ["-rtp_echo"]), "-m", "1", "-timeout", "100s", "-timeout_error",
        "-nostdin", "-trace_err", "-error_file", "errors.log",
        cwd=folder, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    errors = folder / "errors.log"
    try:
        yield
        async with asyncio.timeout(30):
            assert await process.wait() == 0, errors.read_text() if errors.exists() else ""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def contact_of(parties: Parties, number: str) -> ContactId:
    digest = parties.digest(number)
    await until(lambda: [x for x in parties.invites() if x.caller.digest == digest])
    return ContactId(next(x.subject for x in parties.invites() if x.caller.digest == digest))


@pytest.mark.parametrize("plain_first", [True, False], ids=["srtp second", "srtp first"])
async def test_caller_on_sipp_is_heard_and_recorded_by_whatever_line_is_plain(
    tonal_hotline: HotlineServer, tmp_path: Path, plain_first: bool
) -> None:
    said = CALLER_HERTZ if plain_first else COUNSELOR_HERTZ  # its own tone, or an echo
    async with gathered(tonal_hotline, tmp_path) as parties, parties.counselor() as counselor:
        number = parties.new_number()
        async with sipp(parties, number, plain_first=plain_first):
            contact = await contact_of(parties, number)
            await parties.watch.expect(
                contact, e.ContactAnswered, counselor=counselor.extension, seconds=20
            )
            call = (await counselor.phone.expect("incoming"))["call"]
            heard = counselor.heard / f"{call}.wav"
            await until(lambda: heard.exists() and seconds_with(heard, said) > TALK_SECONDS)
            await counselor.phone.hang_up(call)
            left = await parties.watch.expect(contact, e.CounselorLeft)
            assert left.termination == Termination(Result.COMPLETED, Reason.COUNSELOR_HUNG_UP)

    def sealed() -> bool:
        rows = recordings_of(tonal_hotline, contact)
        return any(row.state == RecordingState.SEALED for row in rows)

    await until(sealed, seconds=60)
    [row] = recordings_of(tonal_hotline, contact)
    left_side, right_side = seconds_of_tones(tonal_hotline, row)
    assert left_side[said] > 0.8 * TALK_SECONDS
    assert right_side[COUNSELOR_HERTZ] > 0.8 * TALK_SECONDS
    assert right_side[CALLER_HERTZ] < 0.1
