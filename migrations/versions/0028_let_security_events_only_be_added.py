"""Let security events only be added.

Guards on a table whose rows the previous release only adds, or takes away with a purge.
"""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

TABLE = "compliance_security_event"
SQLITE = (
    (
        "CREATE TRIGGER compliance_security_event_no_change BEFORE UPDATE ON compliance_security_"
        'event WHEN (NEW.id = OLD.id AND NEW.at = OLD.at AND NEW.kind = OLD.kind AND NEW."by" = O'
        "LD.\"by\" AND NEW.detail = OLD.detail AND COALESCE(NEW.login_id, '') = COALESCE(OLD.login_"
        "id, '') AND (NEW.ip_sealed IS NULL) = (OLD.ip_sealed IS NULL) AND NEW.rowid = OLD.rowid)"
        " IS NOT TRUE BEGIN SELECT RAISE(ABORT, 'UPDATE of compliance_security_event is refused: "
        "a security event stays, unless its account goes with a purge'); END"
    ),
    (
        "CREATE TRIGGER compliance_security_event_no_delete BEFORE DELETE ON compliance_security_"
        "event WHEN OLD.login_id IS NULL OR NOT EXISTS (SELECT 1 FROM compliance_retention_purge "
        "WHERE state = 'confirmed') BEGIN SELECT RAISE(ABORT, 'DELETE of compliance_security_even"
        "t is refused: a security event stays, unless its account goes with a purge'); END"
    ),
    (
        "CREATE TRIGGER compliance_security_event_no_replace BEFORE INSERT ON compliance_security"
        "_event WHEN EXISTS (SELECT 1 FROM compliance_security_event WHERE rowid = NEW.rowid OR i"
        "d = NEW.id) BEGIN SELECT RAISE(ABORT, 'INSERT of compliance_security_event is refused: a"
        " security event stays, unless its account goes with a purge'); END"
    ),
)
POSTGRESQL = (
    (
        "CREATE OR REPLACE FUNCTION compliance_security_event_refuse() RETURNS trigger LANGUAGE p"
        "lpgsql AS $refuse$\nDECLARE goes boolean;\nBEGIN\n  IF TG_OP = 'UPDATE' THEN\n    IF NEW.id "
        '= OLD.id AND NEW.at = OLD.at AND NEW.kind = OLD.kind AND NEW."by" = OLD."by" AND NEW.det'
        "ail = OLD.detail AND COALESCE(NEW.login_id, '') = COALESCE(OLD.login_id, '') AND (NEW.ip"
        "_sealed IS NULL) = (OLD.ip_sealed IS NULL) THEN RETURN NEW; END IF;\n  END IF;\n  IF TG_OP"
        " = 'DELETE' THEN\n    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %1$I.compliance_retent"
        "ion_purge WHERE state = ''confirmed'')', TG_TABLE_SCHEMA) INTO goes;\n    IF goes AND OLD"
        ".login_id IS NOT NULL THEN RETURN OLD; END IF;\n  END IF;\n  RAISE EXCEPTION USING ERRCODE"
        " = 'restrict_violation',\n    MESSAGE = TG_OP || ' of ' || TG_TABLE_NAME || ' is refused:"
        " a security event stays, unless its account goes with a purge';\nEND\n$refuse$"
    ),
    (
        "CREATE TRIGGER compliance_security_event_no_change BEFORE UPDATE ON compliance_security_"
        "event FOR EACH ROW EXECUTE FUNCTION compliance_security_event_refuse()"
    ),
    ("ALTER TABLE compliance_security_event ENABLE ALWAYS TRIGGER compliance_security_event_no_change"),
    (
        "CREATE TRIGGER compliance_security_event_no_delete BEFORE DELETE ON compliance_security_"
        "event FOR EACH ROW EXECUTE FUNCTION compliance_security_event_refuse()"
    ),
    ("ALTER TABLE compliance_security_event ENABLE ALWAYS TRIGGER compliance_security_event_no_delete"),
    (
        "CREATE TRIGGER compliance_security_event_no_truncate BEFORE TRUNCATE ON compliance_secur"
        "ity_event FOR EACH STATEMENT EXECUTE FUNCTION compliance_security_event_refuse()"
    ),
    ("ALTER TABLE compliance_security_event ENABLE ALWAYS TRIGGER compliance_security_event_no_truncate"),
)


def upgrade() -> None:
    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP FUNCTION {TABLE}_refuse() CASCADE")
        return
    for name in ("no_change", "no_delete", "no_replace"):
        op.execute(f"DROP TRIGGER {TABLE}_{name}")
