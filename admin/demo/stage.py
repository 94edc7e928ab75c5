"""The phones of the demonstration, and what one can do with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from admin.demo.cast import COUNSELORS_ADDRESS, TRUNK_ADDRESS, Caller, Member
from admin.demo.watch import Watch
from admin.initialize import choose_ports
from hotline.clock import Timers
from hotline.config import Settings
from hotline.conversation.feature import FEATURE_CODES
from hotline.events import CounselorState
from hotline.ids import ContactId
from hotline.number import NumberSealer
from hotline.sip.softphone_client import SoftphoneClient
from hotline.sip.tone import write_tone

KEY_SECONDS = 0.4
"""Between two keys."""
PICK_UP_SECONDS = 1.0

READY_CODE = next(
    code for code, feature in FEATURE_CODES.items() if feature.state is CounselorState.READY
)


@dataclass(frozen=True, slots=True)
class Desk:
    """A counselor's phone, registered."""

    member: Member
    phone: SoftphoneClient
    tone: Path
    heard: Path


class Stage:
    """Two counselors' phones and a line full of callers."""

    def __init__(
        self,
        *,
        settings: Settings,
        watch: Watch,
        sealer: NumberSealer,
        timers: Timers,
        folder: Path,
    ) -> None:
        self.watch = watch
        self._edge = f"{settings.edge.address}:{settings.edge.port}"
        self._realm = settings.edge.realm
        self._line = settings.lines[0].number
        self._sealer = sealer
        self._timers = timers
        self._folder = folder
        self._trunk: SoftphoneClient | None = None
        self.volunteer: Desk
        self.professional: Desk
        self.short_abandon = settings.statistics.short_abandon

    async def pause(self, seconds: float) -> None:
        """People take their time."""
        await self._timers.pause(seconds)

    async def dial(self, caller: Caller) -> tuple[int, ContactId]:
        """Call the hotline as `caller`; return the call and the contact it became."""
        trunk = self.trunk
        tone = write_tone(self._folder / f"caller-{caller.hertz}.wav", caller.hertz)
        await trunk.policy(play=tone, record=self.heard_by(caller))
        call = await trunk.dial(
            f"sip:{self._line}@{self._edge}",
            headers={"P-Asserted-Identity": f"<sip:{caller.number}@{TRUNK_ADDRESS}>"},
        )
        await trunk.expect("answered", call=call)
        digest = self._sealer.seal(caller.number).digest
        return call, await self.watch.contact_of(digest)

    async def press(self, call: int, keys: str, *, wait: float) -> None:
        """Listen for `wait` seconds, then press `keys`, one by one."""
        await self.pause(wait)
        for key in keys:
            await self.trunk.digits(call, key)
            await self.pause(KEY_SECONDS)

    async def hang_up(self, call: int) -> None:
        """The caller hangs up."""
        await self.trunk.hang_up(call)
        await self.trunk.expect("ended", call=call)

    async def ready(self, desk: Desk) -> None:
        """Dial the feature code for ready, hear the confirmation, pick up what comes."""
        await desk.phone.policy(answer_after=PICK_UP_SECONDS, play=desk.tone, record=desk.heard)
        call = await desk.phone.dial(f"sip:{READY_CODE}@{self._edge}")
        await desk.phone.expect("ended", call=call, seconds=20)

    async def declines(self, desk: Desk, status: int) -> None:
        """The next call to the desk is declined."""
        await desk.phone.policy(decline=status)

    async def counselor_hangs_up(self, desk: Desk) -> None:
        """End the call that rang last at the desk."""
        call = (await desk.phone.expect("incoming"))["call"]
        while desk.phone.seen("incoming"):  # those of earlier scenes come first
            call = (await desk.phone.expect("incoming"))["call"]
        await desk.phone.hang_up(call)

    @property
    def trunk(self) -> SoftphoneClient:
        if self._trunk is None:
            raise RuntimeError("the stage is not open")
        return self._trunk

    def heard_by(self, caller: Caller) -> Path:
        """Return the folder of what the caller heard."""
        folder = self._folder / f"heard-by-{caller.number}"
        folder.mkdir(exist_ok=True)
        return folder

    @asynccontextmanager
    async def opened(self, volunteer: Member, professional: Member) -> AsyncIterator[Stage]:
        """Start all phones; the counselors' register."""
        async with AsyncExitStack() as stack:
            self._trunk = await stack.enter_async_context(_phone(TRUNK_ADDRESS, 0))
            self.volunteer = await self._desk(stack, volunteer, 1)
            self.professional = await self._desk(stack, professional, 2)
            yield self

    async def _desk(self, stack: AsyncExitStack, member: Member, seat: int) -> Desk:
        extension = member.person.extension
        phone = await stack.enter_async_context(_phone(COUNSELORS_ADDRESS, seat))
        await phone.register(
            account=extension, password=member.password, registrar=self._edge, domain=self._realm
        )
        await phone.expect("registered", status=200)
        heard = self._folder / f"heard-by-{extension}"
        heard.mkdir(exist_ok=True)
        tone = write_tone(self._folder / f"counselor-{extension}.wav", member.hertz)
        return Desk(member, phone, tone, heard)


def _phone(address: str, seat: int) -> SoftphoneClient:
    return SoftphoneClient(address=address, port=choose_ports(1).edge, rtp_port=40000 + 200 * seat)
