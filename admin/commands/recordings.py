"""``hotline recordings``: whether all of them are there, and the keys they are locked with."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from sqlalchemy import Engine, or_, select

from admin import bootstrap
from admin.bootstrap.recordings import data_keys, head, master_keys, vault
from admin.commands.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    fail,
    operator,
    settings_from,
    told_in_a_sentence,
)
from hotline.clock import SystemClock
from hotline.config import Settings
from hotline.database import snapshot
from hotline.events import RecordingExported, access_subject
from hotline.ids import RecordingId, new_event_id
from hotline.journal.directsink import DirectSink
from recordings.encrypting import Encrypting
from recordings.head import Head
from recordings.rotation import Rotation
from recordings.tables import RecordingRow, RecordingState
from recordings.vault import PIECE
from recordings.verify import Harm, Report, Verification

app = typer.Typer(
    help="Sealed recordings: verified, exported, and their keys.", no_args_is_help=True
)

SHOWN = 8
"""Characters of a recording's id in a table; JSON has all."""

MEANING = {
    Harm.CHAIN_BROKEN: "链条被改动",
    Harm.LINKS_REMOVED: "链条末端被删除或替换",
    Harm.HEAD_UNREADABLE: "链头记录不可读",
    Harm.ROW_MISSING: "数据库记录丢失",
    Harm.ROW_ALTERED: "数据库记录被改动",
    Harm.NO_LINK: "不在链中",
    Harm.FILE_MISSING: "文件丢失",
    Harm.FILE_ALTERED: "文件被改动",
    Harm.FILE_UNREADABLE: "文件不可读",
    Harm.KEY_MISSING: "数据密钥丢失",
    Harm.KEY_BROKEN: "数据密钥无法解开",
    Harm.KEY_KEPT: "已销毁但密钥仍在",
    Harm.NOT_DECRYPTABLE: "无法解密",
    Harm.NOT_ENCRYPTED: "未加密",
    Harm.UNKNOWN_FILE: "来历不明的文件",
}


