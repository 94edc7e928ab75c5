"""messages, and contacts that a partner took

Revision: 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("contact", sa.String(length=64), nullable=False),
        sa.Column("recording", sa.String(length=64), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("contact", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_left_at"), "messages", ["left_at"])
    op.create_index(op.f("ix_messages_done_at"), "messages", ["done_at"])
    with op.batch_alter_table("contacts") as contacts:
        contacts.add_column(
            sa.Column("forwarded_first_at", sa.DateTime(timezone=True), nullable=True)
        )
        contacts.add_column(sa.Column("partner", sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("contacts") as contacts:
        contacts.drop_column("partner")
        contacts.drop_column("forwarded_first_at")
    op.drop_table("messages")
