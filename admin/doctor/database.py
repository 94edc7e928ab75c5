"""The database: reachable, and its tables in step with the code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

import admin
from admin.doctor.finding import Finding, Phrase, broken, fine
from hotline.config import Settings
from hotline.database import open_engine

SUBJECT = "database"


def examine_database(settings: Settings) -> Iterator[Finding]:
    embedded = settings.database.url is None
    if embedded and not (settings.state / "hotline.sqlite").exists():
        yield fine(SUBJECT, "首次启动时创建", "will be made at the first start")
        return
    try:
        engine = open_engine(settings.database_url)
        try:
            with engine.connect() as connection:
                present = set(MigrationContext.configure(connection).get_current_heads())
        finally:
            engine.dispose()
    except (SQLAlchemyError, ValueError) as error:  # also of the URL itself
        yield broken(
            SUBJECT,
            # Only the kind of the fault: its text may hold the URL and with it a password.
            Phrase(f"打不开：{type(error).__name__}", f"cannot be opened: {type(error).__name__}"),
            Phrase("检查 database.url 及其密码文件", "check database.url and its password file"),
        )
        return
    yield fine(SUBJECT, f"{engine.dialect.name} 可用", f"{engine.dialect.name} answers")
    yield from _migrations(present)


def _migrations(present: set[str]) -> Iterator[Finding]:
    wanted = set(ScriptDirectory(str(Path(admin.__file__).with_name("migrations"))).get_heads())
    if present == wanted:
        yield fine(SUBJECT, "表结构与程序一致", "tables are in step with the code")
    else:
        yield broken(
            SUBJECT,
            Phrase("表结构与程序不一致", "tables are not in step with the code"),
            Phrase("执行 hotline migrate", "run hotline migrate"),
        )
