"""Makes the database itself refuse to let values go but in a purge that two people stand behind.

A value of the evidence log may be deleted only while a purge of its class is ``confirmed`` and names it. A
purge becomes that only when somebody else than who ordered it confirms, and no hold stands in the way; being
carried out ends it in the same transaction, so no other transaction ever sees one that is open. Whoever may
write plain SQL could still pretend all that; then ``log fsck`` misses the certificate in the log.

The same statements stand in a migration, which never changes; a test wants both to give the same triggers.
"""

from __future__ import annotations

PURGE = "compliance_retention_purge"
HOLD = "compliance_retention_hold"
DISCLOSURE = "compliance_evidence_disclosure"
ENROLMENT = "compliance_enrolment"

NAMES = {
    PURGE: ("no_change", "no_delete"),
    HOLD: ("no_change", "no_delete"),
    DISCLOSURE: ("no_change", "no_delete"),
}
"""The guards of each table; there is one more a table against REPLACE or TRUNCATE."""
_SAYS = {
    PURGE: "is refused: two people stand behind a purge, no hold against it, and it is never undone",
    HOLD: "is refused: a hold is only ever released, by two people",
    DISCLOSURE: "is refused: a value goes only with a purge of its class",
}

_PURGE_STAYS = (
    "NEW.class_id = OLD.class_id AND NEW.id = OLD.id AND NEW.ordered_at = OLD.ordered_at "
    "AND NEW.ordered_by = OLD.ordered_by"
)
_PURGE_MOVES = (
    "OLD.state = 'ordered' AND NEW.state = 'withdrawn' "
    "OR OLD.state = 'ordered' AND NEW.state = 'confirmed' AND NEW.confirmed_by <> OLD.ordered_by "
    "AND NOT ({held}) "
    "OR OLD.state = 'confirmed' AND NEW.state = 'done' AND NEW.names = OLD.names "
    "AND NEW.confirmed_by = OLD.confirmed_by "
    "OR OLD.state = 'done' AND NEW.state = 'done' AND OLD.cleared_at IS NULL AND NEW.names = OLD.names "
    "AND NEW.confirmed_by = OLD.confirmed_by AND NEW.categories = OLD.categories AND NEW.report = OLD.report"
)
_HELD = (
    "EXISTS (SELECT 1 FROM {schema}{hold} AS h WHERE h.released_at IS NULL AND (h.class_id = {class_id} "
    "OR h.person_id IN (SELECT e.person_id FROM {schema}{enrolment} AS e WHERE e.class_id = {class_id})))"
)
_HOLD_MAY = (
    "NEW.class_id = OLD.class_id AND NEW.id = OLD.id AND NEW.placed_at = OLD.placed_at "
    "AND NEW.placed_by = OLD.placed_by AND COALESCE(NEW.person_id, '') = COALESCE(OLD.person_id, '') "
    "AND (COALESCE(NEW.released_at, 0) = COALESCE(OLD.released_at, 0) "
    "OR OLD.released_at IS NULL AND NEW.released_by <> OLD.release_asked_by)"
)
_VALUE_STAYS = (
    "NEW.class_id = OLD.class_id AND NEW.stream = OLD.stream AND NEW.n = OLD.n AND NEW.name = OLD.name"
)
_KEYS = {
    PURGE: "class_id = NEW.class_id AND id = NEW.id",
    HOLD: "class_id = NEW.class_id AND id = NEW.id",
    DISCLOSURE: "class_id = NEW.class_id AND stream = NEW.stream AND n = NEW.n AND name = NEW.name",
}