@app.command()
def verify(
    deep: Annotated[
        bool, typer.Option("--deep", help="Decrypt every chunk of every file.")
    ] = False,
    expected: Annotated[
        str | None,
        typer.Option("--head", help="A head that was printed before, to be found: NUMBER:DIGEST."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Look for recordings that were removed, altered, or cannot be opened; status 1 where there is
    one. Prints the head of the chain: keep it elsewhere, and give it to a later `--head`."""
    settings = settings_from(config, lost_flows=True)
    with told_in_a_sentence("verify"), _database(settings) as engine, _progress() as show:
        report = Verification(
            engine=engine,
            vault=vault(settings, engine),
            head=head(settings),
            deep=deep,
            expected=Head.parse(expected) if expected else None,
            progress=lambda done, of: show("recordings", done, of),
        ).run()
    if as_json:
        typer.echo(json.dumps(as_object(report), ensure_ascii=False))
    else:
        _show(report)
    if not report.ok:
        raise typer.Exit(1)


def as_object(report: Report) -> dict[str, Any]:
    """Return the report as one JSON object."""
    return {
        "ok": report.ok,
        "recordings": report.recordings,
        "erased": report.erased,
        "links": report.links,
        "head": str(report.head) if report.head else None,
        "findings": [
            {"harm": one.harm.value, "recording": one.recording, "detail": one.detail}
            for one in report.findings
        ],
    }


@app.command()
def export(
    recording: Annotated[str, typer.Argument(help="Its id, or its contact's, or their beginning.")],
    to: Annotated[Path, typer.Option("--to", help="A new file; others cannot read it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the journal.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write what is in a recording to a plain Ogg/Opus file: the caller left, the counselor right.
    The journal keeps who did so, and why. Delete the file when it has served."""
    settings = settings_from(config, lost_flows=True)
    if not reason.strip():
        fail("say why 请写明理由: --reason")
    with told_in_a_sentence("export"), _database(settings) as engine:
        row = _find(engine, recording)
        _journal_export(settings, RecordingId(row.id), reason.strip())
        with vault(settings, engine).open(RecordingId(row.id), row.sealed_file or "") as plain:
            _write(plain, to)
    typer.echo(f"{to}: recording {row.id[:SHOWN]} 录音")


def _write(plain: BufferedIOBase, to: Path) -> None:
    """Copy `plain` to a new file that others cannot read; all of it or none."""
    descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        try:
            shutil.copyfileobj(plain, file, PIECE)
        except BaseException:
            to.unlink(missing_ok=True)
            raise


def _find(engine: Engine, text: str) -> RecordingRow:
    """Return the one sealed recording whose id, or whose contact's, begins with `text`."""
    its = or_(RecordingRow.id.startswith(text, autoescape=True),
              RecordingRow.contact.startswith(text, autoescape=True))  # fmt: skip
    with snapshot(engine) as session:
        found = list(session.scalars(select(RecordingRow).where(its).limit(2))) if text else []
    if not found:
        fail(f"no recording {text!r} 没有此录音")
    if len(found) > 1:
        fail(f"more than one recording begins with {text!r}; give more of the id 请写全编号")
    if found[0].state != RecordingState.SEALED:
        fail(f"recording {found[0].id[:SHOWN]} is {found[0].state}: it cannot be opened 无法打开")
    return found[0]


def _journal_export(settings: Settings, recording: RecordingId, reason: str) -> None:
    """Before it is opened: what is told afterwards can be kept from being told."""
    sink = DirectSink(
        redis_url=settings.redis_url, spool_dir=settings.spool_dir, process="recordings"
    )
    event, at = new_event_id(), SystemClock().now()
    try:
        sink.append(
            RecordingExported(
                id=event,
                subject=access_subject(event),
                seq=1,
                at=at,
                recording=recording,
                by=operator(),
                reason=reason,
            )
        )
    finally:
        sink.close()


@app.command()
def keys(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show the master keys by id, which one is current, and how many recordings each locks."""
    settings = settings_from(config, lost_flows=True)
    with told_in_a_sentence("keys"), _database(settings) as engine:
        masters, uses = master_keys(settings), data_keys(settings, engine).uses()
        current, known = masters.current(), masters.known()
    table = Table("master key 主密钥", "recordings 录音", "")
    for master in sorted(known | uses.keys()):
        state = "current 当前" if master == current else "" if master in known else "LOST 丢失"
        table.add_row(master, str(uses.get(master, 0)), state)
    Console().print(table)


@app.command("rotate-key")
def rotate_key(
    lost: Annotated[
        bool,
        typer.Option(
            "--old-keys-are-lost",
            help="Begin a new key file: what the old one locked stays locked for ever.",
        ),
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Make a new master key and wrap every data key with it. No file is touched. Broken off, it
    goes on where it was when it is given again."""
    settings = settings_from(config, lost_flows=True)
    with told_in_a_sentence("rotate-key"), _database(settings) as engine, _progress() as show:
        masters = master_keys(settings)
        if lost and not masters.create():
            fail("the key file is there 密钥文件仍在; rotate without --old-keys-are-lost")
        rotation = _rotation(settings, engine)
        if rotation.is_unfinished:
            typer.echo("an unfinished rotation is finished 继续未完成的轮换", err=True)
        current = masters.current() if lost else rotation.begin()
        done, failed = 0, list[RecordingId]()
        total = data_keys(settings, engine).to_rewrap()
        for batch in rotation.rewrap():
            done, failed = done + batch.count, [*failed, *batch.failed]
            show("data keys", done, max(done, total))
    typer.echo(
        f"master key {current} is current 为当前主密钥; {done - len(failed)} rewrapped 已换锁"
    )
    if failed:
        fail(f"not rewrapped 未能换锁: {', '.join(one[:SHOWN] for one in failed)}")


@app.command("forget-key")
def forget_key(
    master: Annotated[str, typer.Argument(help="The id, as `keys` shows it.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Delete a master key that locks nothing any more. What only older backups of the database
    know, such as the data keys of erased recordings, is then lost for good: that is meant."""
    settings = settings_from(config, lost_flows=True)
    with told_in_a_sentence("forget-key"), _database(settings) as engine:
        try:
            _rotation(settings, engine).forget(master)
        except ValueError as error:
            fail(str(error))
    typer.echo(f"master key {master} is deleted 已删除")


@app.command()
def encrypt(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Encrypt what an older version sealed in the clear. Broken off, it can be given again."""
    settings = settings_from(config, lost_flows=True)
    faults = []
    with told_in_a_sentence("encrypt"), _database(settings) as engine, _progress() as show:
        encrypting = Encrypting(
            engine=engine,
            vault=vault(settings, engine),
            head=head(settings),
            clock=SystemClock(),
        )
        names = encrypting.plain()
        for done, fault in enumerate(encrypting.run(names), 1):
            faults += [fault] if fault else []
            show("recordings", done, len(names))
    typer.echo(f"{len(names) - len(faults)} encrypted 已加密")
    if faults:
        fail("\n".join(map(str, faults)))


def _rotation(settings: Settings, engine: Engine) -> Rotation:
    keys = data_keys(settings, engine)
    return Rotation(engine=engine, masters=master_keys(settings), keys=keys)


@contextmanager
def _database(settings: Settings) -> Iterator[Engine]:
    engine = bootstrap.database(settings)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _progress() -> Iterator[Any]:
    """Yield what shows a bar on standard error: ``show(what, done, of)``."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        bars: dict[str, Any] = {}

        def show(what: str, done: int, of: int) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what, total=of)
            progress.update(bars[what], completed=done, total=of)

        yield show


def _show(report: Report) -> None:
    console = Console()
    if report.findings:
        table = Table("recording 录音", "harm 问题")
        table.add_column(overflow="fold")
        for one in report.findings:
            harm = f"{one.harm.value} {MEANING[one.harm]}"
            table.add_row(one.recording[:SHOWN], harm, one.detail)
        console.print(table)
    console.print(
        f"{report.recordings} recordings 录音, {report.erased} erased 已销毁, "
        f"{len(report.findings)} findings 问题",
        highlight=False,
    )
    console.print(f"head 链头 {report.head or '-'}", highlight=False, soft_wrap=True)
