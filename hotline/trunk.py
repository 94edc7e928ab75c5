"""An operator's SIP line into the hotline: known by its address, and by nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

WIDEST = 8
"""Bits of the prefix: a private network of an operator has as many."""


def _network(given: object) -> object:
    try:
        network = IPv4Network(given) if isinstance(given, str | IPv4Network) else None
    except ValueError:
        network = None
    if network is None:
        raise ValueError("must be an IPv4 network such as 192.0.2.0/24, or one address, 192.0.2.7")
    if network.prefixlen < WIDEST:
        raise ValueError(
            f"must be the operator's own network, /{WIDEST} at the widest, for whoever calls "
            f"from there is a trunk"
        )
    return network


class Trunk(BaseModel):
    """Calls are accepted from these addresses alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
    networks: tuple[Annotated[IPv4Network, BeforeValidator(_network)], ...]

    @field_validator("networks")
    @classmethod
    def _has_a_network(cls, networks: tuple[IPv4Network, ...]) -> tuple[IPv4Network, ...]:
        if not networks:
            raise ValueError('must have one network at least, such as ["192.0.2.0/24"]')
        return networks


def trunks_differ(trunks: Sequence[Trunk]) -> None:
    """Raise ValueError where two have one name."""
    names = [trunk.name for trunk in trunks]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"name {twice[0]} stands twice; each trunk has a name of its own, and may have "
            f"several networks"
        )
