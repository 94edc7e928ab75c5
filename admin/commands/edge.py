"""``hotline edge``: gateways at the edge, drained and resumed; phones that are registered."""

from __future__ import annotations

from collections.abc import Callable

import typer
from rich.console import Console
from rich.table import Table

from admin.commands.options import DEFAULT_CONFIG, ConfigOption, fail, settings_from
from hotline.edge.control import Control, EdgeUnavailable
from hotline.errors import HotlineError

app = typer.Typer(help="The edge: gateways and registrations.", no_args_is_help=True)


@app.command()
def drain(gateway: str, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Send no new calls to GATEWAY (such as gateway-1); those that run go on."""
    _control(config, lambda control: control.drain(gateway))


@app.command()
def resume(gateway: str, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Send calls to GATEWAY again."""
    _control(config, lambda control: control.resume(gateway))


@app.command()
def show(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show the gateways with their calls, and the phones that can ring."""

    def both(control: Control) -> None:
        gateways = Table("gateway", "address", "state", "calls")
        for one in control.gateways():
            gateways.add_row(one.slot, one.uri, one.state, str(one.calls))
        phones = Table("phone", "address")
        for phone in control.registrations():
            phones.add_row(phone.extension, phone.received)
        Console().print(gateways, phones)

    _control(config, both)


def _control(config: ConfigOption, act: Callable[[Control], None]) -> None:
    control = Control.of(settings_from(config))
    try:
        act(control)
    except EdgeUnavailable:
        fail("the edge does not answer; is the platform up? See `hotline status`")
    except HotlineError as error:
        fail(error)
