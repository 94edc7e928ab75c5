"""What a partner is told of a contact."""

from __future__ import annotations

import pytest

from hotline.conversation.context import asserted_identity, context
from hotline.ids import NodeId
from hotline.sip.invite import checked
from tests.unit.scene import Scene
from tests.unit.test_forwarding import a_partner, partner_rings, play


def headers_of(scene: Scene) -> dict[str, str]:
    return dict(scene.telephone.dialled[-1][1])


def test_partner_is_told_the_context_and_not_the_number() -> None:
    scene = play(partner_rings)
    assert headers_of(scene) == {
        "X-Hotline-Contact": scene.conversation.contact.id,
        "X-Hotline-Topic": "emotion",
        "X-Hotline-Language": "zh",
        "X-Hotline-Priority": "normal",
        "X-Hotline-Waited": "60",
        "X-Hotline-Line": "12356",
        "X-Hotline-Node": "city",
    }


def test_number_is_told_where_the_setting_says_so() -> None:
    scene = play(partner_rings, a_partner(pass_number=True))
    assert headers_of(scene)["P-Asserted-Identity"] == "<sip:13800138000@here>"


def test_number_that_cannot_be_opened_costs_the_caller_nothing() -> None:
    async def act(s: Scene) -> None:
        def broken(_sealed: object) -> str:
            raise ValueError("sealed with another key")

        object.__setattr__(s.ways, "identity_of", broken)
        await partner_rings(s)

    scene = play(act, a_partner(pass_number=True))
    assert "P-Asserted-Identity" not in headers_of(scene)


def test_no_value_breaks_out_of_its_header() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        menu = s.conversation._in_line.asks
        assert menu is not None
        arrival = s.conversation.arrival
        object.__setattr__(arrival, "node", NodeId("city/东城\r\nX-Evil: 1"))
        object.__setattr__(arrival, "dnis", "+8612356")
        told = context(s.conversation.contact.id, arrival, menu, waited=-3)
        assert checked(told)["X-Hotline-Node"] == "city/%E4%B8%9C%E5%9F%8E%0D%0AX-Evil%3A%201"
        assert told["X-Hotline-Line"] == "+8612356"
        assert told["X-Hotline-Waited"] == "0"

    play(act)


@pytest.mark.parametrize(
    "number", ["", "x", "138>\r\nX: y", "1" * 21, "sip:1@h", "138 0013", "anonymous"]
)
def test_what_is_no_number_is_never_asserted(number: str) -> None:
    assert asserted_identity(number, realm="here") == ""
    assert asserted_identity("+8613800138000", realm="here") == "<sip:+8613800138000@here>"
