"""Keeps a picture of the queue true: one snapshot, then every change as it happens.

    snapshot --> XREAD BLOCK --> picture --.
        ^                                  | a change is missing, Redis was away, its data is
        '----------------------------------' another, or the picture disagrees with the pulse

Changes are numbered without a gap (``1-0``, ``1-1``, ...), so that one that is missing shows at
once. Each second the pulse is asked: the counts that a picture must agree with which has seen the
change that the pulse names.

The stream's entries (`keys.CHANGES`), all values text:

    op=wait       contact, score, asks (JSON of Waiting), sticky (a counselor, or empty),
                    tried (counselors asked in vain, longest ago first),
                    opened (steps that were open at its last offer: `routing.opened`)
    op=left       contact                                  gone
    op=offered    contact, counselor, available, counted   out of line, to this counselor
    op=counselor  counselor, state, idle, busy, available, counted
                                                           ms, as in `routing.standing.Standing`
    op=profile    counselor, profile (JSON)                new or changed
    op=removed    counselor
    op=plan       version

Fields that are not known here are passed over; an op that is not known makes the picture be taken
anew at the next pulse: gateways of two versions may work on one Redis while a site is upgraded.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from hotline.errors import PlanError, QueueUnavailable
from hotline.events import AlarmKind
from hotline.ids import ContactId, GatewayId
from hotline.ports import Alarms
from queueing import keys
from queueing.cancellation import pause, still_wanted
from queueing.mirror import Mirror, UnknownChange
from queueing.overview import Overview, Pulse
from queueing.routing.picture import Picture
from queueing.routing.plan import default_plan, read_plan
from queueing.scripts import REPLY_WITHIN, connect

log = logging.getLogger(__name__)

PULSE_EVERY = 1.0
"""Seconds between two comparisons with the pulse."""
AGAIN_AFTER = 0.5
"""Seconds until the next try when Redis is away."""
AT_LEAST_BETWEEN = 0.05
"""Seconds between two snapshots."""
LONGEST_DOUBT = 60.0
"""Seconds: a picture that disagrees after each snapshot is taken anew ever more rarely."""
LONGEST_HUSH = 5.0
"""Seconds for which nobody is offered to anybody while a gateway that should live says nothing to a
Redis that has just started: more than a heartbeat's pause."""
HUSH_PULSE = 0.05
"""Seconds between two looks at whether all have said it."""
PUZZLED_EVERY = 10.0
"""Seconds at least between two snapshots for changes that this version does not know."""
MOST = 200
"""How many changes one look takes: calls wait meanwhile."""
ROWS_PER_BREATH = 200
"""How many rows of a snapshot are taken in one go."""


_Entry = tuple[str, dict[str, str]]


class OutOfStep(Exception):
    """The picture is not to be trusted: it must be taken anew."""


