"""Keep records from elsewhere.

New tables only; the previous release does not know them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compliance_reported_row",
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("row_blind", sa.String(length=64), nullable=False),
        sa.Column("batch_id", sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", "row_blind", name=op.f("pk_compliance_reported_row")),
    )
    op.create_table(
        "compliance_reported_session",
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("record_id", sa.String(length=26), nullable=False),
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("batch_id", sa.String(length=26), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("lesson_id", sa.String(length=26), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.Column("idle_seconds", sa.Integer(), nullable=False),
        sa.Column("moments", sa.Text(), nullable=False),
        sa.Column("ip_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("actor_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", "record_id", name=op.f("pk_compliance_reported_session")),
    )
    op.create_index(
        op.f("ix_compliance_reported_session_class_id"), "compliance_reported_session", ["class_id"]
    )


def downgrade() -> None:
    op.drop_table("compliance_reported_session")
    op.drop_table("compliance_reported_row")
