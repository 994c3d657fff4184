"""Keep content versions and steps.

New tables only; the previous release does not know them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compliance_lesson_content",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("lesson_id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.Column("frozen_at", sa.BigInteger(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "class_id", "lesson_id", "version", name=op.f("pk_compliance_lesson_content")
        ),
    )
    op.create_table(
        "compliance_session_step",
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=26), nullable=False),
        sa.Column("lesson_id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", "event_id", name=op.f("pk_compliance_session_step")),
    )
    op.create_index(
        op.f("ix_compliance_session_step_enrolment_id_lesson_id"),
        "compliance_session_step",
        ["enrolment_id", "lesson_id"],
    )


def downgrade() -> None:
    op.drop_table("compliance_session_step")
    op.drop_table("compliance_lesson_content")
