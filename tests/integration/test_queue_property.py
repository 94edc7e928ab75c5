"""Any interleaving of two gateways on one real Redis keeps every promise of the queue.

All scripts, the platform's own feed, picture and dispatcher moved by hand, claims under way while
the picture goes on, lost replies, a clock that jumps, gateways that die or sleep, a Redis that
loses its last second. ``make test`` takes thousands of steps, ``make nightly`` a million:
``HOTLINE_STEPS`` says how many.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from hotline.errors import StateRefused, UnknownCounselor
from hotline.events import CounselorState as S
from hotline.ids import ContactId, CounselorId, requested_for
from queueing import keys
from queueing.planning import Plans
from queueing.routing.plan import default_plan
from queueing.routing.skills import CounselorKind
from tests.queue_answers import not_met, not_run
from tests.queue_callbacks import CallbackPlay
from tests.queue_history import check_callbacks, check_journal, check_numbers, failures
from tests.queue_partners import PartnerPlay
from tests.queue_play import (
    CREW,
    HEALED_AFTER,
    PROFESSIONAL,
    any_number,
    extensions,
    losses,
    slots,
)
from tests.queue_scene import a_profile
from tests.queue_stage import LIMITS, Stage
from tests.queue_state import copy_all
from tests.stepped_gateway import SteppedGateway

ANOTHER_PLAN = """
format = 1
[[routes]]
name = "all"
[[routes.steps]]
name = "with the skills"
seconds = 20
[[routes.steps]]
name = "anybody"
reach = "anywhere"
skills = "none"
"""
PLANS = {"shipped": default_plan().text, "another": ANOTHER_PLAN}
STEPS = {"thousands": 2_400, "nightly": 1_000_000}
STEPS_EACH = 60
ENOUGH_FOR_SCRIPTS, ENOUGH_FOR_ANSWERS = 20_000, 200_000
"""Steps in which every script has run, and has given each of its answers, refusals and all."""
SELDOM = (
    "dies", "jumps", "written", "written", "loses", "plan", "record", "removed", "put", "put",
    "asks", "orders", "orders", "forgets", "hands",
)  # fmt: skip
JUMPS = (-3600, -60, -2, 60, 3600)


class TwoGateways(CallbackPlay, PartnerPlay):
    """All that happens besides, and what must hold at every step."""

    @initialize()
    def staff(self) -> None:
        for extension in CREW:
            self.put_counselor(extension, "")
            self.ask(extension, S.READY, "")
        self.second_is_written_to_disk()

    # --- counselors, plans, records ------------------------------------------------------------

    @rule(extension=extensions, lost=losses,
          state=st.sampled_from([S.READY] * 4 + [S.NOT_READY, S.OFFLINE, S.TALKING]))  # fmt: skip
    def ask(self, extension: str, state: S, lost: str) -> None:
        gateway = self.gateways[0]
        try:
            self.say(
                gateway, lost,
                lambda: gateway.store.change_state(
                    CounselorId(extension), state, reason="asked", by="counselor"
                ),
            )  # fmt: skip
        except UnknownCounselor:
            assert extension not in self.state.profiles
        except StateRefused:
            assert state is S.TALKING, "nobody is talking by asking"

    @rule(extension=extensions, lost=losses)
    def extend_wrap_up(self, extension: str, lost: str) -> None:
        gateway, there = self.gateways[0], extension in self.state.profiles
        is_running = extension in self.state.wrap_ups
        try:
            ends = self.say(
                gateway, lost,
                lambda: gateway.store.extend_wrap_up(CounselorId(extension), by="counselor"),
            )  # fmt: skip
            assert is_running
            longer = keys.milliseconds(ends) - int(float(self.state.wrap_ups[extension]))
            most = LIMITS.wrap_up_extension * 1000 * (2 if lost == "told" else 1)
            assert 0 <= longer <= most
        except UnknownCounselor:
            assert not there
        except StateRefused:
            assert there

    def put_counselor(self, extension: str, lost: str) -> None:
        gateway, profile = self.gateways[0], a_profile(extension, node="city", **CREW[extension])
        if extension == PROFESSIONAL:
            profile = replace(profile, kind=CounselorKind.PROFESSIONAL)
        self.say(gateway, lost, lambda: gateway.store.put_counselor(profile))

    def remove_counselor(self, extension: str, lost: str) -> None:
        gateway, serving = self.gateways[1], {c for c, _ in self.state.served.values()}
        try:
            self.say(
                gateway, lost,
                lambda: gateway.store.remove_counselor(CounselorId(extension), by="test"),
            )  # fmt: skip
            assert extension not in serving
        except UnknownCounselor:  # or the first answer was lost
            assert lost or extension not in self.state.profiles
        except StateRefused:
            assert extension in serving

    def put_plan(self, slot: int, plan: str, lost: str) -> None:
        gateway = self.gateways[slot]
        plans = Plans(gateway.store._redis, scripts=gateway.scripts)
        self.say(gateway, lost, lambda: plans.publish(PLANS[plan], origin="test", by="test"))

    def put_record(self, slot: int, prompt: str, lost: str) -> None:
        store = self.gateways[slot].store
        self.say(self.gateways[slot], lost, lambda: store.put_notice("12356", prompt, by="test"))
        assert self.run_in(store.notices()).get("12356", "") == prompt

    # --- time, death, loss -----------------------------------------------------------------------

    @rule(seconds=st.integers(1, 35), asleep=st.sampled_from([None, None, None, 0, 1]))
    def time_passes(self, seconds: int, asleep: int | None) -> None:
        silent = None if asleep is None else self.gateways[asleep]
        callbacks = set() if silent is None else self.owned_callbacks(silent)
        self.pass_time(seconds, silent)
        if silent is not None and not self.redis.zscore(keys.GATEWAYS, silent.id):
            lost = {c for c, waiting in self.alive.items() if waiting.gateway == silent.id}
            self.failed |= lost
            self.burials.update(lost)
            self.revived |= lost
            self.unsure |= lost if self.heals_in else set()
            for contact in lost | callbacks:
                self.tale.robbed(silent.id, contact)
            if seconds % 2:  # it says something before it hears of that
                for contact in lost:
                    self.tale.queued(silent.id, self.alive[contact])
            self.beat(silent, was_buried=True)  # it was only asleep: it says so as it wakes

    def pass_time(self, seconds: int, silent: SteppedGateway | None) -> None:
        for _ in range(0, seconds, 3):
            self.clock.advance(3)
            for gateway in self.gateways:
                if gateway is not silent:
                    self.beat(gateway)
            for gateway in self.gateways:
                self.run_in(gateway.store.sweep())
            self.heals_in = max(0, self.heals_in - 3) if silent is None else self.heals_in

    def beat(self, gateway: SteppedGateway, *, was_buried: bool = False) -> None:
        carried = {c: self.talks.get(c) for c, w in self.alive.items() if w.gateway == gateway.id}
        beat = self.run_in(
            gateway.beat(
                carried,
                seq_of=lambda contact: self.tale.seq(gateway.id, contact),
                callbacks=self.owned_callbacks(gateway),
            )
        )
        for contact, seq in beat.failed.items():
            self.tale.revived(gateway.id, contact, seq)
        assert self.losses or was_buried or set(beat.amiss) <= self.outranked
        forgotten = {contact for life, contact in self.forgotten if life == gateway.id}
        assert self.losses or set(beat.forgotten) <= forgotten
        callers = {contact for contact in carried if requested_for(contact) is None}
        assert not was_buried or self.losses or set(beat.failed) >= callers - self.ended
        for contact in beat.amiss:
            self.state = self.look.take(self.told_last)
            self.tell_again(contact)

    @rule(slot=slots, sweeps=st.booleans())
    def beat_or_sweep(self, slot: int, sweeps: bool) -> None:
        if sweeps:
            self.run_in(self.gateways[slot].store.sweep())
        else:
            self.beat(self.gateways[slot])

    @rule(what=st.sampled_from(SELDOM), slot=slots, number=any_number, extension=extensions,
          lost=losses)  # fmt: skip
    def seldom(self, what: str, slot: int, number: int, extension: str, lost: str) -> None:
        """What happens now and then, and must not empty the stage of the rest."""
        happenings: dict[str, Callable[[], None]] = {
            "dies": lambda: self.gateway_dies(slot, after_telling=bool(number % 2)),
            "jumps": lambda: self.clock_jumps(JUMPS[number % len(JUMPS)]),
            "written": self.second_is_written_to_disk,
            "loses": self.redis_loses_its_last_second,
            "plan": lambda: self.put_plan(slot, sorted(PLANS)[number % 2], lost),
            "record": lambda: self.put_record(slot, ("", "closed", "flood")[number % 3], lost),
            "removed": lambda: self.remove_counselor(extension, lost),
            "put": lambda: self.put_counselor(extension, lost),
            "forgets": lambda: self.forget_a_callback(number),
            "hands": lambda: self.hand_over_late(number, lost),
            "orders": lambda: self.order(slot, number, lost),
            "asks": lambda: self.asks_for_something_else(number, lost),
        }
        happenings[what]()

    def clock_jumps(self, seconds: int) -> None:
        """Nobody could renew a lease meanwhile: nobody is given up for it."""
        self.clock.advance(seconds)
        self.has_jumped = True
        self.heals_in = HEALED_AFTER if self.heals_in else 0

    def gateway_dies(self, slot: int, after_telling: bool) -> None:
        """Another begins in its place; the last thing it journalled may be that a caller left."""
        gateway = self.gateways[slot]
        lost = [c for c, waiting in self.alive.items() if waiting.gateway == gateway.id]
        self.alive = {c: w for c, w in self.alive.items() if c not in lost}
        self.doomed |= dict.fromkeys(lost, gateway.id)
        self.unsure |= set(lost) if self.heals_in else set()
        callers = [contact for contact in lost if requested_for(contact) is None]
        if after_telling and callers:
            self.tale.left(gateway.id, callers[0])
            self.ended.add(callers[0])
        self.burials.update(lost)
        for contact in lost:
            self.is_over(contact)
        gateway.begin_life()

    def second_is_written_to_disk(self) -> None:
        copy_all(self.redis, 0, 1)

    def redis_loses_its_last_second(self) -> None:
        """It was killed and has what it had written; every connection is another."""
        copy_all(self.copy, 1, 0)
        for gateway in self.gateways:
            gateway.connected = False
            gateway.claiming.disconnect()
        for gateway_id in self.redis.hkeys(keys.BEATEN):
            self.redis.hset(keys.BEATEN, gateway_id, "an earlier run")
        self.losses += 1
        self.unsure |= self.failed | set(self.doomed) | self.ended
        self.heals_in = HEALED_AFTER
        self.forget_what_was_told()

    # --- what must hold at every step ------------------------------------------------

    @invariant()
    def all_is_well(self) -> None:
        self.state = self.look.take(self.told_last)
        self.state.check()
        self.callbacks_are_what_redis_says()
        self.no_contact_is_lost_and_none_is_made_up()
        self.whoever_talks_is_talking()
        self.changes_tell_everything()

    def no_contact_is_lost_and_none_is_made_up(self) -> None:
        buried = {c for c, gateway in self.doomed.items() if gateway not in self.state.gateways}
        if self.heals_in:
            return
        self.failed |= buried
        for contact in buried:
            del self.doomed[contact]
        promised = set(self.state.promises)
        there = (set(self.state.contacts) | self.outranked) - promised
        assert there == (set(self.alive) | set(self.doomed)) - promised
        for contact, waiting in self.alive.items():
            if contact in self.state.promises:  # Redis lost what was said of it since
                continue
            if contact in self.outranked:
                continue
            assert self.state.contacts[contact]["gateway"] == waiting.gateway
            assert self.state.contacts[contact]["arrived"] == str(
                keys.milliseconds(waiting.arrived_at)
            )

    def whoever_talks_is_talking(self) -> None:
        """Nobody who talks is free for another, and nobody is kept for one who does not."""
        if self.heals_in:
            return
        talking = {c for c, held in self.state.contacts.items() if held["state"] == "talking"}
        known = {c: offer for c, offer in self.talks.items() if c not in self.outranked}
        talking -= set(self.state.promises)  # the two do not talk yet
        assert talking - set(self.doomed) == set(known)
        for contact, offer in known.items():
            assert self.state.served[contact] == (offer.counselor, offer.id)

    def changes_tell_everything(self) -> None:
        """Who has read all changes knows who waits and what every counselor does."""
        for number, change in self.state.changes:
            self.told_last += 1
            assert number == f"1-{self.told_last}"
            match change["op"]:
                case "wait":
                    self.told_waiting.add(change["contact"])
                    assert float(change["score"]) < 2**53
                case "left":
                    self.told_waiting.remove(change["contact"])
                case "offered":
                    self.told_waiting.remove(change["contact"])
                    self.told_states[change["counselor"]] = S.OFFERED
                case "removed":
                    self.told_states.pop(change["counselor"])
                case "profile":
                    self.told_states.setdefault(change["counselor"], S.OFFLINE)
            if "state" in change:
                self.told_states[change["counselor"]] = change["state"]
        assert self.told_waiting == set(self.state.line)
        assert self.told_states == {c: h["state"] for c, h in self.state.counselors.items()}

    # --- what must hold in the end ---------------------------------------------------

    def teardown(self) -> None:
        self.living_serve_whom_they_can()
        self.dead_leave_nothing_behind()
        self.journal_says_what_happened()

    def living_serve_whom_they_can(self) -> None:
        """Nobody is held back for a claim that came to nothing, nor for one that was held up."""
        self.pass_time(HEALED_AFTER + 3, None)
        for extension in CREW:
            self.ask(extension, S.READY, "")
        for _ in range(3):
            for gateway in self.gateways:
                self.run_in(gateway.read_all())
                self.run_in(gateway.dispatch())
            self.clock.advance(0.4)
        assert self.propose() == []
        self.all_is_well()

    def dead_leave_nothing_behind(self) -> None:
        self.failed |= set(self.alive) | set(self.doomed)
        self.burials.update(list(self.alive))
        store = self.gateways[0].store
        for contact in list(self.look.take(self.told_last).promises):
            self.run_in(store.withdraw_callback(ContactId(contact), by="test"))
        for _ in range(0, 68, 4):
            self.clock.advance(4)
            self.run_in(store.sweep())
        state = self.look.take(self.told_last)
        state.check()
        for left in (state.contacts, state.ringing, state.gateways, state.carried, state.wrap_ups,
                     state.promises, state.promised, state.looks):  # fmt: skip
            assert not left
        assert not list(self.redis.scan_iter(keys.INBOX + "*"))

    def journal_says_what_happened(self) -> None:
        entries: Any = self.redis.xrange(keys.JOURNAL)
        events = [fields for _, fields in entries]
        check_journal(events, CREW, misses=LIMITS.misses_in_a_row)
        if not self.losses:
            check_callbacks(events, most=LIMITS.callback_attempts)
            check_numbers(events, unheard=self.tale.unheard)
        failed = failures(events)
        callers = {contact for contact in self.failed if requested_for(contact) is None}
        assert failed <= self.burials | Counter(self.unsure)
        assert set(failed) >= callers - self.ended - self.unsure
        assert set(failed) <= (callers | self.unsure) - (
            set() if self.losses else self.ended - self.revived
        )


def steps() -> int:
    asked = os.environ.get("HOTLINE_STEPS", "thousands")
    return STEPS[asked] if asked in STEPS else int(asked)


@pytest.mark.timeout(120 + steps() // 20)
def test_two_gateways_in_any_order_keep_every_promise(redis_url: str) -> None:
    stage = Stage(redis_url)
    try:
        run_state_machine_as_test(
            lambda: TwoGateways(stage),  # type: ignore[arg-type]  # it is called, no more
            settings=settings(
                max_examples=max(1, steps() // STEPS_EACH),
                stateful_step_count=STEPS_EACH,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        assert steps() < ENOUGH_FOR_SCRIPTS or not_run(stage.met) == []
        assert steps() < ENOUGH_FOR_ANSWERS or not_met(stage.met) == []
    finally:
        stage.close()
