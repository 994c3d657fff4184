"""Keep what supervision finds.

New tables only; the previous release does not know them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compliance_anomaly",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("enrolment_id", sa.String(length=26), nullable=True),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("ip_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("class_id", "id", name=op.f("pk_compliance_anomaly")),
        sa.UniqueConstraint(
            "class_id", "kind", "subject", name=op.f("uq_compliance_anomaly_class_id_kind_subject")
        ),
    )
    with op.batch_alter_table("compliance_anomaly", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_compliance_anomaly_class_id_status"), ["class_id", "status"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_compliance_anomaly_enrolment_id"), ["enrolment_id"], unique=False
        )

    op.create_table(
        "compliance_anomaly_decision",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("anomaly_id", sa.String(length=26), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("class_id", "anomaly_id", "n", name=op.f("pk_compliance_anomaly_decision")),
    )
    op.create_table(
        "compliance_known_network_told",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("network_id", sa.String(length=26), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint(
            "class_id", "network_id", "event", name=op.f("pk_compliance_known_network_told")
        ),
    )
    op.create_table(
        "compliance_seen_at",
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("session_id", sa.String(length=26), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("ip_blind", sa.String(length=64), nullable=False),
        sa.Column("ip_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("agent_blind", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", "session_id", "n", name=op.f("pk_compliance_seen_at")),
    )
    with op.batch_alter_table("compliance_seen_at", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_compliance_seen_at_ip_blind_day"), ["ip_blind", "day"], unique=False
        )

    op.create_table(
        "compliance_study_day",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("credited_seconds", sa.Integer(), nullable=False),
        sa.Column("wall_seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("class_id", "enrolment_id", "day", name=op.f("pk_compliance_study_day")),
    )
    with op.batch_alter_table("compliance_study_day", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_compliance_study_day_day_class_id"), ["day", "class_id"], unique=False
        )

    op.create_table(
        "compliance_watched",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("judged_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("compared", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("class_id", "enrolment_id", name=op.f("pk_compliance_watched")),
    )
    op.create_table(
        "compliance_known_network",
        sa.Column("enterprise_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("cidr_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.String(length=255), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["enterprise_id"],
            ["compliance_enterprise.id"],
            name=op.f("fk_compliance_known_network_enterprise_id"),
        ),
        sa.PrimaryKeyConstraint("enterprise_id", "id", name=op.f("pk_compliance_known_network")),
    )


def downgrade() -> None:
    op.drop_table("compliance_known_network")
    op.drop_table("compliance_watched")
    with op.batch_alter_table("compliance_study_day", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compliance_study_day_day_class_id"))

    op.drop_table("compliance_study_day")
    with op.batch_alter_table("compliance_seen_at", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compliance_seen_at_ip_blind_day"))

    op.drop_table("compliance_seen_at")
    op.drop_table("compliance_known_network_told")
    op.drop_table("compliance_anomaly_decision")
    with op.batch_alter_table("compliance_anomaly", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compliance_anomaly_enrolment_id"))
        batch_op.drop_index(batch_op.f("ix_compliance_anomaly_class_id_status"))

    op.drop_table("compliance_anomaly")
