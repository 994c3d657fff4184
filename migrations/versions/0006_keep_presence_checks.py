"""Keep presence checks.

New tables, a column that may be empty and one with a default: the previous release goes on beside it.
A session it opened is simply not checked.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compliance_presence_accommodation",
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("set_by", sa.String(length=255), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", name=op.f("pk_compliance_presence_accommodation")),
    )
    op.create_table(
        "compliance_presence_check",
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("check_id", sa.String(length=26), nullable=False),
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.String(length=26), nullable=False),
        sa.Column("lesson_id", sa.String(length=26), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("posed", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", "check_id", name=op.f("pk_compliance_presence_check")),
    )
    op.create_index(
        "ix_compliance_presence_check_open",
        "compliance_presence_check",
        ["until_at"],
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )

    op.create_table(
        "compliance_presence_consent",
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", "method", name=op.f("pk_compliance_presence_consent")),
    )
    op.create_table(
        "compliance_presence_watch",
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("left_ms", sa.BigInteger(), nullable=True),
        sa.Column("checks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("open_check", sa.String(length=26), nullable=True),
        sa.Column("missed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("enrolment_id", name=op.f("pk_compliance_presence_watch")),
    )
    with op.batch_alter_table("compliance_completion", schema=None) as batch_op:
        batch_op.add_column(sa.Column("judged_checks", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("compliance_open_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("check_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("compliance_open_session", schema=None) as batch_op:
        batch_op.drop_column("check_at")

    with op.batch_alter_table("compliance_completion", schema=None) as batch_op:
        batch_op.drop_column("judged_checks")

    op.drop_table("compliance_presence_watch")
    op.drop_table("compliance_presence_consent")
    op.drop_table("compliance_presence_check")
    op.drop_table("compliance_presence_accommodation")
