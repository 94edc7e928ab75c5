"""What is read of SIP and SDP, and what is made of a status: pure."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from hotline.errors import PromptMissing
from hotline.events import Reason
from hotline.sip import invite
from hotline.sip.ending import reason_of, refusal_of
from hotline.sip.sdp import offers_one_of
from hotline.wav import seconds_of

INVITE = (
    "INVITE sip:12356@10.0.0.1:5070;transport=udp SIP/2.0\r\n"
    'f: "sip:no@where" <sip:13900000001@east>;tag=1\r\n'
    "X-Hotline-From:\r\n trunk:east\r\n"
    "x-HOTLINE-node: city/east\r\n"
    "X-Other: no\r\n\r\n"
    "X-Hotline-Body: no\r\n"
)
CODECS = ("PCMA/8000/1", "G722/16000/1", "opus/48000/2")


def test_headers_of_the_edge_are_read_folded_and_in_any_case() -> None:
    read = invite.parse(INVITE)
    assert read.headers == {"from": "trunk:east", "node": "city/east"}
    assert read.dialled == "12356"


def test_caller_is_the_asserted_identity_where_there_is_one() -> None:
    asserted = INVITE.replace("X-Other: no", "P-Asserted-Identity: <tel:110>")
    assert invite.parse(asserted).caller == "110"


def test_caller_without_a_user_is_empty() -> None:
    assert (
        invite.parse("INVITE sip:1@h SIP/2.0\r\nFrom: <sip:anonymous.invalid>\r\n\r\n").caller == ""
    )


@pytest.mark.parametrize("extension", ["", "1001@elsewhere", "1 2", "1>\r\nX: y", "a;b"])
def test_extension_that_would_break_a_uri_is_refused(extension: str) -> None:
    with pytest.raises(ValueError, match="extension"):
        invite.target(extension, "127.0.0.1", 5060)


@pytest.mark.parametrize("header", [("X-A", "b\r\nX-C: d"), ("X A", "b"), ("", "b"), ("X:", "b")])
def test_header_that_would_break_a_line_is_refused(header: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="header"):
        invite.checked(dict([header]))


@pytest.mark.parametrize(
    ("status", "incoming", "was_up", "reason"),
    [
        (200, True, True, Reason.CALLER_HUNG_UP),
        (200, False, True, Reason.COUNSELOR_HUNG_UP),
        (408, True, True, Reason.SESSION_EXPIRED),
        (481, False, True, Reason.SESSION_EXPIRED),
        (487, True, False, Reason.CALLER_CANCELLED),
        (408, True, False, Reason.UNREACHABLE),
        (603, False, False, Reason.DECLINED),
        (599, False, False, Reason.UNREACHABLE),
        (302, False, False, Reason.UNREACHABLE),
        (699, True, True, Reason.FAULT),
    ],
)
def test_status_becomes_a_reason(status: int, incoming: bool, was_up: bool, reason: Reason) -> None:
    assert reason_of(status, incoming=incoming, was_up=was_up) is reason


def test_refusal_becomes_a_reason() -> None:
    assert refusal_of(503) is Reason.OVER_CAPACITY
    assert refusal_of(499) is Reason.FAULT


@pytest.mark.parametrize(
    ("media", "usable"),
    [
        ("m=audio 4000 RTP/AVP 8", True),
        ("m=audio 4000 RTP/AVP 0", False),
        ("m=audio 4000 RTP/AVP 9", True),
        ("m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 OPUS/48000/2", True),
        ("m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/16000", False),
        ("m=audio 4000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000", False),
        ("m=audio 0 RTP/AVP 8", False),
        ("m=audio 4000 RTP/SAVP 8", False),
        ("m=audio 4000 RTP/SAVP 8\r\nm=audio 4002 RTP/AVP 8", True),
        ("m=audio 4000 RTP/AVPF 8", True),
        ("m=audio 4000 RTP/AVP 96\r\nm=video 4002 RTP/AVP 96\r\na=rtpmap:96 PCMA/8000", False),
        ("m=video 4000 RTP/AVP 8", False),
        ("", False),
    ],
)
def test_offer_is_usable_when_it_has_a_codec_of_ours(media: str, usable: bool) -> None:
    assert offers_one_of(CODECS, f"v=0\r\nt=0 0\r\n{media}\r\n") is usable


def write(path: Path, *, rate: int = 8000, channels: int = 1, width: int = 2, frames: int) -> Path:
    with wave.open(str(path), "wb") as wav:
        wav.setparams((channels, width, rate, 0, "NONE", ""))
        wav.writeframes(bytes(frames * channels * width))
    return path


def test_length_of_a_prompt_is_read_from_its_header(tmp_path: Path) -> None:
    assert seconds_of(write(tmp_path / "a.wav", frames=12000)) == 1.5


@pytest.mark.parametrize("wrong", [{"rate": 16000}, {"channels": 2}, {"width": 1}, {"frames": 399}])
def test_prompt_of_another_format_is_missing(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(PromptMissing, match=r"a\.wav"):
        seconds_of(write(tmp_path / "a.wav", **{"frames": 8000, **wrong}))
