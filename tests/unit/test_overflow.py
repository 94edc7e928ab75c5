"""Which callers a partner may be asked to take, and when."""

from __future__ import annotations

import pytest

from hotline.events import Priority
from hotline.overflow import Overflow
from hotline.sipaddress import is_sip_uri


def an_overflow(**facts: object) -> Overflow:
    return Overflow.model_validate(
        {"name": "north", "to": "sip:hotline@192.0.2.20:5060", "after": 60.0, **facts}
    )


@pytest.mark.parametrize(
    "uri",
    ["sip:hotline@192.0.2.20:5060", "sip:12355@partner.example", "sip:a.b+c*_-@h-1.example:1"],
)
def test_plain_address_is_one(uri: str) -> None:
    assert is_sip_uri(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "", "12355", "sips:a@192.0.2.1", "sip:@192.0.2.1", "sip:192.0.2.1", "sip:a@", "sip:a@h:0",
        "sip:a@h:65536", "sip:a@h;lr", "sip:a@h?x=y", "sip:a b@h", "sip:a@h\r\nX: y", "sip:a@h\n",
        'sip:a"@h', "sip:a@-h", "sip:a@h..x", "sip:$ru@h", "sip:a@h{x}", "sip:a@" + "h" * 254,
    ],
)  # fmt: skip
def test_what_could_break_out_or_is_no_address_is_none(uri: str) -> None:
    assert not is_sip_uri(uri)


@pytest.mark.parametrize(
    ("limits", "taken"),
    [
        ({}, True),
        ({"topics": ["family", "emotion"], "lines": ["12356"], "priorities": ["normal"]}, True),
        ({"topics": ["family"]}, False),
        ({"lines": ["96525"]}, False),
        ({"priorities": ["crisis"]}, False),
        ({"topics": ["emotion"], "lines": ["96525"]}, False),
    ],
)
def test_every_limit_must_hold(limits: dict[str, object], taken: bool) -> None:
    caller = {"topic": "emotion", "line": "12356", "priority": Priority.NORMAL}
    assert an_overflow(**limits).takes(**caller) is taken


@pytest.mark.parametrize(
    ("setting", "waited", "unstaffed", "because"),
    [
        ({}, 59.0, False, ""),
        ({}, 60.0, False, "waiting"),
        ({}, 59.0, True, ""),
        ({"when_unstaffed": True}, 0.0, True, "unstaffed"),
        ({"when_unstaffed": True}, 60.0, False, "waiting"),
        ({"when_unstaffed": True, "after": None}, 3600.0, False, ""),
    ],
)
def test_partner_is_due_after_the_wait_or_at_once_where_nobody_is_there(
    setting: dict[str, object], waited: float, unstaffed: bool, because: str
) -> None:
    assert an_overflow(**setting).because(waited=waited, unstaffed=unstaffed) == because
