"""Escalation with three real phones: their tones tell exactly who hears whom, and when."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from hotline import events as e
from hotline.events import CounselorState, Reason, Result, Termination
from hotline.ids import ContactId
from hotline.journal.stream import JOURNAL_STREAM
from hotline.sip.tone import WINDOW, seconds_of, seconds_with, when
from hotline.wire import decode
from recordings.tables import RecordingRow
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import (
    CALLER_HERTZ,
    COUNSELOR_HERTZ,
    PROFESSIONAL_HERTZ,
    Counselor,
    Parties,
    gathered,
)
from tests.sip.test_recording import recordings_of, seconds_of_tones

OURS = (
    tonal.ESCALATION_REQUESTED, tonal.ESCALATION_UNANSWERED, tonal.ESCALATION_WITHDRAWN,
    tonal.ESCALATION_BRIEFING, tonal.ESCALATION_JOINED, tonal.ESCALATION_PARTED,
    tonal.ESCALATION_WAIT, tonal.HELP_REQUESTED, tonal.MUSIC,
)  # fmt: skip
"""What the caller must never hear while there is a counselor."""
ON_ITS_WAY = 0.5
"""Seconds until what was done a moment ago is heard."""
STRAY = 0.1
LONGEST_GAP = 0.2
"""Seconds: longer than a change may take, far shorter than a person notices as silence."""


@dataclass(frozen=True)
class Trio:
    """A caller in conversation with a volunteer, and a professional."""

    parties: Parties
    volunteer: Counselor
    professional: Counselor
    call: int
    volunteers_call: int
    contact: ContactId

    @property
    def caller_hears(self) -> Path:
        return self.parties.heard_by_caller(self.call)

    @property
    def volunteer_hears(self) -> Path:
        return only(self.volunteer)

    @property
    def professional_hears(self) -> Path:
        return only(self.professional)

    async def press(self, keys: str, *, method: str = "info") -> None:
        """By INFO, for a phone that sends keys as RTP sends no voice meanwhile (RFC 4733 section
        2.2): that gap would be the phone's."""
        for key in keys:  # as fast as a hand: two INFOs at once may overtake each other
            await self.volunteer.phone.digits(self.volunteers_call, key, method=method)
            pressed = seconds_of(self.caller_hears)
            await until(lambda: seconds_of(self.caller_hears) > pressed + 0.2)  # noqa: B023 - awaited here

    async def be_ready(self, counselor: Counselor) -> None:
        async with self.parties.server.store() as store:
            await store.change_state(
                counselor.extension, CounselorState.READY, reason="", by="test"
            )

    async def join(self) -> int:
        """The volunteer asks, the professional comes; return the professional's call."""
        await self.be_ready(self.professional)
        await self.press("*7")
        joined = await self.parties.watch.expect(self.contact, e.CounselorJoined)
        assert joined.counselor == self.professional.extension
        incoming = await self.professional.phone.expect("incoming")
        await until(lambda: heard(self.caller_hears, PROFESSIONAL_HERTZ) > 0.5)
        return int(incoming["call"])

    async def state(self, counselor: Counselor) -> CounselorState:
        async with self.parties.server.store() as store:
            everybody = {p.profile.id: p.state for p in await store.counselors()}
        return everybody[counselor.extension]

    async def in_wrap_up_or_past(self, counselor: Counselor) -> None:
        await self.parties.watch.expect(
            counselor.extension, e.CounselorStateChanged, state=CounselorState.WRAP_UP
        )


def only(counselor: Counselor) -> Path:
    [file] = counselor.heard.glob("*.wav")
    return file


def heard(path: Path, hertz: int, since: float = 0.0, until_: float = 1e9) -> float:
    """Seconds of the tone between two points of a recording."""
    stretches = when(path, hertz) if path.exists() else []
    return sum(max(0.0, min(end, until_) - max(begin, since)) for begin, end in stretches)


def now(path: Path) -> float:
    """The point of a recording at which what happens now is surely heard."""
    return seconds_of(path) + ON_ITS_WAY


def longest_silence(path: Path, since: float) -> float:
    """The longest stretch in which neither counselor is heard, up to half a second before now."""
    ends = seconds_of(path) - 0.5
    both = sorted(when(path, COUNSELOR_HERTZ) + when(path, PROFESSIONAL_HERTZ))
    at, longest = since, 0.0
    for begin, end in both:
        if end < since or begin > ends:
            continue
        longest = max(longest, begin - at)
        at = max(at, end)
    return max(longest, ends - at)


@asynccontextmanager
async def trio(server: HotlineServer, folder: Path, **professional: object) -> AsyncIterator[Trio]:
    async with (
        gathered(server, folder) as parties,
        parties.counselor() as volunteer,
        parties.counselor(
            kind="professional", hertz=PROFESSIONAL_HERTZ, ready=False, **professional  # type: ignore[arg-type]  # of Parties.counselor
        ) as other,
    ):  # fmt: skip
        call, volunteers_call, contact = await parties.talking(volunteer)
        three = Trio(parties, volunteer, other, call, volunteers_call, contact)
        await until(lambda: heard(three.caller_hears, COUNSELOR_HERTZ) > 0.5)
        try:
            yield three
        finally:
            await parties.trunk.hang_up(call)


