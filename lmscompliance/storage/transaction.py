"""The only place that commits (the hot path's group commit aside).

A public service function opens one ``transaction``; its helpers are handed the session. Success is
reported only after the block has ended, that is, after the commit. If the process dies inside the block,
restart sees nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from lmscompliance.storage.database import READ_ONLY, Database

_AFTER_COMMIT = "compliance_after_commit"


@contextmanager
def transaction(database: Database) -> Iterator[Session]:
    """Yield a session whose work is committed when the block ends and rolled back when it raises."""
    with Session(database.engine, expire_on_commit=False) as session:
        with session.begin():
            yield session
        for callback in session.info.get(_AFTER_COMMIT, []):
            callback()


@contextmanager
def bare_transaction(database: Database) -> Iterator[Connection]:
    """Like ``transaction``, but a plain connection without a unit of work.

    For the hot path, whose one statement costs less than a session does.
    """
    with database.engine.begin() as connection:
        yield connection


@contextmanager
def statements_alone(database: Database) -> Iterator[Connection]:
    """Yield a connection on which each statement is a transaction of its own, committed when it returns.

    For the hot path, where one statement says under which condition it writes: beginning and committing
    would cost as much again. What it did is there whatever becomes of the block.
    """
    with database.each_alone.connect() as connection:
        yield connection


@contextmanager
def durable_transaction(database: Database) -> Iterator[Session]:
    """Like ``transaction``, but the commit also survives a power cut.

    For what the outside world is told at once and cannot be asked to forget. On SQLite the write-ahead log
    is synced with the commit, and with it every commit before; the connection is not pooled, so that no
    other transaction pays for it.
    """
    with database.engine.connect() as connection:
        if database.is_sqlite:
            connection.detach()
            connection.connection.cursor().execute("PRAGMA synchronous=FULL")
        with Session(connection, expire_on_commit=False) as session, session.begin():
            if not database.is_sqlite:
                session.execute(text("SET LOCAL synchronous_commit = on"))
            yield session


@contextmanager
def reading(database: Database) -> Iterator[Session]:
    """Yield a session over one consistent snapshot; whatever it would write is rolled back."""
    engine = database.engine.execution_options(**{READ_ONLY: True})
    if not database.is_sqlite:
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with Session(engine, expire_on_commit=False) as session:
        yield session


def after_commit(session: Session, callback: Callable[[], None]) -> None:
    """Run ``callback`` once ``session``'s transaction is durable; never if it rolls back.

    A hint only (the process may die in between): whatever must happen is also found by a job.
    """
    session.info.setdefault(_AFTER_COMMIT, []).append(callback)
