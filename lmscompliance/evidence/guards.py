"""Makes the database itself refuse what would change the log's past.

A row of the log may not be altered, deleted or replaced by anyone who merely may write, this product
included. Whoever owns the tables (or the SQLite file) can still remove the guards: against them stand the
signer's mark, the witnesses and the checkpoints in other hands; ``missing`` tells when it happened.

The same statements stand in a migration, which never changes; a test wants both to give the same triggers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import DDL, Table, UniqueConstraint, event, text
from sqlalchemy.orm import Session
from sqlalchemy.schema import ExecutableDDLElement

FUNCTION = "compliance_evidence_refuse"
_SAYS = "is refused: the evidence log is append-only"

# By its SQLSTATE both drivers report a refusal as an integrity error.
_CREATE_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $refuse$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'restrict_violation',
    MESSAGE = TG_OP || ' of ' || TG_TABLE_NAME || ' {_SAYS}';
END
$refuse$
"""

_guarded: dict[str, tuple[str, ...]] = {}


def append_only(table: Table, *, may_become: str = "", replaceable: bool = False) -> None:
    """Let rows of ``table`` be inserted and nothing else, wherever the table is created from the models.

    ``may_become`` is an SQL condition over ``OLD`` and ``NEW``: the one kind of update that is allowed.
    ``replaceable`` lets an upsert meet an existing row on SQLite if its update would be allowed.
    """
    after_create(table, "postgresql", [_CREATE_FUNCTION, *_postgresql(table.name, may_become)])
    after_create(table, "sqlite", _sqlite(table, may_become, replaceable=replaceable))
    guarded(table.name, ("no_change", "no_delete"))


def after_create(table: Table, dialect: str, statements: Iterable[str]) -> None:
    """Run ``statements`` on ``dialect`` wherever ``table`` is created from the models."""
    for statement in statements:
        event.listen(table, "after_create", _on(dialect, statement))


def guarded(table: str, names: tuple[str, ...]) -> None:
    """Let ``missing`` look for the guards ``names`` of ``table``, and the one against replacing its rows."""
    _guarded[table] = names


def missing(session: Session) -> list[str]:
    """Return the names of the guards that the database lacks or has switched off."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if sqlite
        else "SELECT tgname FROM pg_trigger WHERE tgenabled = 'A' AND NOT tgisinternal"
    )
    there = set(session.execute(text(query)).scalars())
    last = "no_replace" if sqlite else "no_truncate"
    wanted = {f"{table}_{name}" for table, names in _guarded.items() for name in (*names, last)}
    return sorted(wanted - there)


def _on(dialect: str, statement: str) -> ExecutableDDLElement:
    ddl: ExecutableDDLElement = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy
    return ddl.execute_if(dialect=dialect)


def _postgresql(table: str, may_become: str) -> Iterator[str]:
    when = f" WHEN (({may_become}) IS NOT TRUE)" if may_become else ""
    for name, moment, row in (
        ("no_change", "UPDATE", f"ROW{when}"),
        ("no_delete", "DELETE", "ROW"),
        ("no_truncate", "TRUNCATE", "STATEMENT"),
    ):
        yield (
            f"CREATE TRIGGER {table}_{name} BEFORE {moment} ON {table} "
            f"FOR EACH {row} EXECUTE FUNCTION {FUNCTION}()"
        )
        # An ordinary trigger sleeps in a session that sets session_replication_role to replica.
        yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}"


def _sqlite(table: Table, may_become: str, *, replaceable: bool) -> Iterator[str]:
    name = table.name
    # A row that takes another's rowid replaces it, and no trigger on DELETE hears of that.
    change = f" WHEN ({may_become} AND NEW.rowid = OLD.rowid) IS NOT TRUE" if may_become else ""
    yield _sqlite_trigger(name, "no_change", "UPDATE", change)
    yield _sqlite_trigger(name, "no_delete", "DELETE", "")
    same = [
        " AND ".join(f"{column} = NEW.{column}" for column in columns) for columns in _unique_columns(table)
    ]
    taken = " OR ".join(f"({key})" for key in ("rowid = NEW.rowid", *same))
    if replaceable:
        taken = f"({taken}) AND ({same[0]} AND {may_become.replace('OLD.', '')}) IS NOT TRUE"
    # INSERT OR REPLACE walks around the triggers on UPDATE and DELETE.
    exists = f" WHEN EXISTS (SELECT 1 FROM {name} WHERE {taken})"  # noqa: S608  # names from our own models
    yield _sqlite_trigger(name, "no_replace", "INSERT", exists)


def _sqlite_trigger(table: str, name: str, moment: str, when: str) -> str:
    return (
        f"CREATE TRIGGER {table}_{name} BEFORE {moment} ON {table}{when} "
        f"BEGIN SELECT RAISE(ABORT, '{moment} of {table} {_SAYS}'); END"
    )


def _unique_columns(table: Table) -> Iterator[Sequence[str]]:
    yield [column.name for column in table.primary_key]
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield [column.name for column in constraint.columns]
