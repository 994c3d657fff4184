"""Keep what the filing of projects rests on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compliance_catalogue",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=255), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compliance_catalogue")),
    )
    op.create_table(
        "compliance_occupation_standard",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("occupation_code", sa.String(length=64), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=255), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compliance_occupation_standard")),
    )
    op.create_table(
        "compliance_catalogue_entry",
        sa.Column("catalogue_id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("project", sa.String(length=255), nullable=False),
        sa.Column("occupation", sa.String(length=128), nullable=False),
        sa.Column("occupation_code", sa.String(length=64), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("overlaps", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalogue_id"],
            ["compliance_catalogue.id"],
            name=op.f("fk_compliance_catalogue_entry_catalogue_id"),
        ),
        sa.PrimaryKeyConstraint("catalogue_id", "code", name=op.f("pk_compliance_catalogue_entry")),
    )
    op.create_table(
        "compliance_institution_licence",
        sa.Column("enterprise_id", sa.String(length=26), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=128), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("by", sa.String(length=255), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id"],
            ["compliance_enterprise.id"],
            name=op.f("fk_compliance_institution_licence_enterprise_id"),
        ),
        sa.PrimaryKeyConstraint("enterprise_id", "n", name=op.f("pk_compliance_institution_licence")),
    )
    op.create_table(
        "compliance_standard_item",
        sa.Column("standard_id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["standard_id"],
            ["compliance_occupation_standard.id"],
            name=op.f("fk_compliance_standard_item_standard_id"),
        ),
        sa.PrimaryKeyConstraint("standard_id", "code", name=op.f("pk_compliance_standard_item")),
    )
    op.create_table(
        "compliance_filing_project",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("catalogue_id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=255), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalogue_id", "code"],
            ["compliance_catalogue_entry.catalogue_id", "compliance_catalogue_entry.code"],
            name=op.f("fk_compliance_filing_project_catalogue_id_code"),
        ),
        sa.ForeignKeyConstraint(
            ["class_id"], ["compliance_class.id"], name=op.f("fk_compliance_filing_project_class_id")
        ),
        sa.PrimaryKeyConstraint("class_id", "n", name=op.f("pk_compliance_filing_project")),
    )
    op.create_table(
        "compliance_filing_record",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=128), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("opinion_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("by", sa.String(length=255), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id"], ["compliance_class.id"], name=op.f("fk_compliance_filing_record_class_id")
        ),
        sa.PrimaryKeyConstraint("class_id", "kind", "n", name=op.f("pk_compliance_filing_record")),
    )
    op.create_table(
        "compliance_lesson_standard",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("lesson_id", sa.String(length=26), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("standard_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id", "lesson_id"],
            ["compliance_lesson.class_id", "compliance_lesson.id"],
            name=op.f("fk_compliance_lesson_standard_class_id_lesson_id"),
        ),
        sa.ForeignKeyConstraint(
            ["standard_id", "item"],
            ["compliance_standard_item.standard_id", "compliance_standard_item.code"],
            name=op.f("fk_compliance_lesson_standard_standard_id_item"),
        ),
        sa.PrimaryKeyConstraint("class_id", "lesson_id", "item", name=op.f("pk_compliance_lesson_standard")),
    )


def downgrade() -> None:
    op.drop_table("compliance_lesson_standard")
    op.drop_table("compliance_filing_record")
    op.drop_table("compliance_filing_project")
    op.drop_table("compliance_standard_item")
    op.drop_table("compliance_institution_licence")
    op.drop_table("compliance_catalogue_entry")
    op.drop_table("compliance_occupation_standard")
    op.drop_table("compliance_catalogue")
