"""Data keys of recordings, the chain of sealed files, and when plain tracks were deleted.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "recording_keys",
        sa.Column("recording", sa.String(length=64), nullable=False),
        sa.Column("master", sa.String(length=64), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("recording", name=op.f("pk_recording_keys")),
    )
    op.create_index(op.f("ix_recording_keys_master"), "recording_keys", ["master"])
    op.create_table(
        "recording_chain",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("recording", sa.String(length=64), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_recording_chain")),
    )
    op.create_index(op.f("ix_recording_chain_recording"), "recording_chain", ["recording"])
    op.add_column(
        "recordings", sa.Column("discarded_at", sa.DateTime(timezone=True), nullable=True)
    )
    # Their jobs deleted the tracks; should one have died before, its job is not asked again.
    op.execute("UPDATE recordings SET discarded_at = sealed_at WHERE state = 'sealed'")
    op.create_index(op.f("ix_recordings_discarded_at"), "recordings", ["discarded_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_recordings_discarded_at"), "recordings")
    with op.batch_alter_table("recordings") as recordings:
        recordings.drop_column("discarded_at")
    op.drop_table("recording_chain")
    op.drop_table("recording_keys")
