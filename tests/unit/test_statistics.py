"""Figures by hand: each test counts a day that one can count on one's fingers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from admin.statistics.figures import Cell, Figures, Interval, Measures, fold, lineage
from admin.statistics.trace import trace
from hotline.events import Event, Result
from tests.histories import MONDAY, History

MEASURES = Measures(
    zone=ZoneInfo("Asia/Shanghai"), interval=Interval.DAY, service_levels=(5, 20), short_abandon=5
)


def city(*tales: History, measures: Measures = MEASURES) -> Figures:
    """The one cell of the city in the figures of `tales`."""
    figures = fold([event for tale in tales for event in tale.events], measures)
    (found,) = [one for cell, one in figures.items() if cell.node == "city"]
    return found


def waiting(contact: str) -> History:
    return History(contact).arrive().greet().queue()


def test_each_contact_is_counted_for_what_became_of_it() -> None:
    figures = city(
        waiting("served").offer("1", "1001").answer("1", "1001").complete("1001", 100),
        waiting("left").leave(5.0),
        waiting("left soon").leave(4.9),
        History("left in the menu").arrive().greet().leave(2.0),
        History("blocked").arrive().refuse(),
        waiting("broken").fail(),
        waiting("still there"),
    )
    assert (figures.calls, figures.offered, figures.answered) == (7, 5, 1)
    assert (figures.abandoned, figures.short_abandoned, figures.abandoned_in_menu) == (1, 1, 1)
    assert (figures.refused, figures.failed, figures.open) == (1, 1, 1)
    assert figures.connection_rate == pytest.approx(1 / 7)


def test_speed_of_answer_runs_from_the_first_queueing_through_missed_offers() -> None:
    quick = waiting("quick").offer("1", "1001").answer("1", "1001", 3.0)
    slow = waiting("slow").offer("1", "1002").miss("1", "1002", 20.0)
    slow.offer("2", "1003").answer("2", "1003", 8.0)
    figures = city(quick, slow)
    assert figures.asa == pytest.approx((4.0 + 30.0) / 2)
    assert figures.within == {5: 1, 20: 1}


def test_service_level_leaves_short_abandons_out_and_includes_its_limit() -> None:
    figures = city(
        waiting("in time").offer("1", "1001").answer("1", "1001", 4.0),
        waiting("late").offer("1", "1002").answer("1", "1002", 19.001),
        waiting("left").leave(30.0),
        waiting("left soon").leave(1.0),
    )
    assert figures.service_level(5) == pytest.approx(1 / 3)
    assert figures.service_level(20) == pytest.approx(1 / 3)


def test_handle_time_is_talk_and_hold_and_wrap_up() -> None:
    tale = waiting("c").offer("1", "1001").answer("1", "1001")
    tale.hold(100).hold(5, "caller").resume(10).resume(5, "caller")
    tale.complete("1001", 80, wrap_up=45)
    figures = city(tale)
    assert (figures.talk, figures.hold, figures.wrap_up) == (180.0, 20.0, 45.0)
    assert figures.aht == 245.0


def test_a_lost_counselor_adds_both_conversations_and_both_wrap_ups() -> None:
    tale = waiting("c").offer("1", "1001").answer("1", "1001").lose("1001", 30.0)
    tale.offer("2", "1002").answer("2", "1002").complete("1002", 70, wrap_up=20)
    figures = city(tale)
    assert (figures.offered, figures.answered, figures.talk) == (1, 1, 100.0)
    assert figures.wrap_up == 30.0


def test_a_contact_given_up_with_a_gateway_that_lives_counts_for_what_became_of_it() -> None:
    tale = waiting("revived").offer("1", "1001").answer("1", "1001")
    lost = waiting("lost").offer("1", "1002").answer("1", "1002").be_given_up(15.0)
    figures = city(tale.be_given_up(15.0).be_revived(5.0, "1001").complete("1001", 100), lost)
    assert (figures.answered, figures.failed, figures.open) == (2, 1, 0)
    assert figures.talk == pytest.approx(15.0 + 100.0 + 15.0)  # nobody heard the other between


def test_a_caller_cut_off_and_gone_was_answered_and_not_abandoned() -> None:
    tale = waiting("c").offer("1", "1001").answer("1", "1001").lose("1001").leave(60.0)
    figures = city(tale)
    assert (figures.answered, figures.abandoned, figures.handled) == (1, 0, 1)


def test_a_promised_callback_is_never_abandoned_and_its_wait_is_apart() -> None:
    reached = waiting("reached").promise().call_back("1", "1001").reach("1", "1001")
    figures = city(
        reached.complete("1001", 300, wrap_up=20),
        waiting("given up").promise().call_back("1", "1002").not_reach("1", "1002").give_up(),
        waiting("stands").promise(),
        waiting("called again").promise().withdraw(),
        waiting("in time").offer("1", "1003").answer("1", "1003", 4.0),
    )
    assert (figures.offered, figures.answered, figures.abandoned) == (5, 2, 0)
    assert (figures.promised, figures.reached) == (4, 1)
    assert (figures.lapsed, figures.given_up, figures.open) == (2, 1, 2)
    assert (figures.asa, figures.talk) == (5.0, 300.0)
    assert figures.service_level(20) == 1 / 5


def test_a_node_includes_all_below_it_and_nothing_beside_it() -> None:
    tales = [
        History("a", node="city/east/riverside").arrive().refuse(),
        History("b", node="city/east").arrive().refuse(),
        History("c", node="city/west").arrive().refuse(),
    ]
    figures = fold([event for tale in tales for event in tale.events], MEASURES)
    assert {cell.node: one.calls for cell, one in figures.items()} == {
        "city": 3,
        "city/east": 2,
        "city/east/riverside": 1,
        "city/west": 1,
    }
    assert list(lineage("city/east")) == ["city/east", "city"]


def test_a_day_begins_at_midnight_of_the_zone() -> None:
    late = History("late", start=datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC)).arrive().refuse()
    early = History("early", start=datetime(2026, 3, 2, 16, 0, tzinfo=UTC)).arrive().refuse()
    figures = fold(late.events + early.events, MEASURES)
    assert sorted(cell.start for cell in figures) == [
        datetime(2026, 3, 1, 16, tzinfo=UTC),
        datetime(2026, 3, 2, 16, tzinfo=UTC),
    ]


def test_the_two_equal_hours_of_an_autumn_night_are_two() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    starts = {Interval.HOUR.start(first + timedelta(hours=n), berlin) for n in range(3)}
    assert len(starts) == 3
    day = Interval.DAY.start(first + timedelta(hours=5), berlin)
    assert day == datetime(2026, 10, 24, 22, tzinfo=UTC)


def test_a_contact_counts_when_it_arrived_however_late_it_ended() -> None:
    hour = Measures(zone=ZoneInfo("UTC"), interval=Interval.HOUR, service_levels=(20,))
    tale = waiting("long").offer("1", "1001").answer("1", "1001").complete("1001", 9000)
    assert set(fold(tale.events, hour)) == {Cell(MONDAY, "city")}


def test_how_subjects_mix_does_not_matter() -> None:
    one = waiting("one").offer("1", "1001").answer("1", "1001").complete("1001", 10)
    other = waiting("two").offer("1", "1002").answer("1", "1002").complete("1002", 20)
    after: list[Event] = one.events + other.events
    before = (
        other.counselor_events + one.contact_events + other.contact_events + one.counselor_events
    )
    assert fold(after, MEASURES) == fold(before, MEASURES)


def test_a_history_without_its_invite_is_traced_and_counted_nowhere() -> None:
    events = waiting("c").leave(9).events[1:]
    assert fold(events, MEASURES) == {}
    assert trace(events)[0].ended_at is not None


def test_rates_of_nothing_are_none() -> None:
    empty = Figures()
    assert (empty.asa, empty.aht, empty.connection_rate) == (None, None, None)


def test_who_was_forwarded_or_left_a_message_is_neither_answered_nor_abandoned() -> None:
    figures = city(
        waiting("forwarded").call_partner().forward().partner_leaves(),
        waiting("hung up on the partner").call_partner().forward().leave(60.0, Result.COMPLETED),
        waiting("message").start_message().leave_message(),
        History("message when closed").arrive().greet().start_message().leave_message(),
        waiting("said nothing").start_message().leave(60.0),
        waiting("partner failed").call_partner().partner_fails().leave(60.0),
    )
    assert (figures.calls, figures.offered, figures.answered) == (6, 5, 0)
    assert (figures.forwarded, figures.messages, figures.abandoned) == (2, 2, 2)
    assert (figures.abandoned_in_menu, figures.failed, figures.open) == (0, 0, 0)
    assert (figures.talk, figures.handled) == (0.0, 0)


def test_who_was_forwarded_and_then_answered_by_us_counts_as_both() -> None:
    tale = waiting("c").call_partner().forward().lose_partner()
    tale.offer("1", "1001").answer("1", "1001").complete("1001", 50)
    figures = city(tale)
    assert (figures.forwarded, figures.answered, figures.talk) == (1, 1, 50.0)


def escalated(contact: str) -> History:
    tale = waiting(contact).offer("1", "1001").answer("1", "1001")
    return tale.escalate("1001", 60.0).join("2", "2001", 9.0)


def test_conversation_with_two_counselors_is_talked_once_and_wrapped_up_by_each() -> None:
    figures = city(escalated("c").part("1001", "2001", "desk", 30.0).complete("2001", 100.0, 60.0))
    assert figures.talk == pytest.approx(60 + 1 + 9 + 30 + 100)
    assert figures.wrap_up == pytest.approx(45 + 60)
    assert (figures.answered, figures.handled) == (1, 1)


def test_hold_of_a_counselor_who_leaves_ends_with_them() -> None:
    tale = escalated("c").hold(10.0, "other desk").part("2001", "1001", "other desk", 5.0)
    figures = city(tale.complete("1001", 20.0))
    assert figures.hold == pytest.approx(5)
    assert figures.talk == pytest.approx(60 + 1 + 9 + 10 + 20)
