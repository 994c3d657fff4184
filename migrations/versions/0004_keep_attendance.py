"""Say how lessons are taught and keep attendance.

New tables, and columns with defaults in the database: the previous release goes on writing lessons and
completions without them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compliance_attendance_confirmation",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("lesson_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "class_id", "lesson_id", "id", name=op.f("pk_compliance_attendance_confirmation")
        ),
    )
    op.create_table(
        "compliance_attendance_live",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("lesson_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("class_id", "lesson_id", "id", name=op.f("pk_compliance_attendance_live")),
    )
    op.create_table(
        "compliance_attendance_mark",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("lesson_id", sa.String(length=26), nullable=False),
        sa.Column("mark", sa.String(length=16), nullable=False),
        sa.Column("in_at", sa.BigInteger(), nullable=True),
        sa.Column("out_at", sa.BigInteger(), nullable=True),
        sa.Column("marked_at", sa.BigInteger(), nullable=False),
        sa.Column("by_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("class_id", "enrolment_id", "id", name=op.f("pk_compliance_attendance_mark")),
    )
    with op.batch_alter_table("compliance_attendance_mark", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_compliance_attendance_mark_class_id_lesson_id"),
            ["class_id", "lesson_id"],
            unique=False,
        )

    op.create_table(
        "compliance_attendance_scan",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("sheet_id", sa.String(length=26), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("class_id", "sheet_id", "sha256", name=op.f("pk_compliance_attendance_scan")),
    )
    op.create_table(
        "compliance_attendance_sheet",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("lesson_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("printed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("class_id", "lesson_id", "id", name=op.f("pk_compliance_attendance_sheet")),
    )
    op.create_table(
        "compliance_attendance_sign",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("lesson_id", sa.String(length=26), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("class_id", "enrolment_id", "id", name=op.f("pk_compliance_attendance_sign")),
    )
    with op.batch_alter_table("compliance_attendance_sign", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_compliance_attendance_sign_class_id_lesson_id"),
            ["class_id", "lesson_id"],
            unique=False,
        )

    with op.batch_alter_table("compliance_completion", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("offline_hours", sa.String(length=32), server_default="0", nullable=False)
        )

    with op.batch_alter_table("compliance_lesson", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mode", sa.String(length=16), server_default="online", nullable=False))
        batch_op.add_column(sa.Column("starts_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("ends_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column("place", sa.String(length=255), server_default=sa.text("''"), nullable=False)
        )
        batch_op.add_column(sa.Column("teacher_sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("compliance_lesson", schema=None) as batch_op:
        batch_op.drop_column("teacher_sealed")
        batch_op.drop_column("place")
        batch_op.drop_column("ends_at")
        batch_op.drop_column("starts_at")
        batch_op.drop_column("mode")

    with op.batch_alter_table("compliance_completion", schema=None) as batch_op:
        batch_op.drop_column("offline_hours")

    with op.batch_alter_table("compliance_attendance_sign", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compliance_attendance_sign_class_id_lesson_id"))

    op.drop_table("compliance_attendance_sign")
    op.drop_table("compliance_attendance_sheet")
    op.drop_table("compliance_attendance_scan")
    with op.batch_alter_table("compliance_attendance_mark", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compliance_attendance_mark_class_id_lesson_id"))

    op.drop_table("compliance_attendance_mark")
    op.drop_table("compliance_attendance_live")
    op.drop_table("compliance_attendance_confirmation")
