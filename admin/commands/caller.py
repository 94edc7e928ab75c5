"""``hotline caller``: blocks, and care plans for frequent callers.

A caller is named by the number, which is asked for and never stands in an argument, or by the first
digits of its digest, as the lists show it. The number itself is kept nowhere.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from admin import bootstrap
from admin.commands import callback
from admin.commands.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    fail,
    operator,
    settings_from,
    with_queue,
)
from hotline.clock import SystemClock
from hotline.config import Settings
from hotline.errors import PromptMissing
from hotline.ids import CounselorId
from hotline.prompts.library import PromptLibrary
from queueing.blocks import Block
from queueing.care import CarePlan
from queueing.store import QueueStore

app = typer.Typer(help="Callbacks, callers who harass the service, and frequent callers.",
                  no_args_is_help=True)  # fmt: skip

app.command(name="callbacks")(callback.callbacks)
app.command(name="callback-cancel")(callback.callback_cancel)

SHOWN = 12
"""Digits of a digest: enough to tell callers apart by eye."""
Days = Annotated[float, typer.Option(help="For how long.", min=0.01, max=365)]
ByDigest = Annotated[
    str, typer.Option("--caller", help="The caller as a list shows it, instead of the number.")
]


@app.command()
def block(
    reason: Annotated[str, typer.Option(help="Why; shown at review.")],
    days: Days = 7,
    review_days: Annotated[
        float | None, typer.Option(help="When to look at it again; after half the time.", min=0.01)
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Block a caller. The danger key still leads to a human."""
    settings = settings_from(config)
    digest = _ask_digest(settings)
    now = SystemClock().now()
    until = now + timedelta(days=days)
    review = None if review_days is None else now + timedelta(days=min(review_days, days))
    made = with_queue(
        settings,
        lambda store: store.block(digest, reason=reason, by=operator(), until=until, review=review),
    )
    typer.echo(
        f"{digest[:SHOWN]} blocked until {_shown(made.until)}, review at {_shown(made.review)}"
    )


@app.command()
def unblock(
    reason: Annotated[str, typer.Option(help="Why; kept in the journal.")] = "asked",
    caller: ByDigest = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Let a blocked caller through again."""
    settings = settings_from(config)
    digest = _blocked_digest(settings, caller) if caller else _ask_digest(settings)
    done = with_queue(settings, lambda store: store.unblock(digest, by=operator(), reason=reason))
    if not done:
        fail("there is no block on that caller")


@app.command()
def blocks(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show every block, the first to end first."""
    _print_blocks(with_queue(settings_from(config), lambda store: store.blocks()))


@app.command()
def review(
    caller: Annotated[str, typer.Argument(help="As the list shows the caller.")] = "",
    keep: Annotated[bool, typer.Option("--keep", help="The block goes on.")] = False,
    lift: Annotated[bool, typer.Option("--lift", help="The block ends now.")] = False,
    reason: Annotated[str, typer.Option(help="Why; kept in the journal.")] = "review",
    days: Days = 7,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """List the blocks that are due for review; with CALLER, decide on one."""
    settings = settings_from(config)
    if not caller:
        now = SystemClock().now()
        held = with_queue(settings, lambda store: store.blocks())
        _print_blocks([block for block in held if block.review_due(now)])
        return
    if keep == lift:
        fail("say either --keep or --lift")
    digest = _blocked_digest(settings, caller)
    until = SystemClock().now() + timedelta(days=days)

    async def decide(store: QueueStore) -> bool:
        if lift:
            return await store.unblock(digest, by=operator(), reason=reason)
        return await store.confirm_block(digest, by=operator(), reason=reason, until=until)

    if not with_queue(settings, decide):
        fail("there is no such block any more")


@app.command()
def care(
    counselor: Annotated[str, typer.Option(help="Extension of who is asked first.")] = "",
    owner: Annotated[str, typer.Option(help="Extension of who owns the follow-up.")] = "",
    time: Annotated[
        list[str] | None, typer.Option(help="When calls are taken, such as 'mon-fri 20:00-21:00'.")
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="Limit of one call.", min=1)] = None,
    minutes_per_day: Annotated[float | None, typer.Option(help="Limit of a day.", min=1)] = None,
    message: Annotated[str, typer.Option(help="Name of the prompt heard at other times.")] = "",
    high_risk: Annotated[bool, typer.Option("--high-risk", help="Goes before others.")] = False,
    end: Annotated[bool, typer.Option("--end", help="End the caller's plan.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Set the care plan of a frequent caller, or end it. The danger key works at all times."""
    settings = settings_from(config)
    plan = None
    if not end:
        try:
            plan = CarePlan(
                counselor=CounselorId(counselor) if counselor else None,
                owner=CounselorId(owner) if owner else None,
                times=tuple(time or ()),
                minutes_per_call=minutes,
                minutes_per_day=minutes_per_day,
                message=message,
                high_risk=high_risk,
            )
        except ValueError as error:
            fail(str(error))
        _check_prompt(settings, message)
        _check_extensions(settings, counselor, owner)
    digest = _ask_digest(settings)
    with_queue(settings, lambda store: store.put_care(digest, plan, by=operator()))


@app.command()
def known(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show which callers are known, and how each is served."""
    plans = with_queue(settings_from(config), lambda store: store.care_plans())
    table = Table("caller", "first asked", "times", "minutes", "a day", "message", "high risk")
    for digest, plan in sorted(plans.items()):
        table.add_row(
            digest[:SHOWN],
            plan.asked_for or "",
            "\n".join(plan.times),
            _minutes(plan.minutes_per_call),
            _minutes(plan.minutes_per_day),
            plan.message,
            "yes" if plan.high_risk else "",
        )
    Console().print(table)


def _print_blocks(held: list[Block]) -> None:
    table = Table("caller", "reason", "by", "since", "until", "review", "confirmed by")
    for one in held:
        table.add_row(
            one.caller[:SHOWN], one.reason, one.by, _shown(one.at), _shown(one.until),
            _shown(one.review), one.confirmed_by,
        )  # fmt: skip
    Console().print(table)


def _shown(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}"


def _minutes(limit: float | None) -> str:
    return "" if limit is None else f"{limit:g}"


def _check_prompt(settings: Settings, message: str) -> None:
    if not message:
        return
    try:
        PromptLibrary(settings.prompts_dir, settings.site.language).find(message, "")
    except PromptMissing as error:
        fail(error)


def _check_extensions(settings: Settings, *extensions: str) -> None:
    wanted = {extension for extension in extensions if extension}
    there = {one.profile.id for one in with_queue(settings, lambda store: store.counselors())}
    for extension in sorted(wanted - there):
        fail(f"no counselor has the extension {extension}")


def _blocked_digest(settings: Settings, shown: str) -> str:
    """Return the whole digest of the one blocked caller that a list shows so."""
    held = with_queue(settings, lambda store: store.blocks())
    found = [block.caller for block in held if shown and block.caller.startswith(shown)]
    if len(found) != 1:
        fail(f"{len(found)} blocked callers are shown as {shown!r}; see `hotline caller blocks`")
    return found[0]


def _ask_digest(settings: Settings) -> str:
    number = typer.prompt("Number", hide_input=True)
    if not re.fullmatch(r"\+?[0-9 -]{3,20}", number):
        fail("that is no telephone number: digits, with + or 0086 before a foreign one")
    return bootstrap.sealer(settings).seal(number).digest
