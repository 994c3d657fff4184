"""Destroying what is due: by two people, all or nothing, everything named and nothing else."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from lmscompliance.evidence import enrolment_stream, record
from lmscompliance.evidence.fsck import fsck
from lmscompliance.evidence.models import Disclosure
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.files.models import StoredFile
from lmscompliance.files.stores import store_of
from lmscompliance.identity.models import Account, Person
from lmscompliance.kernel.clock import shanghai_day
from lmscompliance.kernel.errors import Conflict, Forbidden
from lmscompliance.ledgers.placing import kept_directory
from lmscompliance.ledgers.service import export_for_download
from lmscompliance.retention import certificates, holds, overview, purging
from lmscompliance.retention.models import Purge
from lmscompliance.retention.terms import terms_of
from lmscompliance.rules.retention import CATEGORIES
from lmscompliance.storage.models import load_all
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment
from tests.house.world import NAMES
from tests.support.app import administrator

ANNA, BERT = administrator("anna"), administrator("bert")


def release(services, class_id):
    """Let two people release whatever stands against a class."""
    for one in holds.listed(services, class_id):
        if one.released_at is None:
            holds.ask_release(services, ANNA, class_id, one.id, "审计结束")
            holds.release(services, BERT, class_id, one.id)


def everything(services):
    """Return every row of every table, as text."""
    with reading(services.database) as session:
        return {
            table.name: sorted(str(tuple(row)) for row in session.execute(select(table)))
            for table in load_all().metadata.sorted_tables
        }


def destroy(services, class_id):
    """Order and confirm."""
    purging.order(services, ANNA, class_id)
    return purging.confirm(services, BERT, class_id)


def test_what_is_due_goes_and_nothing_else(services, signer, world, later):
    """Every table loses the class's rows, the other class keeps all of its own, and the log is sound."""
    mine, theirs = world.mine.objects["class_id"], world.theirs.objects["class_id"]
    release(services, mine)
    seal_all(services, signer)
    later(4)
    tried = purging.rehearse(services, mine)
    before = everything(services)
    done = destroy(services, mine)
    assert done.counts == tried.counts
    assert [one["category"] for one in done.body["categories"]] == list(CATEGORIES)
    assert done.body["persons"] == len(NAMES)
    after = everything(services)
    with reading(services.database) as session:
        assert session.scalar(select(func.count()).where(Enrolment.class_id == mine)) == 0
        assert session.scalar(select(func.count()).select_from(Person)) == len(NAMES)
        assert session.scalar(select(func.count()).select_from(Account)) == len(NAMES)
        left = set(session.scalars(select(Disclosure.name).where(Disclosure.class_id == mine)))
        assert left == {"ordered_by", "confirmed_by", "enterprise_name", "enterprise_uscc"}
        stored = set(session.scalars(select(StoredFile.object)))
    # Of the other class nothing is gone, of whatever table; files may be shared between the two.
    for name, rows in before.items():
        if not name.startswith(("compliance_evidence_", "compliance_retention_", "compliance_file")):
            gone = set(rows) - set(after[name])
            assert not [row for row in gone if theirs in row], name
    kept = {name for name, _ in store_of(services.settings).listed()}
    assert done.objects
    assert not kept & set(done.objects)
    assert stored <= kept
    assert not any(kept_directory(services, mine, "").iterdir())
    assert any(kept_directory(services, theirs, "").iterdir())
    seal_all(services, signer)
    with reading(services.database) as session:
        report = fsck(session, services, signer.vkeys)
    assert report.problems == []
    assert overview.page(services, mine).line.state == "gone"
    found, _ = certificates.listed(services, mine)
    assert found.cleared_at is not None
    assert found.index is not None


def test_W45_nobody_confirms_their_own_order_and_nothing_is_destroyed_early(services, world, later):
    """One orders, another confirms; before the day, and under a hold, neither is possible."""
    mine = world.mine.objects["class_id"]
    with pytest.raises(Conflict, match="legal holds"):
        purging.order(services, ANNA, mine)
    release(services, mine)
    with pytest.raises(Conflict, match="2022-03-01"):
        purging.order(services, ANNA, mine)
    later(4)
    purging.order(services, ANNA, mine)
    before = everything(services)
    with pytest.raises(Forbidden):
        purging.confirm(services, ANNA, mine)
    with pytest.raises(Conflict):
        purging.order(services, BERT, mine)
    holds.place(services, ANNA, mine, "举报调查")
    with pytest.raises(Conflict, match="legal holds"):
        purging.confirm(services, BERT, mine)
    release(services, mine)
    assert everything(services)["compliance_person"] == before["compliance_person"]
    purging.withdraw(services, mine)
    with pytest.raises(Conflict):
        purging.confirm(services, BERT, mine)


def test_photos_go_first_and_the_rest_years_later(services, signer, world, later):
    """Each category goes when its own term has run out; what went is not destroyed twice."""
    mine = world.mine.objects["class_id"]
    release(services, mine)
    later(2)
    first = destroy(services, mine)
    assert [one["category"] for one in first.body["categories"]] == ["photos"]
    with pytest.raises(Conflict, match="2024-"):
        purging.order(services, ANNA, mine)
    later(2)
    second = destroy(services, mine)
    assert "photos" not in [one["category"] for one in second.body["categories"]]
    seal_all(services, signer)
    with reading(services.database) as session:
        assert fsck(session, services, signer.vkeys).problems == []
        assert [json.loads(row.categories) for row in session.scalars(select(Purge))].count(["photos"]) == 1
    assert len(certificates.listed(services, mine)) == 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_terms_run_from_the_last_fact_and_looks_are_none(services, signer, world, later):
    """A decision years later prolongs the terms; an export, a hold or a look at details does not."""
    mine = world.mine.objects["class_id"]
    stream = enrolment_stream(world.mine.objects["enrolment_id"])

    def began() -> str:
        with reading(services.database) as session:
            return str(terms_of(session, queries.class_by_id(session, mine)).began_on)

    def note(kind: str) -> None:
        with transaction(services.database) as session:
            record(
                session,
                services,
                class_id=mine,
                stream=stream,
                type=kind,
                at=services.clock.now(),
                body={},
            )

    release(services, mine)
    assert began() == "2021-02-28"
    later(1)
    note("details.shown")
    export_for_download(services, signer, mine)
    holds.place(services, ANNA, mine, "审计")
    assert began() == "2021-02-28"
    note("dispute.decided")
    assert began() == str(shanghai_day(services.clock.now()))
