"""Recording may be refused until the conversation begins, also by who waits already."""

from __future__ import annotations

import asyncio

from hotline.call import LegAnswered
from tests.unit.scene import Scene


def test_key_that_refuses_recording_counts_while_the_caller_waits() -> None:
    async def act() -> Scene:
        scene = Scene()
        await scene.ring_in()
        await scene.press("#11")
        await scene.press("8")
        assert scene.audio.playing[scene.conversation.arrival.leg] == ("recording_refused",)
        await scene.press("8")  # once is enough
        await scene.be_offered()
        await scene.press("8")
        await scene.hear(LegAnswered(leg=scene.counselor_leg))
        return scene

    names = asyncio.run(act()).journal.names
    assert names.count("ConsentGiven") == names.count("ConsentRefused") == 1
    assert "ContactAnswered" in names
    assert "RecordingStarted" not in names


def test_recording_may_be_refused_while_a_phone_rings() -> None:
    async def act() -> Scene:
        scene = Scene()
        await scene.ring_in()
        await scene.press("#11")
        await scene.be_offered()
        await scene.press("8")
        await scene.turn()
        return scene

    assert asyncio.run(act()).journal.names[-2:] == ["ContactOffered", "ConsentRefused"]
