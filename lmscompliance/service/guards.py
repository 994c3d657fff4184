"""Makes the database itself refuse to change or lose a security event.

A row is only ever added. Its address may be encrypted anew by a change of keys, nothing else of it changes;
and it goes only while a purge is carried out that two people stand behind, with the account it tells of.

The same statements stand in a migration, which never changes; a test wants both to give the same triggers.
"""

from __future__ import annotations

EVENT = "compliance_security_event"
PURGE = "compliance_retention_purge"
NAMES = ("no_change", "no_delete")
"""The guards; there is one more against REPLACE or TRUNCATE."""

_SAYS = "is refused: a security event stays, unless its account goes with a purge"
_STAYS = (
    'NEW.id = OLD.id AND NEW.at = OLD.at AND NEW.kind = OLD.kind AND NEW."by" = OLD."by" '
    "AND NEW.detail = OLD.detail AND COALESCE(NEW.login_id, '') = COALESCE(OLD.login_id, '') "
    "AND (NEW.ip_sealed IS NULL) = (OLD.ip_sealed IS NULL)"
)
_GOES = f"EXISTS (SELECT 1 FROM {{schema}}{PURGE} WHERE state = 'confirmed')"  # noqa: S608  # our own names


def sqlite() -> list[str]:
    """Return the triggers of SQLite."""
    # A row that takes another's rowid replaces it, and no trigger on DELETE hears of that.
    taken = f"EXISTS (SELECT 1 FROM {EVENT} WHERE rowid = NEW.rowid OR id = NEW.id)"  # noqa: S608  # our own names
    return [
        f"CREATE TRIGGER {EVENT}_{name} BEFORE {moment} ON {EVENT} WHEN {when} "
        f"BEGIN SELECT RAISE(ABORT, '{moment} of {EVENT} {_SAYS}'); END"
        for name, moment, when in (
            ("no_change", "UPDATE", f"({_STAYS} AND NEW.rowid = OLD.rowid) IS NOT TRUE"),
            ("no_delete", "DELETE", f"OLD.login_id IS NULL OR NOT {_GOES.format(schema='')}"),
            ("no_replace", "INSERT", taken),
        )
    ]


def postgresql() -> list[str]:
    """Return the function and triggers of PostgreSQL; the schema asked is the trigger's own."""
    goes = _GOES.format(schema="%1$I.").replace("'", "''")
    refuse = (
        f"CREATE OR REPLACE FUNCTION {EVENT}_refuse() RETURNS trigger LANGUAGE plpgsql AS $refuse$\n"
        "DECLARE goes boolean;\nBEGIN\n"
        f"  IF TG_OP = 'UPDATE' THEN\n    IF {_STAYS} THEN RETURN NEW; END IF;\n  END IF;\n"
        "  IF TG_OP = 'DELETE' THEN\n"
        f"    EXECUTE format('SELECT {goes}', TG_TABLE_SCHEMA) INTO goes;\n"
        "    IF goes AND OLD.login_id IS NOT NULL THEN RETURN OLD; END IF;\n  END IF;\n"
        "  RAISE EXCEPTION USING ERRCODE = 'restrict_violation',\n"
        f"    MESSAGE = TG_OP || ' of ' || TG_TABLE_NAME || ' {_SAYS}';\nEND\n$refuse$"
    )
    made = [refuse]
    for name, moment, row in (
        ("no_change", "UPDATE", "ROW"),
        ("no_delete", "DELETE", "ROW"),
        ("no_truncate", "TRUNCATE", "STATEMENT"),
    ):
        made.append(
            f"CREATE TRIGGER {EVENT}_{name} BEFORE {moment} ON {EVENT} "
            f"FOR EACH {row} EXECUTE FUNCTION {EVENT}_refuse()"
        )
        # An ordinary trigger sleeps in a session that sets session_replication_role to replica.
        made.append(f"ALTER TABLE {EVENT} ENABLE ALWAYS TRIGGER {EVENT}_{name}")
    return made
