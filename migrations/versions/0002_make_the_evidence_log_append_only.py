"""Make the evidence log append-only.

Rows only gain guards, so the previous release, which never changes what is sealed, goes on working.
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PREFIX = "compliance_evidence_"
SAYS = "is refused: the evidence log is append-only"

# Table: the columns that are unique together, and which update is allowed ("" for none).
STREAM = "NEW.class_id = OLD.class_id AND NEW.stream = OLD.stream AND NEW.count = OLD.count + 1"
LOG = "NEW.id = OLD.id AND NEW.origin = OLD.origin AND NEW.size > OLD.size"
TILE = (
    "NEW.log_id = OLD.log_id AND NEW.level = OLD.level AND NEW.tile_index = OLD.tile_index "
    "AND substr(NEW.data, 1, length(OLD.data)) = OLD.data"
)
ENTRY_KEY = ("class_id", "stream", "n")
TABLES: dict[str, tuple[tuple[tuple[str, ...], ...], str]] = {
    "entry": ((ENTRY_KEY,), ""),
    "position": ((("log_id", "log_index"), ENTRY_KEY), ""),
    "checkpoint": ((("log_id", "size"),), ""),
    "snapshot": ((("class_id", "id"),), ""),
    "stream": ((("class_id", "stream"),), STREAM),
    "log": ((("id",), ("origin",)), LOG),
    "tile": ((("log_id", "level", "tile_index"),), TILE),
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION compliance_evidence_refuse() RETURNS trigger LANGUAGE plpgsql "
            "AS $refuse$\nBEGIN\n  RAISE EXCEPTION USING ERRCODE = 'restrict_violation',\n"
            f"    MESSAGE = TG_OP || ' of ' || TG_TABLE_NAME || ' {SAYS}';\nEND\n$refuse$"
        )
        for name, (_, allowed) in TABLES.items():
            _postgresql(PREFIX + name, allowed)
    else:
        for name, (keys, allowed) in TABLES.items():
            for statement in _sqlite(PREFIX + name, keys, allowed):
                op.execute(statement)


def _postgresql(table: str, allowed: str) -> None:
    when = f" WHEN (({allowed}) IS NOT TRUE)" if allowed else ""
    for name, moment, row in (
        ("no_change", "UPDATE", f"ROW{when}"),
        ("no_delete", "DELETE", "ROW"),
        ("no_truncate", "TRUNCATE", "STATEMENT"),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_{name} BEFORE {moment} ON {table} "
            f"FOR EACH {row} EXECUTE FUNCTION compliance_evidence_refuse()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}")


def _sqlite(table: str, keys: tuple[tuple[str, ...], ...], allowed: str) -> Iterator[str]:
    same = [" AND ".join(f"{column} = NEW.{column}" for column in key) for key in keys]
    taken = " OR ".join(f"({key})" for key in ("rowid = NEW.rowid", *same))
    if table == PREFIX + "tile":  # written by an upsert
        taken = f"({taken}) AND ({same[0]} AND {allowed.replace('OLD.', '')}) IS NOT TRUE"
    for name, moment, when in (
        (
            "no_change",
            "UPDATE",
            f" WHEN ({allowed} AND NEW.rowid = OLD.rowid) IS NOT TRUE" if allowed else "",
        ),
        ("no_delete", "DELETE", ""),
        ("no_replace", "INSERT", f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken})"),  # noqa: S608  # our own names
    ):
        yield (
            f"CREATE TRIGGER {table}_{name} BEFORE {moment} ON {table}{when} "
            f"BEGIN SELECT RAISE(ABORT, '{moment} of {table} {SAYS}'); END"
        )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name in TABLES:
        table = PREFIX + name
        for guard in ("no_change", "no_delete", "no_replace" if sqlite else "no_truncate"):
            op.execute(f"DROP TRIGGER {table}_{guard}" + ("" if sqlite else f" ON {table}"))
    if not sqlite:
        op.execute("DROP FUNCTION compliance_evidence_refuse()")
