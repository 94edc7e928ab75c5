"""Follows the journal stream as it is written: what `demo` shows, and what its calls wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from redis.asyncio import Redis

from hotline.errors import HotlineError
from hotline.events import Event, InviteReceived
from hotline.ids import ContactId
from hotline.journal.stream import JOURNAL_STREAM
from hotline.wire import decode

E = TypeVar("E", bound=Event)

BLOCK_MS = 500


class NothingCame(HotlineError):
    """An event that had to come did not: the text says which, and what came last."""

    code = "nothing_came"


class Watch:
    """Every journal event from `start` on; use as ``async with``."""

    def __init__(self, url: str, *, show: Callable[[Event], None]) -> None:
        # No timeout: a loop that was held up for longer would take an answer for none.
        self._redis = Redis.from_url(url, decode_responses=True, socket_timeout=None)
        self._show = show
        self._events: list[Event] = []
        self._news = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Watch:
        last = await self._redis.xrevrange(JOURNAL_STREAM, count=1)
        position = str(last[0][0]) if last else "0-0"
        self._task = asyncio.create_task(self._follow(position), name="watch")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
        await self._redis.aclose()

    async def _follow(self, position: str) -> None:
        while True:
            answer: Any = await self._redis.xread({JOURNAL_STREAM: position}, block=BLOCK_MS)
            for _, entries in answer or ():
                for entry, wire in entries:
                    position = entry
                    event = decode(wire)
                    async with self._news:
                        self._events.append(event)
                        self._news.notify_all()
                    self._show(event)

    async def contact_of(self, digest: str, *, seconds: float = 10.0) -> ContactId:
        """Return the contact of the newest caller with `digest`, once the INVITE is journalled."""
        event = await self._first(
            lambda e: isinstance(e, InviteReceived) and e.caller.digest == digest,
            "InviteReceived",
            seconds,
        )
        return ContactId(event.subject)

    async def expect(
        self, subject: str, kind: type[E], *, seconds: float = 20.0, **facts: object
    ) -> E:
        """Return the newest event of `kind` about `subject` with these `facts`, when there is one.

        Raises NothingCame after `seconds`.
        """
        event = await self._first(
            lambda e: (
                e.subject == subject
                and isinstance(e, kind)
                and all(getattr(e, name) == fact for name, fact in facts.items())
            ),
            f"{kind.__name__} of {subject[:8]} with {facts}",
            seconds,
        )
        assert isinstance(event, kind)  # noqa: S101 - what the line above looked for
        return event

    async def _first(self, wanted: Callable[[Event], bool], what: str, seconds: float) -> Event:
        def found() -> Event | None:
            return next((event for event in reversed(self._events) if wanted(event)), None)

        async with self._news:
            try:
                async with asyncio.timeout(seconds):
                    await self._news.wait_for(lambda: found() is not None)
            except TimeoutError:
                last = ", ".join(type(event).__name__ for event in self._events[-5:])
                fault = self._fault()
                raise NothingCame(f"no {what} within {seconds:g} s; last: {last}") from fault
            event = found()
        if event is None:
            raise NothingCame(what)
        return event

    def _fault(self) -> BaseException | None:
        """Why nothing more can come, if so."""
        over = self._task is not None and self._task.done() and not self._task.cancelled()
        return self._task.exception() if over and self._task is not None else None
