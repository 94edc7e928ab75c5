"""Twisted's reactor on asyncio's loop, by the clock that nobody sets.

Twisted itself counts its delays by the wall clock: set back by an hour, nothing that repeats would
be called for an hour, the telephone's poll among it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from twisted.internet import asyncioreactor

from hotline.clock import SystemClock


def install(loop: asyncio.AbstractEventLoop) -> Any:
    """Make a reactor of `loop` the one reactor of this process; return it. Its interface is a zope
    one, which mypy cannot read."""
    asyncioreactor.install(loop)
    from twisted.internet import reactor  # only now: importing it chooses the reactor

    installed: Any = reactor
    installed.seconds = SystemClock().monotonic
    return installed
