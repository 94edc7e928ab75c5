"""first tables

Revision: 0001, after nothing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "contact_states",
        sa.Column("contact", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("contact", "seq", name=op.f("pk_contact_states")),
    )
    op.create_table(
        "contacts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=True),
        sa.Column("gateway", sa.String(length=64), nullable=True),
        sa.Column("trunk", sa.Text(), nullable=True),
        sa.Column("dnis", sa.Text(), nullable=True),
        sa.Column("node", sa.Text(), nullable=True),
        sa.Column("caller_cipher", sa.Text(), nullable=True),
        sa.Column("caller_digest", sa.String(length=64), nullable=True),
        sa.Column("consent", sa.String(length=8), nullable=True),
        sa.Column("menu_outcome", sa.String(length=32), nullable=True),
        sa.Column("priority", sa.String(length=16), nullable=True),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=16), nullable=True),
        sa.Column("skills", sa.JSON(), nullable=True),
        sa.Column("offers", sa.Integer(), nullable=False),
        sa.Column("counselor", sa.String(length=64), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("call_answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("menu_finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("queued_first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("talk_first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("talk_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hold_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_legs", sa.JSON(), nullable=False),
        sa.Column("talk_seconds", sa.Double(), nullable=False),
        sa.Column("hold_seconds", sa.Double(), nullable=False),
        sa.Column("talk_ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contacts_arrived_at"), ["arrived_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_contacts_caller_digest"), ["caller_digest"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_contacts_counselor"), ["counselor"], unique=False)
        batch_op.create_index(batch_op.f("ix_contacts_ended_at"), ["ended_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_contacts_node"), ["node"], unique=False)

    op.create_table(
        "counselor_intervals",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("counselor", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("contact", sa.String(length=64), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counselor_intervals")),
    )
    with op.batch_alter_table("counselor_intervals", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_counselor_intervals_contact"), ["contact"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_counselor_intervals_counselor_started_at"),
            ["counselor", "started_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_counselor_intervals_started_at"), ["started_at"], unique=False
        )

    op.create_table(
        "counselors",
        sa.Column("extension", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("node", sa.String(length=200), nullable=False),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("extension", name=op.f("pk_counselors")),
    )
    op.create_table(
        "journal",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_journal")),
        sa.UniqueConstraint("id", name=op.f("uq_journal_id")),
    )
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_journal_at"), ["at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_journal_subject_seq"), ["subject", "seq"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_journal_type_at"), ["type", "at"], unique=False)

    op.create_table(
        "journal_rejects",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("entry", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("wire", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_journal_rejects")),
    )
    with op.batch_alter_table("journal_rejects", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_journal_rejects_entry_stage"), ["entry", "stage"], unique=True
        )

    op.create_table(
        "journal_subjects",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_journal_subjects")),
    )
    op.create_table(
        "journal_writer",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_writer")),
    )
    op.create_table(
        "offers",
        sa.Column("contact", sa.String(length=64), nullable=False),
        sa.Column("offer", sa.String(length=64), nullable=False),
        sa.Column("counselor", sa.String(length=64), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("contact", "offer", name=op.f("pk_offers")),
    )
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_offers_counselor"), ["counselor"], unique=False)
        batch_op.create_index(batch_op.f("ix_offers_offered_at"), ["offered_at"], unique=False)

    op.create_table(
        "recordings",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("contact", sa.String(length=64), nullable=False),
        sa.Column("caller_track", sa.Text(), nullable=False),
        sa.Column("counselor_track", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sealed_file", sa.Text(), nullable=True),
        sa.Column("checksum", sa.String(length=64), nullable=True),
        sa.Column("caller_seconds", sa.Double(), nullable=True),
        sa.Column("counselor_seconds", sa.Double(), nullable=True),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recordings")),
    )
    with op.batch_alter_table("recordings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recordings_contact"), ["contact"], unique=False)
        batch_op.create_index(batch_op.f("ix_recordings_started_at"), ["started_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_recordings_state"), ["state"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("recordings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recordings_state"))
        batch_op.drop_index(batch_op.f("ix_recordings_started_at"))
        batch_op.drop_index(batch_op.f("ix_recordings_contact"))

    op.drop_table("recordings")
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_offers_offered_at"))
        batch_op.drop_index(batch_op.f("ix_offers_counselor"))

    op.drop_table("offers")
    op.drop_table("journal_writer")
    op.drop_table("journal_subjects")
    with op.batch_alter_table("journal_rejects", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_journal_rejects_entry_stage"))

    op.drop_table("journal_rejects")
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_journal_type_at"))
        batch_op.drop_index(batch_op.f("ix_journal_subject_seq"))
        batch_op.drop_index(batch_op.f("ix_journal_at"))

    op.drop_table("journal")
    op.drop_table("counselors")
    with op.batch_alter_table("counselor_intervals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_counselor_intervals_started_at"))
        batch_op.drop_index(batch_op.f("ix_counselor_intervals_counselor_started_at"))
        batch_op.drop_index(batch_op.f("ix_counselor_intervals_contact"))

    op.drop_table("counselor_intervals")
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contacts_node"))
        batch_op.drop_index(batch_op.f("ix_contacts_ended_at"))
        batch_op.drop_index(batch_op.f("ix_contacts_counselor"))
        batch_op.drop_index(batch_op.f("ix_contacts_caller_digest"))
        batch_op.drop_index(batch_op.f("ix_contacts_arrived_at"))

    op.drop_table("contacts")
    op.drop_table("contact_states")
