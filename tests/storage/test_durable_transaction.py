"""The transaction whose commit also survives a power cut."""

from contextlib import suppress

from sqlalchemy import select, text

from lmscompliance.storage.transaction import durable_transaction, reading, transaction

SYNC = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}
FULL = {"sqlite": "2", "postgresql": "on"}
USUAL = {"sqlite": "1", "postgresql": "on"}


def test_it_syncs_and_others_are_as_before(services):
    """Only this transaction waits for the disk; the pool's connections keep their setting."""
    dialect = services.database.engine.dialect.name
    query = text(SYNC[dialect])
    for opened, expected in [(transaction, USUAL), (durable_transaction, FULL), (transaction, USUAL)]:
        with opened(services.database) as session:
            assert str(session.scalar(query)) == expected[dialect]


def test_it_commits_at_the_end_and_rolls_back_on_an_error(services):
    """Apart from the sync it is a transaction like any other."""
    with transaction(services.database) as session:
        session.execute(text("CREATE TABLE probe (n INTEGER)"))
    with durable_transaction(services.database) as session:
        session.execute(text("INSERT INTO probe VALUES (1)"))
    with suppress(ZeroDivisionError), durable_transaction(services.database) as session:
        session.execute(text("INSERT INTO probe VALUES (2)"))
        _ = 1 / 0
    with reading(services.database) as session:
        assert session.scalars(select(text("n FROM probe"))).all() == [1]
