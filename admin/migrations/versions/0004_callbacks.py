"""Contacts that were promised a callback.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    for name in ("promised_at", "reached_at"):
        op.add_column("contacts", sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("contacts") as contacts:
        for name in ("promised_at", "reached_at"):
            contacts.drop_column(name)
