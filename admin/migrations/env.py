"""Alembic's entry: `admin.schema` hands over an open connection; there is no ini file."""

from __future__ import annotations

from alembic import context

from admin.schema import METADATA, OPTIONS

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, **OPTIONS
)
with context.begin_transaction():
    context.run_migrations()