async def test_professional_joins_and_the_volunteer_leaves_without_a_moment_of_silence(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with trio(tonal_hotline, tmp_path) as three:
        began = when(three.caller_hears, COUNSELOR_HERTZ)[0][0]
        await three.join()
        caller, volunteer = now(three.caller_hears), now(three.volunteer_hears)
        professional = now(three.professional_hears)
        await until(lambda: now(three.caller_hears) > caller + 2)
        for path, since, hears, not_itself in (
            (three.caller_hears, caller, (COUNSELOR_HERTZ, PROFESSIONAL_HERTZ), CALLER_HERTZ),
            (three.volunteer_hears, volunteer, (CALLER_HERTZ, PROFESSIONAL_HERTZ), COUNSELOR_HERTZ),
            (
                three.professional_hears, professional, (CALLER_HERTZ, COUNSELOR_HERTZ),
                PROFESSIONAL_HERTZ,
            ),
        ):  # fmt: skip
            assert all(heard(path, hertz, since) > 0.5 for hertz in hears)
            assert heard(path, not_itself, since) < STRAY

        await three.volunteer.phone.hang_up(three.volunteers_call)
        parted = await three.parties.watch.expect(three.contact, e.CounselorParted)
        assert parted.stays == three.professional.extension
        caller, professional = now(three.caller_hears), now(three.professional_hears)
        await until(lambda: heard(three.caller_hears, PROFESSIONAL_HERTZ, caller) > 1)
        assert heard(three.caller_hears, COUNSELOR_HERTZ, caller) < STRAY
        assert heard(three.professional_hears, CALLER_HERTZ, professional) > 0.5
        assert heard(three.professional_hears, COUNSELOR_HERTZ, professional) < STRAY
        await three.in_wrap_up_or_past(three.volunteer)
        assert await three.state(three.professional) is CounselorState.TALKING

        assert longest_silence(three.caller_hears, began) < LONGEST_GAP
        await three.parties.trunk.hang_up(three.call)
        await three.parties.watch.expect(three.contact, e.CallerLeft)
        await three.in_wrap_up_or_past(three.professional)
        for hertz in OURS:
            assert heard(three.caller_hears, hertz, began) < STRAY, hertz
        assert three.parties.endings(three.contact) == [
            Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)
        ]


