"""Keep certificates and their numbers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compliance_certificate_series",
        sa.Column("series", sa.String(length=64), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_compliance_certificate_series")),
    )
    op.create_table(
        "compliance_certificate",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("issued_by", sa.String(length=255), nullable=False),
        sa.Column("recorded_n", sa.Integer(), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("pdf_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.String(length=255), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("class_id", "enrolment_id", "n", name=op.f("pk_compliance_certificate")),
        sa.UniqueConstraint("code", name=op.f("uq_compliance_certificate_code")),
        sa.UniqueConstraint("id", name=op.f("uq_compliance_certificate_id")),
        sa.UniqueConstraint("number", name=op.f("uq_compliance_certificate_number")),
    )


def downgrade() -> None:
    op.drop_table("compliance_certificate")
    op.drop_table("compliance_certificate_series")
