"""The messages in `torture/`: each shows what one message of RFC 4475 is about, for our numbers.

A file has a first line that says so, then the message with LF for CRLF and these marks:
``{edge}`` whom it is sent to and ``{port}`` its port, ``{source}`` the sender, ``{n}`` a fresh
number, ``{sdp}`` an offer, ``{length}`` the body's, ``{bytes:HEX}``, ``{repeat:TEXT:TIMES}``,
and ``{sp}`` ``{lt}`` ``{gt}`` ``{brace}`` for what editors or marks would spoil.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

FOLDER = Path(__file__).with_name("torture")
SDP = (
    "v=0\no=mhandley 29739 7272939 IN IP4 127.0.0.2\ns=-\nc=IN IP4 127.0.0.2\nt=0 0\n"
    "m=audio 49217 RTP/AVP 0 12\n"
)
_MARK = re.compile(rb"\{(\w+)(?::([^:}]*))?(?::([^:}]*))?\}")


@dataclass(frozen=True, slots=True)
class TortureMessage:
    """One message; `name` is that of the RFC."""

    name: str
    about: str
    text: bytes

    def encode(self, *, source: tuple[str, int], target: tuple[str, int]) -> bytes:
        """Return the octets to send from `source` to `target`, a new message each time."""
        plain = {
            "edge": f"{target[0]}:{target[1]}",
            "port": str(target[1]),
            "source": f"{source[0]}:{source[1]}",
            "n": uuid4().hex,
            "sp": " ",
            "lt": "<",
            "gt": ">",
            "brace": "}",
        }

        def fill(mark: re.Match[bytes]) -> bytes:
            name, first, second = (part.decode() if part else "" for part in mark.groups())
            if name == "bytes":
                return bytes.fromhex(first)
            if name == "repeat":
                return (first * int(second)).encode()
            return plain[name].encode() if name in plain else mark.group(0)

        head, _, body = self.text.replace(b"{sdp}\n", SDP.encode()).partition(b"\n\n")
        head = head.replace(b"\n", b"\r\n")
        body = _MARK.sub(fill, body.replace(b"\n", b"\r\n"))
        head = _MARK.sub(fill, head).replace(b"{length}", str(len(body)).encode())
        return head + b"\r\n\r\n" + body


def torture_messages() -> Iterator[TortureMessage]:
    """Yield all messages, by name."""
    for path in sorted(FOLDER.glob("*.sip")):
        about, _, text = path.read_bytes().partition(b"\n")
        yield TortureMessage(path.stem, about.decode().removeprefix("# "), text)
