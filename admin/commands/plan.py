"""``hotline plan``: check a routing plan, put it in force, see the one in force and all before."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from admin import bootstrap
from admin.commands.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    fail,
    settings_from,
    with_plans,
)
from admin.plan import history as history_of
from admin.plan import read_plan_file
from hotline.errors import PlanError
from queueing.planning import PlanInForce
from queueing.routing.plan import (
    Plan,
    Reach,
    Route,
    SkillRule,
    Step,
    cautions,
    opens_after,
    read_plan,
)
from queueing.routing.skills import LOWEST, CounselorKind

app = typer.Typer(help="The routing plan: who is asked for whom, how soon.", no_args_is_help=True)

BAR = 16
"""Characters that stand for the time in which a route opens."""

WHERE = {
    Reach.STREET: "own street",
    Reach.DISTRICT: "own district",
    Reach.CITY: "whole city",
    Reach.PARTNER: "partner cities",
    Reach.ANYWHERE: "anywhere",
}
WHAT = {
    SkillRule.ALL: "skills and language",
    SkillRule.WITHOUT_TOPIC: "language and skills but the topic's",
    SkillRule.LANGUAGE: "the language",
}

FileArgument = Annotated[Path, typer.Argument(help="The plan, such as state/plan.toml.")]


@app.command()
def check(file: FileArgument) -> None:
    """Say everything that is wrong with a plan, or that it is sound. Changes nothing."""
    plan = _checked(file)
    steps = sum(len(route.steps) for route in plan.routes)
    typer.echo(f"{file}: sound; version {plan.version}, {len(plan.routes)} routes, {steps} steps")


@app.command()
def load(
    file: FileArgument,
    by: Annotated[
        str | None, typer.Option(help="Who does so, for the journal; else the login name.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Put a plan in force at once, also for those who wait; nothing is restarted."""
    settings = settings_from(config)
    plan = _checked(file)
    done = with_plans(
        settings,
        lambda plans: plans.publish(plan.text, origin=str(file), by=by or getpass.getuser()),
    )
    said = "is in force" if done.is_new else "was in force already; nothing has changed"
    typer.echo(f"plan {done.version} {said}")


@app.command()
def show(
    as_toml: Annotated[
        bool, typer.Option("--toml", help="Print its text, to be edited and loaded again.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Show the plan in force: its version, by whom and since when, and its routes."""
    in_force = with_plans(settings_from(config), lambda plans: plans.in_force())
    if in_force is None:
        fail("no plan was published yet, the shipped one routes; `hotline up` publishes one")
    if as_toml:
        typer.echo(in_force.plan.text, nl=False)
    else:
        Console().print(picture(in_force))


@app.command()
def history(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show every plan that was ever in force, out of the journal."""
    settings = settings_from(config)
    try:
        changes = history_of(bootstrap.database(settings))
    except SQLAlchemyError as error:
        fail(f"the journal cannot be read: {str(error).splitlines()[0]}; see `hotline doctor`")
    table = Table("since", "version", "by")
    for change in changes:
        since = change.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(since, change.version, escape(change.by))
    Console().print(table)


def _checked(file: Path) -> Plan:
    """Return the plan, having said what its author should know; or end the program."""
    try:
        plan = read_plan(read_plan_file(file), origin=str(file))
    except PlanError as error:
        fail(error)
    for caution in cautions(plan):
        typer.secho(f"{file}: {caution}", fg=typer.colors.YELLOW, err=True)
    return plan


# --- the plan as a picture


def picture(in_force: PlanInForce) -> Group:
    """Return the plan as tables, a route each: when each step opens, and whom it reaches."""
    plan = in_force.plan
    sticky = (
        f"the counselor who last took the caller comes first, for {plan.sticky.days:g} days; "
        f"kept for one who is busy: {plan.sticky.seconds:g} s"
    )
    return Group(
        f"plan [bold]{plan.version}[/], by {escape(in_force.by)}, "
        f"since {in_force.at.astimezone():%Y-%m-%d %H:%M:%S}",
        *(part for route in plan.routes for part in ("", _route(route, _for_whom(route)))),
        "",
        _route(plan.escalation.route, "a conversation that asks for a second counselor"),
        "",
        f"[dim]{sticky}[/]",
        "[dim]A step that nobody on duty fits is skipped at once: the later ones open earlier.[/]",
    )


def _route(route: Route, for_whom: str) -> Table:
    opens = [ms or 0 for ms in opens_after(route, lambda _: True)]
    table = Table(
        title=f"{escape(route.name or 'escalation')}: {escape(for_whom)}",
        title_justify="left",
        title_style="bold",
        show_header=False,
        box=None,
    )
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    for step, ms in zip(route.steps, opens, strict=True):
        table.add_row(_after(ms), _bar(ms, opens[-1]), escape(step.name), escape(_asked(step)))
    return table


def _for_whom(route: Route) -> str:
    condition = route.condition
    if condition is None:
        return "all who are left"
    given = {
        "priority": condition.priorities,
        "topic": condition.topics,
        "number": condition.numbers,
    }
    return "; ".join(f"{name} {' or '.join(values)}" for name, values in given.items() if values)


def _after(ms: int) -> str:
    return "at once" if ms == 0 else f"after {ms / 1000:g} s"


def _bar(ms: int, last: int) -> str:
    """Draw from when on the step is asked: time runs from left to right, to the last opening."""
    closed = round(BAR * ms / (last * 4 / 3)) if last else 0
    return "·" * closed + "━" * (BAR - closed)


def _asked(step: Step) -> str:
    """Say who is in the circle."""
    if step.is_for_anybody:
        return "whoever there is"
    skills = [WHAT[step.skills]] if step.skills in WHAT else []
    level = [f"from level {step.level}"] if step.level > LOWEST else []
    kinds = [] if set(step.kinds) == set(CounselorKind) else [" or ".join(step.kinds)]
    return ", ".join([WHERE[step.reach], *skills, *step.also, *level, *kinds])
