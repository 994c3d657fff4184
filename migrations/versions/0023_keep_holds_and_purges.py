"""Keep holds and purges, and let values of the evidence log go only with a purge.

Two new tables, and guards on the table of disclosures; the previous release deletes nothing from it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


SQLITE = (
    (
        "CREATE TRIGGER compliance_retention_purge_no_change BEFORE UPDATE ON "
        "compliance_retention_purge WHEN (NEW.class_id = OLD.class_id AND NEW.id = OLD.id AND "
        "NEW.ordered_at = OLD.ordered_at AND NEW.ordered_by = OLD.ordered_by AND (OLD.state = "
        "'ordered' AND NEW.state = 'withdrawn' OR OLD.state = 'ordered' AND NEW.state = "
        "'confirmed' AND NEW.confirmed_by <> OLD.ordered_by AND NOT (EXISTS (SELECT 1 FROM "
        "compliance_retention_hold AS h WHERE h.released_at IS NULL AND (h.class_id = "
        "NEW.class_id OR h.person_id IN (SELECT e.person_id FROM compliance_enrolment AS e WHERE "
        "e.class_id = NEW.class_id)))) OR OLD.state = 'confirmed' AND NEW.state = 'done' AND "
        "NEW.names = OLD.names AND NEW.confirmed_by = OLD.confirmed_by OR OLD.state = 'done' AND "
        "NEW.state = 'done' AND OLD.cleared_at IS NULL AND NEW.names = OLD.names AND "
        "NEW.confirmed_by = OLD.confirmed_by AND NEW.categories = OLD.categories AND NEW.report "
        "= OLD.report) AND NEW.rowid = OLD.rowid) IS NOT TRUE BEGIN SELECT RAISE(ABORT, 'UPDATE "
        "of compliance_retention_purge is refused: two people stand behind a purge, no hold "
        "against it, and it is never undone'); END"
    ),
    (
        "CREATE TRIGGER compliance_retention_purge_no_delete BEFORE DELETE ON "
        "compliance_retention_purge BEGIN SELECT RAISE(ABORT, 'DELETE of "
        "compliance_retention_purge is refused: two people stand behind a purge, no hold against "
        "it, and it is never undone'); END"
    ),
    (
        "CREATE TRIGGER compliance_retention_purge_no_replace BEFORE INSERT ON "
        "compliance_retention_purge WHEN NEW.state <> 'ordered' OR EXISTS (SELECT 1 FROM "
        "compliance_retention_purge WHERE rowid = NEW.rowid OR (class_id = NEW.class_id AND id = "
        "NEW.id)) BEGIN SELECT RAISE(ABORT, 'INSERT of compliance_retention_purge is refused: "
        "two people stand behind a purge, no hold against it, and it is never undone'); END"
    ),
    (
        "CREATE TRIGGER compliance_retention_hold_no_change BEFORE UPDATE ON "
        "compliance_retention_hold WHEN (NEW.class_id = OLD.class_id AND NEW.id = OLD.id AND "
        "NEW.placed_at = OLD.placed_at AND NEW.placed_by = OLD.placed_by AND "
        "COALESCE(NEW.person_id, '') = COALESCE(OLD.person_id, '') AND "
        "(COALESCE(NEW.released_at, 0) = COALESCE(OLD.released_at, 0) OR OLD.released_at IS NULL "
        "AND NEW.released_by <> OLD.release_asked_by) AND NEW.rowid = OLD.rowid) IS NOT TRUE "
        "BEGIN SELECT RAISE(ABORT, 'UPDATE of compliance_retention_hold is refused: a hold is "
        "only ever released, by two people'); END"
    ),
    (
        "CREATE TRIGGER compliance_retention_hold_no_delete BEFORE DELETE ON "
        "compliance_retention_hold BEGIN SELECT RAISE(ABORT, 'DELETE of "
        "compliance_retention_hold is refused: a hold is only ever released, by two people'); END"
    ),
    (
        "CREATE TRIGGER compliance_retention_hold_no_replace BEFORE INSERT ON "
        "compliance_retention_hold WHEN NEW.released_at IS NOT NULL OR EXISTS (SELECT 1 FROM "
        "compliance_retention_hold WHERE rowid = NEW.rowid OR (class_id = NEW.class_id AND id = "
        "NEW.id)) BEGIN SELECT RAISE(ABORT, 'INSERT of compliance_retention_hold is refused: a "
        "hold is only ever released, by two people'); END"
    ),
    (
        "CREATE TRIGGER compliance_evidence_disclosure_no_change BEFORE UPDATE ON "
        "compliance_evidence_disclosure WHEN (NEW.class_id = OLD.class_id AND NEW.stream = "
        "OLD.stream AND NEW.n = OLD.n AND NEW.name = OLD.name AND NEW.rowid = OLD.rowid) IS NOT "
        "TRUE BEGIN SELECT RAISE(ABORT, 'UPDATE of compliance_evidence_disclosure is refused: a "
        "value goes only with a purge of its class'); END"
    ),
    (
        "CREATE TRIGGER compliance_evidence_disclosure_no_delete BEFORE DELETE ON "
        "compliance_evidence_disclosure WHEN NOT EXISTS (SELECT 1 FROM "
        "compliance_retention_purge WHERE class_id = OLD.class_id AND state = 'confirmed' AND "
        "instr(names, '\"' || OLD.name || '\"') > 0) BEGIN SELECT RAISE(ABORT, 'DELETE of "
        "compliance_evidence_disclosure is refused: a value goes only with a purge of its "
        "class'); END"
    ),
    (
        "CREATE TRIGGER compliance_evidence_disclosure_no_replace BEFORE INSERT ON "
        "compliance_evidence_disclosure WHEN EXISTS (SELECT 1 FROM "
        "compliance_evidence_disclosure WHERE rowid = NEW.rowid OR (class_id = NEW.class_id AND "
        "stream = NEW.stream AND n = NEW.n AND name = NEW.name)) BEGIN SELECT RAISE(ABORT, "
        "'INSERT of compliance_evidence_disclosure is refused: a value goes only with a purge of "
        "its class'); END"
    ),
)
POSTGRESQL = (
    (
        "CREATE OR REPLACE FUNCTION compliance_retention_purge_refuse() RETURNS trigger LANGUAGE "
        "plpgsql AS $refuse$\nDECLARE held boolean;\nBEGIN\n  EXECUTE format('SELECT EXISTS (SELECT "
        "1 FROM %1$I.compliance_retention_hold AS h WHERE h.released_at IS NULL AND (h.class_id "
        "= $1 OR h.person_id IN (SELECT e.person_id FROM %1$I.compliance_enrolment AS e WHERE "
        "e.class_id = $1)))', TG_TABLE_SCHEMA) INTO held USING NEW.class_id;\n  IF TG_OP = "
        "'INSERT' AND NEW.state = 'ordered' THEN RETURN NEW; END IF;\n  IF TG_OP = 'UPDATE' THEN\n "
        "   IF NEW.class_id = OLD.class_id AND NEW.id = OLD.id AND NEW.ordered_at = "
        "OLD.ordered_at AND NEW.ordered_by = OLD.ordered_by AND (OLD.state = 'ordered' AND "
        "NEW.state = 'withdrawn' OR OLD.state = 'ordered' AND NEW.state = 'confirmed' AND "
        "NEW.confirmed_by <> OLD.ordered_by AND NOT (held) OR OLD.state = 'confirmed' AND "
        "NEW.state = 'done' AND NEW.names = OLD.names AND NEW.confirmed_by = OLD.confirmed_by OR "
        "OLD.state = 'done' AND NEW.state = 'done' AND OLD.cleared_at IS NULL AND NEW.names = "
        "OLD.names AND NEW.confirmed_by = OLD.confirmed_by AND NEW.categories = OLD.categories "
        "AND NEW.report = OLD.report) THEN RETURN NEW; END IF;\n  END IF;\n  RAISE EXCEPTION USING "
        "ERRCODE = 'restrict_violation',\n    MESSAGE = TG_OP || ' of ' || TG_TABLE_NAME || ' is "
        "refused: two people stand behind a purge, no hold against it, and it is never "
        "undone';\nEND\n$refuse$"
    ),
    (
        "CREATE OR REPLACE FUNCTION compliance_retention_hold_refuse() RETURNS trigger LANGUAGE "
        "plpgsql AS $refuse$\nDECLARE \nBEGIN\n  IF TG_OP = 'INSERT' AND NEW.released_at IS NULL "
        "THEN RETURN NEW; END IF;\n  IF TG_OP = 'UPDATE' THEN\n    IF NEW.class_id = OLD.class_id "
        "AND NEW.id = OLD.id AND NEW.placed_at = OLD.placed_at AND NEW.placed_by = OLD.placed_by "
        "AND COALESCE(NEW.person_id, '') = COALESCE(OLD.person_id, '') AND "
        "(COALESCE(NEW.released_at, 0) = COALESCE(OLD.released_at, 0) OR OLD.released_at IS NULL "
        "AND NEW.released_by <> OLD.release_asked_by) THEN RETURN NEW; END IF;\n  END IF;\n  RAISE "
        "EXCEPTION USING ERRCODE = 'restrict_violation',\n    MESSAGE = TG_OP || ' of ' || "
        "TG_TABLE_NAME || ' is refused: a hold is only ever released, by two "
        "people';\nEND\n$refuse$"
    ),
    (
        "CREATE OR REPLACE FUNCTION compliance_evidence_disclosure_refuse() RETURNS trigger "
        "LANGUAGE plpgsql AS $refuse$\nDECLARE named boolean;\nBEGIN\n  IF TG_OP = 'UPDATE' THEN\n   "
        " IF NEW.class_id = OLD.class_id AND NEW.stream = OLD.stream AND NEW.n = OLD.n AND "
        "NEW.name = OLD.name THEN RETURN NEW; END IF;\n  END IF;\n  IF TG_OP = 'DELETE' THEN\n    "
        "EXECUTE format('SELECT EXISTS (SELECT 1 FROM %1$I.compliance_retention_purge WHERE "
        "class_id = $1 AND state = ''confirmed'' AND strpos(names, $2) > 0)', TG_TABLE_SCHEMA) "
        "INTO named USING OLD.class_id, '\"' || OLD.name || '\"';\n    IF named THEN RETURN OLD; "
        "END IF;\n  END IF;\n  RAISE EXCEPTION USING ERRCODE = 'restrict_violation',\n    MESSAGE = "
        "TG_OP || ' of ' || TG_TABLE_NAME || ' is refused: a value goes only with a purge of its "
        "class';\nEND\n$refuse$"
    ),
    (
        "CREATE TRIGGER compliance_retention_purge_no_change BEFORE INSERT OR UPDATE ON "
        "compliance_retention_purge FOR EACH ROW EXECUTE FUNCTION "
        "compliance_retention_purge_refuse()"
    ),
    ("ALTER TABLE compliance_retention_purge ENABLE ALWAYS TRIGGER compliance_retention_purge_no_change"),
    (
        "CREATE TRIGGER compliance_retention_purge_no_delete BEFORE DELETE ON "
        "compliance_retention_purge FOR EACH ROW EXECUTE FUNCTION "
        "compliance_retention_purge_refuse()"
    ),
    ("ALTER TABLE compliance_retention_purge ENABLE ALWAYS TRIGGER compliance_retention_purge_no_delete"),
    (
        "CREATE TRIGGER compliance_retention_purge_no_truncate BEFORE TRUNCATE ON "
        "compliance_retention_purge FOR EACH STATEMENT EXECUTE FUNCTION "
        "compliance_retention_purge_refuse()"
    ),
    ("ALTER TABLE compliance_retention_purge ENABLE ALWAYS TRIGGER compliance_retention_purge_no_truncate"),
    (
        "CREATE TRIGGER compliance_retention_hold_no_change BEFORE INSERT OR UPDATE ON "
        "compliance_retention_hold FOR EACH ROW EXECUTE FUNCTION "
        "compliance_retention_hold_refuse()"
    ),
    ("ALTER TABLE compliance_retention_hold ENABLE ALWAYS TRIGGER compliance_retention_hold_no_change"),
    (
        "CREATE TRIGGER compliance_retention_hold_no_delete BEFORE DELETE ON "
        "compliance_retention_hold FOR EACH ROW EXECUTE FUNCTION "
        "compliance_retention_hold_refuse()"
    ),
    ("ALTER TABLE compliance_retention_hold ENABLE ALWAYS TRIGGER compliance_retention_hold_no_delete"),
    (
        "CREATE TRIGGER compliance_retention_hold_no_truncate BEFORE TRUNCATE ON "
        "compliance_retention_hold FOR EACH STATEMENT EXECUTE FUNCTION "
        "compliance_retention_hold_refuse()"
    ),
    ("ALTER TABLE compliance_retention_hold ENABLE ALWAYS TRIGGER compliance_retention_hold_no_truncate"),
    (
        "CREATE TRIGGER compliance_evidence_disclosure_no_change BEFORE UPDATE ON "
        "compliance_evidence_disclosure FOR EACH ROW EXECUTE FUNCTION "
        "compliance_evidence_disclosure_refuse()"
    ),
    (
        "ALTER TABLE compliance_evidence_disclosure ENABLE ALWAYS TRIGGER "
        "compliance_evidence_disclosure_no_change"
    ),
    (
        "CREATE TRIGGER compliance_evidence_disclosure_no_delete BEFORE DELETE ON "
        "compliance_evidence_disclosure FOR EACH ROW EXECUTE FUNCTION "
        "compliance_evidence_disclosure_refuse()"
    ),
    (
        "ALTER TABLE compliance_evidence_disclosure ENABLE ALWAYS TRIGGER "
        "compliance_evidence_disclosure_no_delete"
    ),
    (
        "CREATE TRIGGER compliance_evidence_disclosure_no_truncate BEFORE TRUNCATE ON "
        "compliance_evidence_disclosure FOR EACH STATEMENT EXECUTE FUNCTION "
        "compliance_evidence_disclosure_refuse()"
    ),
    (
        "ALTER TABLE compliance_evidence_disclosure ENABLE ALWAYS TRIGGER "
        "compliance_evidence_disclosure_no_truncate"
    ),
)


def upgrade() -> None:
    op.create_table(
        "compliance_retention_hold",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=True),
        sa.Column("enrolment_id", sa.String(length=26), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("placed_by", sa.String(length=255), nullable=False),
        sa.Column("release_asked_at", sa.BigInteger(), nullable=True),
        sa.Column("release_asked_by", sa.String(length=255), nullable=True),
        sa.Column("release_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("released_by", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("class_id", "id", name=op.f("pk_compliance_retention_hold")),
    )
    op.create_index(
        op.f("ix_compliance_retention_hold_person_id"),
        "compliance_retention_hold",
        ["person_id"],
        unique=False,
    )

    op.create_table(
        "compliance_retention_purge",
        sa.Column("class_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("ordered_at", sa.BigInteger(), nullable=False),
        sa.Column("ordered_by", sa.String(length=255), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_by", sa.String(length=255), nullable=True),
        sa.Column("recorded_n", sa.Integer(), nullable=True),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("objects", sa.Text(), nullable=False),
        sa.Column("cleared_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("class_id", "id", name=op.f("pk_compliance_retention_purge")),
    )
    op.create_index(
        op.f("ix_compliance_retention_purge_state_cleared_at"),
        "compliance_retention_purge",
        ["state", "cleared_at"],
        unique=False,
    )

    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for guard in ("no_change", "no_delete", "no_replace" if sqlite else "no_truncate"):
        on = "" if sqlite else " ON compliance_evidence_disclosure"
        op.execute(f"DROP TRIGGER compliance_evidence_disclosure_{guard}{on}")
    op.drop_table("compliance_retention_purge")
    op.drop_table("compliance_retention_hold")
    if not sqlite:
        for table in ("evidence_disclosure", "retention_purge", "retention_hold"):
            op.execute(f"DROP FUNCTION compliance_{table}_refuse()")