class Feed:
    """Reads within ``async with``; goes on by itself when Redis was away.

    `picture` is changed only between two awaits of the reading task, so that whoever runs on the
    same loop sees it whole. `renewed` is told of each snapshot: Redis may be another, or an older,
    than before.
    """

    def __init__(
        self,
        url: str,
        *,
        overview: Overview,
        alarms: Alarms,
        renewed: Callable[[], None] = lambda: None,
        pulse_every: float = PULSE_EVERY,
    ) -> None:
        self._url = url
        self._overview = overview
        self._alarms = alarms
        self._renewed = renewed
        self.plan = default_plan()
        self._mirror = Mirror(self.plan, alarms=alarms)
        self.in_step = False
        """Whether the picture is what Redis says, but for changes on their way."""
        self.epoch = 0
        """Grows with each snapshot: what was proposed before is void."""
        self._unheard = 0
        self._is_hushed = False
        self._hushed_until = 0.0
        self._is_puzzled = False
        self._puzzled_at = float("-inf")
        self._generation = ""
        self._last = -1
        self._due: Pulse | None = None
        self._plan_is_due = False
        self._pulse_every = pulse_every
        self._doubt = pulse_every
        self._changed = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    @property
    def picture(self) -> Picture:
        return self._mirror.picture

    @property
    def is_heard(self) -> bool:
        """Whether the living gateways have said what they do since Redis started, or had long
        enough: before that, somebody who is free here may be talking."""
        return self._unheard == 0 or asyncio.get_running_loop().time() >= self._hushed_until

    @property
    def seen(self) -> int:
        """The number of the last change in the picture; -1 before the first one."""
        return self._last

    def owner_of(self, contact: ContactId) -> GatewayId | None:
        """Return the gateway of a contact that waits; None when it does not wait."""
        return self._mirror.owner_of(contact)

    async def wait(self, seconds: float) -> None:
        """Return when something changed since the last wait, or after `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        self._changed.clear()

    def nudge(self) -> None:
        """Let whoever waits look, though nothing changed."""
        self._changed.set()

    async def __aenter__(self) -> Feed:
        self.in_step = False  # whatever was seen before: begin with a snapshot
        self._reading = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
            self._reading = None

    # --- reading -----------------------------------------------------------------

    async def _run(self) -> None:
        while still_wanted():
            redis = connect(self._url, reply_within=self._doubt + REPLY_WITHIN, retries=0)
            try:
                await self._take_snapshot()
                self._renewed()
                await self._follow(redis)
            except OutOfStep as error:
                log.warning("the picture of the queue is taken anew: %s", error)
                self.in_step = False
                await pause(AT_LEAST_BETWEEN)
            except (QueueUnavailable, RedisError, OSError) as error:
                log.warning("changes of the queue: %s; trying again", type(error).__name__)
                self.in_step = False
                self._changed.set()
                await pause(AGAIN_AFTER)
            except Exception:  # a fault of ours must not end the routing
                log.exception("changes of the queue: a fault; beginning anew")
                self.in_step = False
                await pause(AGAIN_AFTER)
            finally:
                await redis.aclose()

    async def _follow(self, redis: Redis) -> None:
        now = asyncio.get_running_loop().time
        pulse_at = now() + (self._doubt if self.is_heard else HUSH_PULSE)
        while still_wanted():
            block = max(1, round((pulse_at - now()) * 1000))
            since = f"1-{self._last}" if self._last >= 0 else "0-0"
            found: Any = await redis.xread({keys.CHANGES: since}, count=MOST, block=block)
            for entry, change in _entries(found):
                self._take(entry, change)
            if self._plan_is_due:
                if self.picture.waiting > ROWS_PER_BREATH:
                    raise OutOfStep("another plan is in force")  # in breaths, as all the rest
                self._use(await self._overview.plan_text())
            if found:
                self._changed.set()
            if now() >= pulse_at:
                self._compare(await self._overview.pulse())
                pulse_at = now() + (self._pulse_every if self.is_heard else HUSH_PULSE)

    async def _take_snapshot(self) -> None:
        self.in_step = False
        shot = await self._overview.snapshot()
        self._mirror.clear()
        self._use(shot.plan)
        for n, present in enumerate(shot.present):
            self._mirror.counselor_is_there(present)
            await _breath(n)
        for n, one in enumerate(shot.line):
            self._mirror.contact_waits(one)
            await _breath(n)
        self._mirror.unreadable.tell()
        self._unheard = shot.unheard
        self._is_hushed = shot.unheard > 0
        self._hushed_until = asyncio.get_running_loop().time() + LONGEST_HUSH
        self._generation, self._last, self._due = shot.generation, _number(shot.last), None
        self.epoch += 1
        self.in_step = True
        self._changed.set()

    # --- changes -----------------------------------------------------------------

    def _take(self, entry: str, change: Mapping[str, str]) -> None:
        number = _number(entry)
        if number != self._last + 1:
            raise OutOfStep(f"change {number} follows {self._last}")
        self._last = number
        try:
            if change["op"] == "plan":
                self._plan_is_due = True
            else:
                self._mirror.apply(change)
        except UnknownChange as error:  # of a newer version of this program
            log.warning("change %s is unknown: %s; the picture will be taken anew", entry, error)
            self._is_puzzled = True
        except (ValueError, KeyError) as error:  # its text would show what could not be read
            log.error("change %s cannot be read: %s", entry, type(error).__name__)
            self._alarms.raise_alarm(AlarmKind.FAULT, "a change of the queue cannot be read")
        if self._due is not None and _number(self._due.last) == number:
            self._agree(self._due)

    # --- is it true? -------------------------------------------------------------

    def _compare(self, pulse: Pulse) -> None:
        """Compare now, or when the picture has seen what the pulse has."""
        self._mirror.unreadable.tell()
        self._unheard = pulse.unheard
        if self._is_hushed and self.is_heard:
            self._is_hushed = False
            self._changed.set()  # what was held back can be done now
        self._look_up_what_was_unknown()
        last = _number(pulse.last)
        if pulse.generation != self._generation or last < self._last:
            raise OutOfStep("Redis has lost data")
        if last == self._last:
            self._agree(pulse)
        else:
            self._due = pulse

    def _look_up_what_was_unknown(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._is_puzzled and now >= self._puzzled_at + PUZZLED_EVERY:
            self._is_puzzled, self._puzzled_at = False, now
            raise OutOfStep("a change that this version does not know")

    def _agree(self, pulse: Pulse) -> None:
        self._due = None
        seen = self._mirror.counts
        told = (pulse.waiting, pulse.ready, pulse.counselors)
        if seen != told:
            self._doubt = min(2 * self._doubt, LONGEST_DOUBT)
            raise OutOfStep(f"{told} wait, are ready, exist; the picture has {seen}")
        self._doubt = self._pulse_every

    # --- the plan ----------------------------------------------------------------

    def _use(self, text: str | None) -> None:
        """Route by the plan in `text`; by the last good one if this is none."""
        self._plan_is_due = False
        try:
            plan = default_plan() if text is None else read_plan(text, origin="the plan in Redis")
        except PlanError as error:
            log.error("plan %s stays in force: %s", self.plan.version, error)
            self._alarms.raise_alarm(AlarmKind.FAULT, "the routing plan in Redis cannot be used")
            return
        if plan.version != self.plan.version:
            log.info("routing by plan %s", plan.version)
            self.plan = plan
            self.picture.use(plan)


async def _breath(n: int) -> None:
    """Let others run now and then: a big picture takes longer than a call may wait."""
    if n % ROWS_PER_BREATH == ROWS_PER_BREATH - 1:
        await asyncio.sleep(0)


def _number(entry: str) -> int:
    """Return the number of a change; -1 for none so far."""
    major, _, minor = entry.partition("-")
    return int(minor) if major == "1" else -1


def _entries(found: list[tuple[str, list[_Entry]]]) -> list[_Entry]:
    """Return the entries of what XREAD of one stream found."""
    return found[0][1] if found else []