def sqlite() -> list[str]:
    """Return the triggers of SQLite."""
    held = _HELD.format(schema="", hold=HOLD, enrolment=ENROLMENT, class_id="NEW.class_id")
    # A row that takes another's rowid replaces it, and no trigger on DELETE hears of that.
    stays = {
        PURGE: f"{_PURGE_STAYS} AND ({_PURGE_MOVES.format(held=held)})",
        HOLD: _HOLD_MAY,
        DISCLOSURE: _VALUE_STAYS,
    }
    goes = {
        DISCLOSURE: f"EXISTS (SELECT 1 FROM {PURGE} WHERE class_id = OLD.class_id AND state = 'confirmed' "  # noqa: S608  # our own names
        "AND instr(names, '\"' || OLD.name || '\"') > 0)"
    }
    new = {PURGE: "NEW.state <> 'ordered' OR ", HOLD: "NEW.released_at IS NOT NULL OR "}
    made = []
    for table in NAMES:
        taken = f"EXISTS (SELECT 1 FROM {table} WHERE rowid = NEW.rowid OR ({_KEYS[table]}))"  # noqa: S608  # our own names
        for name, moment, when in (
            ("no_change", "UPDATE", f" WHEN ({stays[table]} AND NEW.rowid = OLD.rowid) IS NOT TRUE"),
            ("no_delete", "DELETE", f" WHEN NOT {goes[table]}" if table in goes else ""),
            ("no_replace", "INSERT", f" WHEN {new.get(table, '')}{taken}"),
        ):
            made.append(
                f"CREATE TRIGGER {table}_{name} BEFORE {moment} ON {table}{when} "
                f"BEGIN SELECT RAISE(ABORT, '{moment} of {table} {_SAYS[table]}'); END"
            )
    return made


def postgresql() -> list[str]:
    """Return the functions and triggers of PostgreSQL.

    The functions name the trigger's own schema: nobody's temporary table of the same name is asked.
    """
    held = _HELD.format(schema="%1$I.", hold=HOLD, enrolment=ENROLMENT, class_id="$1")
    moves = _PURGE_MOVES.format(held="held")
    named = (
        f"EXISTS (SELECT 1 FROM %1$I.{PURGE} WHERE class_id = $1 AND state = ''confirmed'' "  # noqa: S608  # our own names
        "AND strpos(names, $2) > 0)"
    )
    made = [
        _function(
            PURGE,
            "held boolean;",
            f"EXECUTE format('SELECT {held}', TG_TABLE_SCHEMA) INTO held USING NEW.class_id;\n"
            f"  IF TG_OP = 'INSERT' AND NEW.state = 'ordered' THEN RETURN NEW; END IF;\n"
            f"  IF TG_OP = 'UPDATE' THEN\n    IF {_PURGE_STAYS} AND ({moves}) "
            "THEN RETURN NEW; END IF;\n  END IF;",
        ),
        _function(
            HOLD,
            "",
            "IF TG_OP = 'INSERT' AND NEW.released_at IS NULL THEN RETURN NEW; END IF;\n"
            f"  IF TG_OP = 'UPDATE' THEN\n    IF {_HOLD_MAY} THEN RETURN NEW; END IF;\n  END IF;",
        ),
        _function(
            DISCLOSURE,
            "named boolean;",
            f"IF TG_OP = 'UPDATE' THEN\n    IF {_VALUE_STAYS} THEN RETURN NEW; END IF;\n  END IF;\n"
            "  IF TG_OP = 'DELETE' THEN\n"
            f"    EXECUTE format('SELECT {named}', TG_TABLE_SCHEMA) INTO named "
            "USING OLD.class_id, '\"' || OLD.name || '\"';\n"
            "    IF named THEN RETURN OLD; END IF;\n  END IF;",
        ),
    ]
    for table in NAMES:
        for name, moment, row in (
            ("no_change", "UPDATE" if table == DISCLOSURE else "INSERT OR UPDATE", "ROW"),
            ("no_delete", "DELETE", "ROW"),
            ("no_truncate", "TRUNCATE", "STATEMENT"),
        ):
            made.append(
                f"CREATE TRIGGER {table}_{name} BEFORE {moment} ON {table} "
                f"FOR EACH {row} EXECUTE FUNCTION {table}_refuse()"
            )
            # An ordinary trigger sleeps in a session that sets session_replication_role to replica.
            made.append(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}")
    return made


def _function(table: str, declared: str, allowing: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $refuse$\n"
        f"DECLARE {declared}\nBEGIN\n  {allowing}\n"
        "  RAISE EXCEPTION USING ERRCODE = 'restrict_violation',\n"
        f"    MESSAGE = TG_OP || ' of ' || TG_TABLE_NAME || ' {_SAYS[table]}';\nEND\n$refuse$"
    )
