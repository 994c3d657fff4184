"""No sealed value and no blind index is missed by a change of keys, whichever room keeps it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import LargeBinary, select

from lmscompliance.rekeying import columns
from lmscompliance.services import Services
from lmscompliance.storage import personal
from lmscompliance.storage.models import load_all
from lmscompliance.storage.transaction import reading
from lmscompliance.vault.keys import Kind
from tests.house.world import build

PLAIN = {
    "compliance_policy_text.effective",
    "compliance_exam_blueprint.parts",
    "compliance_exam_paper.questions",
    "compliance_exam_rekey.correct",
    "compliance_taken_quiz.paper",
    "compliance_exam_regrade.key",
    "compliance_evidence_stream.head",
    "compliance_evidence_entry.leaf_hash",
    "compliance_evidence_entry.leaf",
    "compliance_evidence_log.root",
    "compliance_evidence_tile.data",
    "compliance_evidence_checkpoint.root",
    "compliance_evidence_snapshot.heads_digest",
    "compliance_evidence_timestamp.response",
}
"""Columns of bytes that hold nobody's data: hashes, leaves, terms of a policy, questions."""


def test_every_column_of_bytes_is_sealed_or_known_to_be_plain():
    """A new column of bytes is either found by its name or its info, or somebody looked at it here."""
    held = {one.name for one in columns.all_held()}
    for table in load_all().metadata.sorted_tables:
        for column in table.columns:
            name = f"{table.name}.{column.name}"
            if isinstance(column.type, LargeBinary):
                assert (name in held) != (name in PLAIN), f"{name}: name it …_sealed, or list it as plain"


def test_every_index_says_how_it_is_made_anew():
    """A column named for a blind index declares its domain and an existing source."""
    for table in load_all().metadata.sorted_tables:
        for column in table.columns:
            if column.name.endswith(("_blind", "fingerprint")):
                assert personal.BLIND in column.info, f"{table.name}.{column.name} lacks info=blind(…)"
                for other in (column.info[personal.OF], column.info[personal.EXPIRES]):
                    assert other is None or other in table.c


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_every_room_seals_is_where_the_columns_say(services: Services, tmp_path):
    """Whatever the rooms put through the vault lies in a column that rotation walks, under that place."""
    sealed: set[str] = set()
    blinded: set[str] = set()

    class Watched(type(services.vault)):
        def seal(self, place, value):
            sealed.add(place)
            return super().seal(place, value)

        def blind(self, domain, value):
            blinded.add(domain)
            return super().blind(domain, value)

    watched = replace(services, vault=Watched(services.vault.keys))
    build(watched, tmp_path / "world")
    places, domains = _declared()
    assert sealed <= places
    assert blinded <= domains
    for held in columns.all_held():
        with reading(services.database) as session:
            rows = session.execute(
                select(held.column, *held.needs).select_from(held.table).where(held.made_with(1))
            ).all()
        for row in rows:
            values = dict(zip((held.column.name, *(one.name for one in held.needs)), row, strict=True))
            assert held.is_made_with(1, values[held.column.name])
            anew = held.anew(services.vault, values, services.clock.now())
            if held.kind is Kind.INDEX and held.needs and not _expiring(held):
                assert anew == values[held.column.name], f"{held.name} is not the index of its source"


def _expiring(held) -> bool:
    return held.column.info[personal.EXPIRES] is not None


def _declared() -> tuple[set[str], set[str]]:
    places, domains = set(), set()
    for table in load_all().metadata.sorted_tables:
        for column in table.columns:
            place = personal.place_of(table.name, column.name, column.info)
            places |= {place, column.info.get(personal.WITHIN)} - {None}
            domains |= {column.info.get(personal.BLIND)} - {None}
    return places, domains
