"""Every table that holds something of a class or a person is let go by its room, or known to stay."""

from __future__ import annotations

import pytest

from lmscompliance.rekeying import columns
from lmscompliance.rules.retention import CATEGORIES
from lmscompliance.storage import erasing
from lmscompliance.storage.erasing import Erasing
from lmscompliance.storage.models import load_all
from lmscompliance.storage.transaction import reading
from tests.house.world import build
from tests.retention.test_purge import everything

STAYS = {
    "compliance_class": "what was trained, by whose order: no person is named",
    "compliance_class_step": "when a class was filed, approved, closed; reasons are emptied",
    "compliance_lesson": "the plan; who teaches is emptied",
    "compliance_exam_blueprint": "how papers are drawn",
    "compliance_lesson_content": "digests of content; reasons are emptied",
    "compliance_evidence_stream": "the log is never cut",
    "compliance_evidence_entry": "leaves name nobody",
    "compliance_evidence_outbox": "work in progress of the log",
    "compliance_evidence_position": "the log is never cut",
    "compliance_evidence_snapshot": "what a stream held",
    "compliance_ledger_export": "digests that stand in the log too",
    "compliance_retention_hold": "who stopped a destruction and why",
    "compliance_retention_purge": "certificates",
    "compliance_known_network": "an enterprise's network, of all its classes",
    "compliance_claim_list": "which lists were imported, by digest",
    "compliance_filing_declaration": "what an enterprise says of itself",
    "compliance_filing_project": "which project of the catalogue a class teaches",
    "compliance_lesson_standard": "which items of a standard a plan teaches",
    "compliance_filing_reminder": "which deadlines somebody was reminded of",
    "compliance_training_notice": "what everybody in a class was told",
    "compliance_class_project": "what was agreed about a project",
    "compliance_file": "goes when no row refers to it any more",
    "compliance_login_throttle": "wrong passwords, for minutes",
}


@pytest.fixture
def world(services, tmp_path):
    """Return the house's two classes."""
    return build(services, tmp_path / "world")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_table_with_something_personal_is_let_go(services, world):
    """A new table of a class, an enrolment or a person has to be named by its room's ``forget``."""
    objects = world.mine.objects
    with reading(services.database) as session:
        going = Erasing(
            session=session,
            vault=services.vault,
            class_id=objects["class_id"],
            enrolments=[objects["enrolment_id"]],
            persons=["person"],
            categories=frozenset(CATEGORIES),
        )
        for forget in erasing.rooms():
            forget(going)
    sealed = {held.table.name for held in columns.all_held()}
    unnamed = [
        table.name
        for table in load_all().metadata.sorted_tables
        if ({"class_id", "enrolment_id", "person_id"} & set(table.c.keys()) or table.name in sealed)
        and table.name not in going.tables | STAYS.keys() | OF_ACCOUNTS
    ]
    assert unnamed == [], "name them in the room's forgetting.py, or say here why they stay"


OF_ACCOUNTS = {"compliance_login", "compliance_login_recovery", "compliance_security_event"}
"""Of logins, of which this world has none."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_naming_takes_nothing_away(services, world):
    """Only ``run`` empties and deletes."""
    before = everything(services)
    with reading(services.database) as session:
        going = Erasing(
            session, services.vault, world.mine.objects["class_id"], [], [], frozenset(CATEGORIES)
        )
        for forget in erasing.rooms():
            forget(going)
    assert everything(services) == before