async def test_each_counselor_alone_hears_what_is_said_to_them(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with trio(tonal_hotline, tmp_path) as three:
        await three.join()
        await until(lambda: heard(three.volunteer_hears, tonal.ESCALATION_JOINED) > 0.1)
        assert heard(three.volunteer_hears, tonal.ESCALATION_REQUESTED) > 0.1
        assert heard(three.volunteer_hears, tonal.ESCALATION_BRIEFING) < STRAY
        assert heard(three.professional_hears, tonal.ESCALATION_BRIEFING) > 0.1
        assert heard(three.professional_hears, tonal.ESCALATION_REQUESTED) < STRAY
        briefed = when(three.professional_hears, tonal.ESCALATION_BRIEFING)[-1][1]
        first_word = when(three.professional_hears, CALLER_HERTZ)[0][0]
        assert first_word > briefed - 2 * WINDOW, "the word comes before the conversation"
        for hertz in OURS:
            assert heard(three.caller_hears, hertz) < STRAY or hertz == tonal.MUSIC


async def test_chord_again_lets_the_volunteer_leave(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with trio(tonal_hotline, tmp_path) as three:
        began = when(three.caller_hears, COUNSELOR_HERTZ)[0][0]
        await three.join()
        await three.press("*7")
        await three.parties.watch.expect(three.contact, e.CounselorParted)
        await three.volunteer.phone.expect("ended", call=three.volunteers_call)
        caller = now(three.caller_hears)
        await until(lambda: heard(three.caller_hears, PROFESSIONAL_HERTZ, caller) > 0.5)
        assert longest_silence(three.caller_hears, began) < LONGEST_GAP


async def test_professional_who_leaves_first_leaves_the_caller_with_the_volunteer(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with trio(tonal_hotline, tmp_path) as three:
        began = when(three.caller_hears, COUNSELOR_HERTZ)[0][0]
        professionals_call = await three.join()
        await three.professional.phone.hang_up(professionals_call)
        parted = await three.parties.watch.expect(three.contact, e.CounselorParted)
        assert parted.stays == three.volunteer.extension
        caller = now(three.caller_hears)
        await until(lambda: heard(three.caller_hears, COUNSELOR_HERTZ, caller) > 1)
        assert heard(three.caller_hears, PROFESSIONAL_HERTZ, caller) < STRAY
        assert heard(three.volunteer_hears, tonal.ESCALATION_PARTED) > 0.1
        assert longest_silence(three.caller_hears, began) < LONGEST_GAP
        await three.in_wrap_up_or_past(three.professional)
        assert await three.state(three.volunteer) is CounselorState.TALKING


async def test_both_counselors_are_on_one_track_from_end_to_end(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with trio(tonal_hotline, tmp_path) as three:
        await three.join()
        await three.volunteer.phone.hang_up(three.volunteers_call)
        await three.parties.watch.expect(three.contact, e.CounselorParted)
        caller = now(three.caller_hears)
        await until(lambda: heard(three.caller_hears, PROFESSIONAL_HERTZ, caller) > 1.5)
        await three.parties.trunk.hang_up(three.call)
        await three.parties.watch.expect(three.contact, e.CallerLeft)
    said = [type(event) for event in three.parties.of(three.contact)]
    assert said.count(e.RecordingStarted) == 1
    assert e.RecordingFailed not in said

    def rows() -> list[RecordingRow]:
        return [row for row in recordings_of(tonal_hotline, three.contact) if row.sealed_file]

    await until(rows, seconds=60)
    [row] = rows()
    left, right = seconds_of_tones(tonal_hotline, row, extra=(PROFESSIONAL_HERTZ,))
    assert right[PROFESSIONAL_HERTZ] > 1
    assert right[COUNSELOR_HERTZ] > 0.5
    assert left[PROFESSIONAL_HERTZ] < 0.1
    assert left[CALLER_HERTZ] > 2


async def test_declined_request_is_told_to_the_volunteer_alone_and_withdrawn_by_the_chord(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with trio(tonal_hotline, tmp_path) as three:
        began = when(three.caller_hears, COUNSELOR_HERTZ)[0][0]
        await three.professional.phone.policy(decline=486)
        await three.be_ready(three.professional)
        await three.press("*7")
        await three.parties.watch.expect(three.contact, e.OfferDeclined)
        await until(lambda: heard(three.volunteer_hears, tonal.ESCALATION_UNANSWERED) > 0.1)
        await three.press("*7")
        await three.parties.watch.expect(three.contact, e.EscalationWithdrawn, by="counselor")
        await until(lambda: heard(three.volunteer_hears, tonal.ESCALATION_WITHDRAWN) > 0.1)
        assert longest_silence(three.caller_hears, began) < LONGEST_GAP
        for hertz in OURS:
            assert heard(three.caller_hears, hertz, began) < STRAY
        assert heard(three.caller_hears, PROFESSIONAL_HERTZ) < STRAY


async def test_volunteer_who_hangs_up_too_early_does_not_cut_the_caller_off(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with trio(tonal_hotline, tmp_path, answer_after=1.5) as three:
        await three.be_ready(three.professional)
        await three.press("*7", method="rfc4733")
        await three.parties.watch.expect(three.contact, e.EscalationRequested)
        await three.volunteer.phone.hang_up(three.volunteers_call)
        await three.parties.watch.expect(three.contact, e.CounselorLost)
        await until(lambda: heard(three.caller_hears, tonal.ESCALATION_WAIT) > 0.1)
        await three.parties.watch.expect(
            three.contact, e.ContactAnswered, counselor=three.professional.extension
        )
        await until(lambda: heard(three.caller_hears, PROFESSIONAL_HERTZ) > 0.5)


async def test_order_by_command_does_what_the_chord_does_and_once(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with trio(tonal_hotline, tmp_path) as three:
        words = (
            "contact", "escalate", three.contact, "--by", "li", "--reason", "asked", "--key", "k7",
        )  # fmt: skip
        assert "given to the gateway" in tonal_hotline.command(*words)
        asked = await three.parties.watch.expect(three.contact, e.EscalationRequested)
        assert (asked.by, asked.reason) == ("operator:li", "asked")
        assert "given before" in tonal_hotline.command(*words)


def alarms(parties: Parties) -> list[e.AlarmRaised]:
    return [event for event in parties.events if isinstance(event, e.AlarmRaised)]


def journalled_after(server: HotlineServer, event: e.Event) -> float:
    """Seconds between what happened and its entry in the journal's stream, by Redis."""
    with redis.Redis.from_url(server.settings.redis_url, decode_responses=True) as connection:
        entries = connection.xrevrange(JOURNAL_STREAM)
    [entry] = [name for name, wire in entries if decode(wire).id == event.id]
    return int(entry.partition("-")[0]) / 1000 - event.at.timestamp()


async def test_help_is_in_the_journal_within_a_second_and_the_caller_hears_nothing_of_it(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with trio(tonal_hotline, tmp_path) as three:
        await three.press("*9", method="rfc4733")
        told = await three.parties.watch.expect(three.contact, e.HelpRequested)
        assert told.counselor == three.volunteer.extension
        assert journalled_after(tonal_hotline, told) < 1
        await until(lambda: any(three.contact in alarm.detail for alarm in alarms(three.parties)))
        await until(lambda: heard(three.volunteer_hears, tonal.HELP_REQUESTED) > 0.1)
        status: list[str] = []

        def shown() -> bool:
            status[:] = [tonal_hotline.command("status")]
            return "help_requested" in status[0]

        await until(shown, seconds=30)
        assert heard(three.caller_hears, tonal.HELP_REQUESTED) < STRAY
        assert seconds_with(three.caller_hears, COUNSELOR_HERTZ) > 0.5
