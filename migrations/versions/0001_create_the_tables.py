"""Create the tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compliance_completion",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("judged_sessions", sa.Integer(), nullable=False),
        sa.Column("judged_at", sa.BigInteger(), nullable=False),
        sa.Column("total_hours", sa.String(length=32), nullable=False),
        sa.Column("average_minutes", sa.String(length=32), nullable=False),
        sa.Column("credited_seconds", sa.Integer(), nullable=False),
        sa.Column("wall_seconds", sa.Integer(), nullable=False),
        sa.Column("training_met", sa.Boolean(), nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("class_id", "enrolment_id", name=op.f("pk_compliance_completion")),
    )
    op.create_table(
        "compliance_enterprise",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("district", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compliance_enterprise")),
        sa.UniqueConstraint("uscc", name=op.f("uq_compliance_enterprise_uscc")),
    )
    op.create_table(
        "compliance_evidence_batch",
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start_size", sa.BigInteger(), nullable=False),
        sa.Column("end_size", sa.BigInteger(), nullable=False),
        sa.Column("staged_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", name=op.f("pk_compliance_evidence_batch")),
    )
    op.create_table(
        "compliance_evidence_checkpoint",
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "size", name=op.f("pk_compliance_evidence_checkpoint")),
    )
    op.create_table(
        "compliance_evidence_disclosure",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "class_id", "stream", "n", "name", name=op.f("pk_compliance_evidence_disclosure")
        ),
    )
    op.create_table(
        "compliance_evidence_entry",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("class_id", "stream", "n", name=op.f("pk_compliance_evidence_entry")),
    )
    op.create_table(
        "compliance_evidence_log",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compliance_evidence_log")),
        sa.UniqueConstraint("origin", name=op.f("uq_compliance_evidence_log_origin")),
    )
    op.create_table(
        "compliance_evidence_outbox",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("class_id", "stream", "n", name=op.f("pk_compliance_evidence_outbox")),
    )
    with op.batch_alter_table("compliance_evidence_outbox", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_compliance_evidence_outbox_queued_at"), ["queued_at"], unique=False
        )

    op.create_table(
        "compliance_evidence_position",
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("log_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "log_index", name=op.f("pk_compliance_evidence_position")),
        sa.UniqueConstraint(
            "class_id", "stream", "n", name=op.f("uq_compliance_evidence_position_class_id_stream_n")
        ),
    )
    with op.batch_alter_table("compliance_evidence_position", schema=None) as batch_op:
        batch_op.create_index(
            "ix_compliance_evidence_position_class_id", ["class_id", "log_id", "log_index"], unique=False
        )

    op.create_table(
        "compliance_evidence_snapshot",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("first_n", sa.BigInteger(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("heads_digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("class_id", "id", name=op.f("pk_compliance_evidence_snapshot")),
    )
    op.create_table(
        "compliance_evidence_stream",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("class_id", "stream", name=op.f("pk_compliance_evidence_stream")),
    )
    op.create_table(
        "compliance_evidence_tile",
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tile_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "level", "tile_index", name=op.f("pk_compliance_evidence_tile")),
    )
    op.create_table(
        "compliance_exam_attempt",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("blueprint_version", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("deadline_at", sa.BigInteger(), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.String(length=16), nullable=True),
        sa.Column("answered", sa.Integer(), nullable=True),
        sa.Column("graded_at", sa.BigInteger(), nullable=True),
        sa.Column("score", sa.String(length=32), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint(
            "class_id", "enrolment_id", "number", name=op.f("pk_compliance_exam_attempt")
        ),
    )
    with op.batch_alter_table("compliance_exam_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compliance_exam_attempt_id"), ["id"], unique=False)
        batch_op.create_index(
            "uq_compliance_exam_attempt_open",
            ["class_id", "enrolment_id"],
            unique=True,
            sqlite_where=sa.text("submitted_at IS NULL"),
            postgresql_where=sa.text("submitted_at IS NULL"),
        )

    op.create_table(
        "compliance_exam_blueprint",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("parts", sa.LargeBinary(), nullable=False),
        sa.Column("full_marks", sa.String(length=32), nullable=False),
        sa.Column("duration_seconds", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("class_id", "version", name=op.f("pk_compliance_exam_blueprint")),
    )
    op.create_table(
        "compliance_exam_paper",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("attempt_id", sa.String(length=26), nullable=False),
        sa.Column("questions", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("class_id", "attempt_id", name=op.f("pk_compliance_exam_paper")),
    )
    op.create_table(
        "compliance_exam_sheet",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("attempt_id", sa.String(length=26), nullable=False),
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("kinds", sa.String(length=400), nullable=False),
        sa.Column("deadline_at", sa.BigInteger(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=True),
        sa.Column("address_blind", sa.String(length=64), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("timeline", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("class_id", "attempt_id", name=op.f("pk_compliance_exam_sheet")),
    )
    with op.batch_alter_table("compliance_exam_sheet", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compliance_exam_sheet_attempt_id"), ["attempt_id"], unique=False)
        batch_op.create_index(
            "ix_compliance_exam_sheet_open",
            ["deadline_at"],
            unique=False,
            sqlite_where=sa.text("is_open = 1"),
            postgresql_where=sa.text("is_open"),
        )

    op.create_table(
        "compliance_exam_unlock",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("unlocked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("class_id", "enrolment_id", name=op.f("pk_compliance_exam_unlock")),
    )
    op.create_table(
        "compliance_guess_counter",
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("first_failed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("external_id", name=op.f("pk_compliance_guess_counter")),
    )
    op.create_table(
        "compliance_job",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("due_us", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("claimed_by", sa.String(length=26), nullable=False),
        sa.Column("claimed_until_us", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("finished_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compliance_job")),
    )
    with op.batch_alter_table("compliance_job", schema=None) as batch_op:
        batch_op.create_index("ix_compliance_job_claimable", ["state", "due_us"], unique=False)
        batch_op.create_index(
            "uq_compliance_job_unfinished",
            ["kind", "subject"],
            unique=True,
            sqlite_where=sa.text("state IN ('queued', 'running')"),
            postgresql_where=sa.text("state IN ('queued', 'running')"),
        )

    op.create_table(
        "compliance_lease",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("holder", sa.String(length=26), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("expires_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_compliance_lease")),
    )
    op.create_table(
        "compliance_ledger_download",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("export_id", sa.String(length=26), nullable=False),
        sa.Column("file", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("downloaded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("class_id", "id", name=op.f("pk_compliance_ledger_download")),
    )
    op.create_table(
        "compliance_ledger_export",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("snapshot", sa.String(length=26), nullable=False),
        sa.Column("data_size", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_n", sa.Integer(), nullable=False),
        sa.Column("requested_by", sa.String(length=255), nullable=False),
        sa.Column("stem", sa.String(length=80), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("workbook_sha256", sa.String(length=64), nullable=False),
        sa.Column("workbook_size", sa.BigInteger(), nullable=False),
        sa.Column("bundle_sha256", sa.String(length=64), nullable=True),
        sa.Column("bundle_size", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("class_id", "id", name=op.f("pk_compliance_ledger_export")),
    )
    op.create_table(
        "compliance_open_session",
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("session_id", sa.String(length=26), nullable=False),
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("lesson_id", sa.String(length=26), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("superseded_by", sa.String(length=26), nullable=True),
        sa.Column("segment_n", sa.Integer(), nullable=False),
        sa.Column("segment_start", sa.BigInteger(), nullable=False),
        sa.Column("slow_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("last_position_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_state", sa.String(length=8), nullable=False),
        sa.Column("beats", sa.Text(), nullable=False),
        sa.Column("ip_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("agent_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("ip_blind", sa.String(length=64), nullable=False),
        sa.Column("agent_blind", sa.String(length=64), nullable=False),
        sa.Column("address_new", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", "session_id", name=op.f("pk_compliance_open_session")),
        postgresql_with={"fillfactor": 70},
    )
    with op.batch_alter_table("compliance_open_session", schema=None) as batch_op:
        batch_op.create_index(
            "uq_compliance_open_session_active_person",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("active"),
            postgresql_where=sa.text("active"),
        )

    op.create_table(
        "compliance_person",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sex_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("birth_date_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id_kind", sa.String(length=32), nullable=False),
        sa.Column("id_number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id_number_blind", sa.String(length=64), nullable=False),
        sa.Column("given_number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_blind", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compliance_person")),
        sa.UniqueConstraint("id_number_blind", name=op.f("uq_compliance_person_id_number_blind")),
    )
    with op.batch_alter_table("compliance_person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compliance_person_phone_blind"), ["phone_blind"], unique=False)

    op.create_table(
        "compliance_policy_text",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_compliance_policy_text")),
    )
    op.create_table(
        "compliance_question",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("bank", sa.String(length=255), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("stem", sa.Text(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("key", sa.JSON(), nullable=False),
        sa.Column("chapter", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("difficulty", sa.Text(), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_by", sa.String(length=255), nullable=True),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.Column("extras", sa.JSON(), nullable=False),
        sa.Column("wording_digest", sa.String(length=64), nullable=False),
        sa.Column("normal_digest", sa.String(length=64), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compliance_question")),
        sa.UniqueConstraint(
            "topic", "normal_digest", name=op.f("uq_compliance_question_topic_normal_digest")
        ),
    )
    with op.batch_alter_table("compliance_question", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compliance_question_bank"), ["bank"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_compliance_question_topic_kind"), ["topic", "kind"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_compliance_question_wording_digest"), ["wording_digest"], unique=False
        )

    op.create_table(
        "compliance_segment",
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("session_id", sa.String(length=26), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_by", sa.String(length=16), nullable=False),
        sa.Column("beats", sa.Text(), nullable=False),
        sa.Column("ip_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("agent_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("ip_blind", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("enrolment_id", "session_id", "n", name=op.f("pk_compliance_segment")),
    )
    with op.batch_alter_table("compliance_segment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compliance_segment_ip_blind"), ["ip_blind"], unique=False)

    op.create_table(
        "compliance_session",
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("session_id", sa.String(length=26), nullable=False),
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("lesson_id", sa.String(length=26), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("close_reason", sa.String(length=16), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("superseded_by", sa.String(length=26), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("last_position_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_state", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", "session_id", name=op.f("pk_compliance_session")),
    )
    with op.batch_alter_table("compliance_session", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_compliance_session_class_id_opened_at"), ["class_id", "opened_at"], unique=False
        )

    op.create_table(
        "compliance_account",
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("activated_at", sa.BigInteger(), nullable=False),
        sa.Column("ip_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("consent_version", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["compliance_person.id"], name=op.f("fk_compliance_account_person_id")
        ),
        sa.PrimaryKeyConstraint("external_id", name=op.f("pk_compliance_account")),
        sa.UniqueConstraint("person_id", name=op.f("uq_compliance_account_person_id")),
    )
    op.create_table(
        "compliance_class",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("enterprise_id", sa.String(length=26), nullable=False),
        sa.Column("district", sa.String(length=64), nullable=False),
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("policy_digest", sa.String(length=64), nullable=False),
        sa.Column("window_start", sa.BigInteger(), nullable=False),
        sa.Column("window_end", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("filed_at", sa.BigInteger(), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("filing_number", sa.String(length=128), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["compliance_enterprise.id"], name=op.f("fk_compliance_class_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["policy_digest"],
            ["compliance_policy_text.digest"],
            name=op.f("fk_compliance_class_policy_digest"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compliance_class")),
        sa.UniqueConstraint("code", name=op.f("uq_compliance_class_code")),
    )
    with op.batch_alter_table("compliance_class", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compliance_class_district"), ["district"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_compliance_class_enterprise_id"), ["enterprise_id"], unique=False
        )

    op.create_table(
        "compliance_exam_lock",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("locked_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id", "enrolment_id"],
            ["compliance_exam_unlock.class_id", "compliance_exam_unlock.enrolment_id"],
            name=op.f("fk_compliance_exam_lock_class_id_enrolment_id"),
        ),
        sa.PrimaryKeyConstraint("class_id", "enrolment_id", name=op.f("pk_compliance_exam_lock")),
    )
    op.create_table(
        "compliance_identity_case",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("side_a_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("side_b_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.String(length=255), nullable=True),
        sa.Column("decision", sa.String(length=2000), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["compliance_person.id"], name=op.f("fk_compliance_identity_case_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compliance_identity_case")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_compliance_identity_case_fingerprint")),
    )
    with op.batch_alter_table("compliance_identity_case", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_compliance_identity_case_state_opened_at"), ["state", "opened_at"], unique=False
        )

    op.create_table(
        "compliance_question_version",
        sa.Column("question_id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["compliance_question.id"],
            name=op.f("fk_compliance_question_version_question_id"),
        ),
        sa.PrimaryKeyConstraint("question_id", "version", name=op.f("pk_compliance_question_version")),
    )
    op.create_table(
        "compliance_enrolment",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("department_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("household_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("registered_at", sa.BigInteger(), nullable=False),
        sa.Column("verification_method", sa.String(length=32), nullable=False),
        sa.Column("verification_result", sa.String(length=16), nullable=False),
        sa.Column("verified_at", sa.BigInteger(), nullable=False),
        sa.Column("activated_at", sa.BigInteger(), nullable=True),
        sa.Column("consent_version", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["class_id"], ["compliance_class.id"], name=op.f("fk_compliance_enrolment_class_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["compliance_person.id"], name=op.f("fk_compliance_enrolment_person_id")
        ),
        sa.PrimaryKeyConstraint("class_id", "id", name=op.f("pk_compliance_enrolment")),
        sa.UniqueConstraint("class_id", "ordinal", name=op.f("uq_compliance_enrolment_class_id_ordinal")),
        sa.UniqueConstraint("class_id", "person_id", name=op.f("uq_compliance_enrolment_class_id_person_id")),
    )
    with op.batch_alter_table("compliance_enrolment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compliance_enrolment_id"), ["id"], unique=False)
        batch_op.create_index(batch_op.f("ix_compliance_enrolment_person_id"), ["person_id"], unique=False)

    op.create_table(
        "compliance_lesson",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("course", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("delivery", sa.String(length=32), nullable=False),
        sa.Column("class_hours", sa.String(length=32), nullable=False),
        sa.Column("planned_seconds", sa.Integer(), nullable=False),
        sa.Column("content_kind", sa.String(length=16), nullable=False),
        sa.Column("content_url", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id"], ["compliance_class.id"], name=op.f("fk_compliance_lesson_class_id")
        ),
        sa.PrimaryKeyConstraint("class_id", "id", name=op.f("pk_compliance_lesson")),
        sa.UniqueConstraint("class_id", "ordinal", name=op.f("uq_compliance_lesson_class_id_ordinal")),
    )
    with op.batch_alter_table("compliance_lesson", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compliance_lesson_id"), ["id"], unique=False)

    op.create_table(
        "compliance_activation_code",
        sa.Column("code_blind", sa.String(length=64), nullable=False),
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("enrolment_id", sa.String(length=26), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("used_by", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["class_id", "enrolment_id"],
            ["compliance_enrolment.class_id", "compliance_enrolment.id"],
            name=op.f("fk_compliance_activation_code_class_id_enrolment_id"),
        ),
        sa.PrimaryKeyConstraint("code_blind", name=op.f("pk_compliance_activation_code")),
    )
    with op.batch_alter_table("compliance_activation_code", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_compliance_activation_code_class_id_enrolment_id"),
            ["class_id", "enrolment_id"],
            unique=False,
        )


def downgrade() -> None:
    with op.batch_alter_table("compliance_activation_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compliance_activation_code_class_id_enrolment_id"))

    op.drop_table("compliance_activation_code")
    with op.batch_alter_table("compliance_lesson", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compliance_lesson_id"))

    op.drop_table("compliance_lesson")
    with op.batch_alter_table("compliance_enrolment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compliance_enrolment_person_id"))
        batch_op.drop_index(batch_op.f("ix_compliance_enrolment_id"))

    op.drop_table("compliance_enrolment")
    op.drop_table("compliance_question_version")
    with op.batch_alter_table("compliance_identity_case", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compliance_identity_case_state_opened_at"))

    op.drop_table("compliance_identity_case")
    op.drop_table("compliance_exam_lock")
    with op.batch_alter_table("compliance_class", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compliance_class_enterprise_id"))
        batch_op.drop_index(batch_op.f("ix_compliance_class_district"))

    op.drop_table("compliance_class")
    op.drop_table("compliance_account")
    with op.batch_alter_table("compliance_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compliance_session_class_id_opened_at"))

    op.drop_table("compliance_session")
    with op.batch_alter_table("compliance_segment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compliance_segment_ip_blind"))

    op.drop_table("compliance_segment")
    with op.batch_alter_table("compliance_question", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compliance_question_wording_digest"))
        batch_op.drop_index(batch_op.f("ix_compliance_question_topic_kind"))
        batch_op.drop_index(batch_op.f("ix_compliance_question_bank"))

    op.drop_table("compliance_question")
    op.drop_table("compliance_policy_text")
    with op.batch_alter_table("compliance_person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compliance_person_phone_blind"))

    op.drop_table("compliance_person")
    with op.batch_alter_table("compliance_open_session", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_compliance_open_session_active_person",
            sqlite_where=sa.text("active"),
            postgresql_where=sa.text("active"),
        )

    op.drop_table("compliance_open_session")
    op.drop_table("compliance_ledger_export")
    op.drop_table("compliance_ledger_download")
    op.drop_table("compliance_lease")
    with op.batch_alter_table("compliance_job", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_compliance_job_unfinished",
            sqlite_where=sa.text("state IN ('queued', 'running')"),
            postgresql_where=sa.text("state IN ('queued', 'running')"),
        )
        batch_op.drop_index("ix_compliance_job_claimable")

    op.drop_table("compliance_job")
    op.drop_table("compliance_guess_counter")
    op.drop_table("compliance_exam_unlock")
    with op.batch_alter_table("compliance_exam_sheet", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_compliance_exam_sheet_open",
            sqlite_where=sa.text("is_open = 1"),
            postgresql_where=sa.text("is_open"),
        )
        batch_op.drop_index(batch_op.f("ix_compliance_exam_sheet_attempt_id"))

    op.drop_table("compliance_exam_sheet")
    op.drop_table("compliance_exam_paper")
    op.drop_table("compliance_exam_blueprint")
    with op.batch_alter_table("compliance_exam_attempt", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_compliance_exam_attempt_open",
            sqlite_where=sa.text("submitted_at IS NULL"),
            postgresql_where=sa.text("submitted_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_compliance_exam_attempt_id"))

    op.drop_table("compliance_exam_attempt")
    op.drop_table("compliance_evidence_tile")
    op.drop_table("compliance_evidence_stream")
    op.drop_table("compliance_evidence_snapshot")
    with op.batch_alter_table("compliance_evidence_position", schema=None) as batch_op:
        batch_op.drop_index("ix_compliance_evidence_position_class_id")

    op.drop_table("compliance_evidence_position")
    with op.batch_alter_table("compliance_evidence_outbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compliance_evidence_outbox_queued_at"))

    op.drop_table("compliance_evidence_outbox")
    op.drop_table("compliance_evidence_log")
    op.drop_table("compliance_evidence_entry")
    op.drop_table("compliance_evidence_disclosure")
    op.drop_table("compliance_evidence_checkpoint")
    op.drop_table("compliance_evidence_batch")
    op.drop_table("compliance_enterprise")
    op.drop_table("compliance_completion")
