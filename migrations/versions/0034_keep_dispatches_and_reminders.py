"""Keep dispatches and reminders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compliance_filing_recipient",
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.Column("district", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("set_by", sa.String(length=255), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("policy_id", "district", name=op.f("pk_compliance_filing_recipient")),
    )
    op.create_table(
        "compliance_filing_dispatch",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recipient", sa.String(length=255), nullable=False),
        sa.Column("means", sa.String(length=16), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reference", sa.String(length=128), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("listing", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=255), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("receipt", sa.String(length=128), nullable=False),
        sa.Column("acknowledged_by", sa.String(length=255), nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["class_id"], ["compliance_class.id"], name=op.f("fk_compliance_filing_dispatch_class_id")
        ),
        sa.PrimaryKeyConstraint("class_id", "n", name=op.f("pk_compliance_filing_dispatch")),
    )
    op.create_table(
        "compliance_filing_reminder",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["class_id"], ["compliance_class.id"], name=op.f("fk_compliance_filing_reminder_class_id")
        ),
        sa.PrimaryKeyConstraint("class_id", "kind", "due", name=op.f("pk_compliance_filing_reminder")),
    )


def downgrade() -> None:
    op.drop_table("compliance_filing_reminder")
    op.drop_table("compliance_filing_dispatch")
    op.drop_table("compliance_filing_recipient")
