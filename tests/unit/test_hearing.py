"""Who hears whom: every table of the documentation, and what must hold whoever takes part."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.conversation.hearing import Heard, Part, Party, hearing, is_alone
from hotline.ids import LegId
from tests.unit.escalation_scene import EscalationScene, play

CALLER, COUNSELOR, OTHER, SUPERVISOR = (LegId(x) for x in ("caller", "desk", "other", "boss"))
TALK = (Party(CALLER), Party(COUNSELOR))

LEGS = [LegId(f"leg{n}") for n in range(6)]


@st.composite
def parties(draw: st.DrawFn) -> list[Party]:
    legs = draw(st.lists(st.sampled_from(LEGS), unique=True, min_size=1))
    return [
        Party(
            leg,
            part=draw(st.sampled_from(Part)),
            coached=draw(st.sampled_from([None, *legs])),
            apart=draw(st.booleans()),
            muted=draw(st.booleans()),
        )
        for leg in legs
    ]


def both(one: LegId, other: LegId) -> set[Heard]:
    return {Heard(one, other), Heard(other, one)}


def test_caller_and_counselor_hear_each_other() -> None:
    assert hearing(TALK) == both(CALLER, COUNSELOR)


def test_second_counselor_hears_both_and_is_heard_by_both() -> None:
    everybody = both(CALLER, COUNSELOR) | both(CALLER, OTHER) | both(COUNSELOR, OTHER)
    assert hearing([*TALK, Party(OTHER)]) == everybody


def test_supervisor_who_listens_is_heard_by_nobody() -> None:
    listening = Party(SUPERVISOR, part=Part.LISTENER)
    assert hearing([*TALK, listening]) == both(CALLER, COUNSELOR) | {
        Heard(SUPERVISOR, CALLER),
        Heard(SUPERVISOR, COUNSELOR),
    }


def test_supervisor_who_whispers_is_heard_by_the_coached_alone() -> None:
    coach = Party(SUPERVISOR, part=Part.COACH, coached=COUNSELOR)
    assert hearing([*TALK, Party(OTHER), coach]) == hearing([*TALK, Party(OTHER)]) | {
        Heard(SUPERVISOR, CALLER),
        Heard(SUPERVISOR, OTHER),
        *both(SUPERVISOR, COUNSELOR),
    }


def test_caller_on_hold_is_alone_while_counselors_confer() -> None:
    held = [Party(CALLER, apart=True), Party(COUNSELOR), Party(OTHER)]
    assert hearing(held) == both(COUNSELOR, OTHER)
    assert is_alone(CALLER, held)
    assert not is_alone(COUNSELOR, held)


def test_caller_whom_the_only_counselor_holds_is_alone_with_whoever_listens() -> None:
    held = [Party(CALLER), Party(COUNSELOR, apart=True), Party(SUPERVISOR, part=Part.LISTENER)]
    assert hearing(held) == {Heard(SUPERVISOR, CALLER)}
    assert is_alone(CALLER, held)


def test_muted_counselor_hears_and_is_not_heard() -> None:
    assert hearing([Party(CALLER), Party(COUNSELOR, muted=True)]) == {Heard(COUNSELOR, CALLER)}


@given(parties())
def test_nobody_hears_themselves_or_a_listener_or_who_is_muted_or_apart(there: list[Party]) -> None:
    by_leg = {party.leg: party for party in there}
    for heard in hearing(there):
        listener, speaker = by_leg[heard.listener], by_leg[heard.speaker]
        assert listener != speaker
        assert not listener.apart
        assert not speaker.apart
        assert not speaker.muted
        assert speaker.part is not Part.LISTENER
        if speaker.part is Part.COACH:
            assert speaker.coached == listener.leg


@given(parties())
def test_everybody_there_hears_every_other_voice(there: list[Party]) -> None:
    voices = [p for p in there if p.part is Part.VOICE and not (p.apart or p.muted)]
    wanted = {
        Heard(listener.leg, voice.leg)
        for listener in there
        for voice in voices
        if listener != voice and not listener.apart
    }
    assert wanted <= hearing(there)


@given(parties(), st.sampled_from(LEGS))
def test_whoever_comes_as_a_listener_changes_nothing_for_the_others(
    there: list[Party], leg: LegId
) -> None:
    others = [party for party in there if party.leg != leg]
    more = hearing([*others, Party(leg, part=Part.LISTENER)])
    assert {heard for heard in more if heard.listener != leg} == hearing(others)


@given(parties())
def test_a_mute_takes_one_voice_away_and_nothing_else(there: list[Party]) -> None:
    muted = [replace(there[0], muted=True), *there[1:]]
    gone = hearing(there) - hearing(muted)
    assert {heard.speaker for heard in gone} <= {there[0].leg}
    assert hearing(muted) <= hearing(there)


@given(parties())
def test_whoever_is_alone_hears_no_voice(there: list[Party]) -> None:
    voices = {party.leg for party in there if party.part is Part.VOICE}
    for party in there:
        if party.leg in voices and is_alone(party.leg, there):
            heard = {pair.speaker for pair in hearing(there) if pair.listener == party.leg}
            assert not heard & voices


def test_join_that_fails_halfway_leaves_nobody_in_anybodys_ear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def act(s: EscalationScene) -> None:
        hear = s.audio.hear

        def fail(listener: LegId, speaker: LegId) -> None:
            hear(listener, speaker)
            raise RuntimeError("a fault of ours")

        await s.begin()
        await s.escalate()
        await s.ring()
        await s.pick_up()
        monkeypatch.setattr(s.audio, "hear", fail)
        with suppress(RuntimeError):
            await s.hear_briefing()
        await s.caller_hangs_up()

    assert play(act).audio.heard == set()
