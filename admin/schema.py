"""The database's schema: bringing it up to date, and seeing whether it is.

``python -m admin.schema "what changed"`` writes the next revision, from the difference between
the models and a database with all revisions so far.
"""

from __future__ import annotations

import sys
from typing import Any, Literal

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import StaticPool

import admin.tables  # noqa: F401 - declares its tables
import hotline.journal.tables  # noqa: F401 - declares its tables
import queueing.tables  # noqa: F401 - declares its tables
import recordings.tables  # noqa: F401 - declares its tables
from hotline.database import Base, UtcDateTime

METADATA = Base.metadata
"""Complete, because every module that declares tables is imported above."""


def _plain_types(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """A revision names no type of ours: it must mean the same in ten years."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


OPTIONS: dict[str, Any] = {
    "render_as_batch": True,  # SQLite changes a table by copying it
    "render_item": _plain_types,
    "compare_type": True,
    "transaction_per_migration": False,
}


def upgrade(engine: Engine) -> None:
    """Apply all revisions that are still missing, in one transaction."""
    with engine.begin() as connection:
        command.upgrade(_config(connection), "head")


def is_current(engine: Engine) -> bool:
    """Whether the database has all revisions: a process refuses to start where it has not."""
    head = ScriptDirectory.from_config(_config(None)).get_current_head()
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head


def differences(engine: Engine) -> list[Any]:
    """Return what the models have that the database has not, and the other way round."""
    with engine.connect() as connection:
        return list(
            compare_metadata(MigrationContext.configure(connection, opts=OPTIONS), METADATA)
        )


def write_revision(message: str, number: str) -> None:
    """Write the revision that brings the latest schema to the models."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    upgrade(engine)
    with engine.begin() as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=number)


def _config(connection: Any) -> Config:
    config = Config()
    config.set_main_option("script_location", "admin:migrations")
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


if __name__ == "__main__":
    message = " ".join(sys.argv[1:])
    known = list(ScriptDirectory.from_config(_config(None)).walk_revisions())
    write_revision(message, f"{len(known) + 1:04d}")
