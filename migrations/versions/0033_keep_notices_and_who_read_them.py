"""Keep notices and who read them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compliance_training_notice",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=255), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id"], ["compliance_class.id"], name=op.f("fk_compliance_training_notice_class_id")
        ),
        sa.PrimaryKeyConstraint("class_id", "n", name=op.f("pk_compliance_training_notice")),
    )
    op.create_table(
        "compliance_notice_receipt",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id", "enrolment_id"],
            ["compliance_enrolment.class_id", "compliance_enrolment.id"],
            name=op.f("fk_compliance_notice_receipt_class_id_enrolment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["class_id", "n"],
            ["compliance_training_notice.class_id", "compliance_training_notice.n"],
            name=op.f("fk_compliance_notice_receipt_class_id_n"),
        ),
        sa.PrimaryKeyConstraint("class_id", "n", "enrolment_id", name=op.f("pk_compliance_notice_receipt")),
    )


def downgrade() -> None:
    op.drop_table("compliance_notice_receipt")
    op.drop_table("compliance_training_notice")
