"""Keep corrections of credit and objections to it.

New tables only; the previous release does not know them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compliance_credit_correction",
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("correction_id", sa.String(length=26), nullable=False),
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("session_id", sa.String(length=26), nullable=False),
        sa.Column("effect", sa.String(length=8), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.Column("corrected_at", sa.BigInteger(), nullable=False),
        sa.Column("by_account", sa.String(length=255), nullable=False),
        sa.Column("by_role", sa.String(length=16), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("dispute_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint(
            "enrolment_id", "correction_id", name=op.f("pk_compliance_credit_correction")
        ),
    )
    op.create_table(
        "compliance_dispute",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("dispute_id", sa.String(length=26), nullable=False),
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("session_id", sa.String(length=26), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.String(length=8), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.String(length=255), nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("class_id", "dispute_id", name=op.f("pk_compliance_dispute")),
    )
    op.create_index(
        op.f("ix_compliance_dispute_class_id_enrolment_id"),
        "compliance_dispute",
        ["class_id", "enrolment_id"],
    )


def downgrade() -> None:
    op.drop_table("compliance_dispute")
    op.drop_table("compliance_credit_correction")
