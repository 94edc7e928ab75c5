"""How many contacts legs and RTP ports are enough for, and how many gateway processes it takes."""

from __future__ import annotations

import pytest

from admin.processes.capacity import (
    CONVERSATIONS,
    FEWEST,
    LEGS,
    contacts_on,
    legs_for,
    processes_for,
)
from hotline.gateway import LEGS_KEPT_FREE
from hotline.sip.capacity import PORTS, legs_on, ports_for


def test_a_large_engine_runs_in_two_processes_so_that_a_crash_takes_half() -> None:
    assert processes_for(960) == FEWEST


@pytest.mark.parametrize("legs", [1, 3, 4, 5, 8])
def test_a_small_engine_gets_as_many_processes_as_the_conversations_need(legs: int) -> None:
    count = processes_for(legs)
    assert count * contacts_on(legs) >= CONVERSATIONS
    assert (count - 1) * contacts_on(legs) < CONVERSATIONS or count == FEWEST


@pytest.mark.parametrize("contacts", [1, 2, 5, 400])
def test_contacts_have_the_legs_and_the_ports_for_a_counselor_each_and_an_apology(
    contacts: int,
) -> None:
    legs = legs_for(contacts)
    assert legs == LEGS * contacts + LEGS_KEPT_FREE
    assert contacts_on(legs) == contacts
    assert contacts_on(legs - 1) < contacts or contacts == 1
    assert legs_on(ports_for(legs)) >= legs
    assert legs_on(ports_for(legs) - PORTS) < legs


def test_smallest_platform_carries_somebody() -> None:
    assert contacts_on(legs_on(8)) == 1


@pytest.mark.parametrize("ports", [8, 9, 40, 4096])
def test_more_ports_are_kept_than_the_legs_use(ports: int) -> None:
    assert PORTS * (legs_on(ports) + 1) <= ports
