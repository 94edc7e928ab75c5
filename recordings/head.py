"""Where the chain had come to, kept elsewhere: what finds that its newest links were removed.

A chain whose last links are cut off is right in itself. So the number and the digest of the newest
link also stand in a file among the secrets: neither who writes to the database nor who writes to
the storage of recordings can write there, and an older copy cannot be put in its place by them.
The file follows the commit: killed in between, it names an older link, which is still in the chain;
it never names one that is not.

It only moves along the chain. Where the link that it names is not there any more it stays as it is,
so that `verify` finds it however much is sealed afterwards. A database that was restored from a
backup looks the same, and an operator who knows of that deletes the file.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from hotline.database import snapshot
from hotline.errors import HotlineError
from hotline.privatefile import alone_with, write_private
from recordings import chain
from recordings.link import Link

log = logging.getLogger(__name__)

_FORM = re.compile(r"([1-9][0-9]*):([0-9a-f]{64})")


class HeadUnreadable(HotlineError):
    """What should name the newest link of the chain does not."""

    code = "head_unreadable"


@dataclass(frozen=True, slots=True)
class Head:
    """The newest link at some time: its number and its digest (hex). As text: ``number:digest``."""

    number: int
    digest: str

    def __str__(self) -> str:
        return f"{self.number}:{self.digest}"

    @classmethod
    def of(cls, link: Link) -> Head:
        return cls(link.number, link.digest)

    @classmethod
    def parse(cls, text: str) -> Head:
        """Raises HeadUnreadable."""
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise HeadUnreadable("a head is written number:digest, the digest in 64 hex digits")
        return cls(int(found[1]), found[2])


class HeadFile:
    """Keeps the head in a file of 0600."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Head | None:
        """Return the head, None where none was noted. Raises HeadUnreadable."""
        try:
            return Head.parse(self._path.read_text("ascii"))
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, HeadUnreadable) as error:
            raise HeadUnreadable(f"{self._path}: {error}") from None

    def advance(self, engine: Engine) -> None:
        """Note the newest link of the chain, if the one noted before is still in it.

        Raises HeadUnreadable, OSError, sqlalchemy.exc.SQLAlchemyError.
        """
        with alone_with(self._path):
            before = self.read()
            with snapshot(engine) as session:
                last = chain.newest(session)
                then = chain.link_at(session, before.number) if before else None
            if before is not None and (then is None or then.digest != before.digest):
                log.error("the chain of recordings has lost link %d: verify it", before.number)
            elif last is not None and (before is None or last.number > before.number):
                write_private(self._path, f"{Head.of(last)}\n", sync=True)
