"""The shape of the hot table, on which the cost of a beat rests."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, text

from lmscompliance.learning.models import OpenSession
from tests.learning.school import Player, School


def test_the_hot_table_has_no_index_that_a_beat_would_touch(services) -> None:
    """Beside its key there is one index: at most one active session a person."""
    inspector = inspect(services.database.engine)
    table = OpenSession.__tablename__
    assert inspector.get_pk_constraint(table)["constrained_columns"] == ["enrolment_id", "session_id"]
    (index,) = inspector.get_indexes(table)
    assert (index["column_names"], bool(index["unique"])) == (["person_id"], True)
    assert inspector.get_foreign_keys(table) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_beats_rewrite_the_row_within_its_page(school: School) -> None:
    """On PostgreSQL plain beats are HOT updates, and the table's pages keep room for them."""
    player = Player(school, school.start())
    for _ in range(100):
        player.wait(1)
        player.beat()
    engine = school.services.database.engine
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
    with engine.begin() as connection:
        options = connection.scalar(
            text("SELECT reloptions FROM pg_class WHERE relname = 'compliance_open_session'")
        )
        updated, hot = connection.execute(
            text(
                "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables"
                " WHERE relname = 'compliance_open_session'"
            )
        ).one()
    assert options == ["fillfactor=70"]
    assert updated == 100
    assert hot >= 90
