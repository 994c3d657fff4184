"""Claims for one person that cross: however they come, the person is granted once."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select

from lmscompliance.claims import lines, service
from lmscompliance.claims.models import RETURNED, Claim, ClaimLine
from lmscompliance.identity import links
from lmscompliance.identity.models import Person, PersonLink
from lmscompliance.kernel.errors import Conflict
from lmscompliance.storage.transaction import reading, transaction
from tests.claims.office import APRIL, claim, closed_class, paying
from tests.support.patience import PATIENCE_SECONDS
from tests.training.school import OTHER_USCC

ORDERS = ["AaBb", "ABab", "ABba", "BAab"]
"""Capitals hand in, small letters decide."""


def _granted(services, *classes):
    with reading(services.database) as session:
        return session.scalars(
            select(ClaimLine.class_id)
            .join(Claim, (Claim.class_id == ClaimLine.class_id) & (Claim.id == ClaimLine.claim_id))
            .where(ClaimLine.granted, Claim.status != RETURNED, ClaimLine.class_id.in_(classes))
        ).all()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_T33_in_whatever_order_claims_come_one_is_granted(services, tmp_path):
    """Two enterprises, every order of handing in and deciding, either clock ahead: one grant in the end."""
    services = paying(services)
    for number, (order, ahead) in enumerate((order, ahead) for order in ORDERS for ahead in (-1, 1)):
        folder = tmp_path / str(number)
        folder.mkdir()
        # Another project each time, so that the rounds leave each other alone.
        now = paying(services, subsidy__project=f"p{number}")
        one = closed_class(now, folder, f"A{number}", (1,))
        two = closed_class(now, folder, f"B{number}", (1,), uscc=OTHER_USCC)
        classes, claims = {"a": one, "b": two}, {}
        services.clock.set(APRIL + timedelta(hours=number))
        for step in order:
            which = step.lower()
            services.clock.advance(60 * ahead)
            if step.isupper():
                # Whoever comes too late is told that nobody is entitled.
                with suppress(Conflict):
                    claims[which] = claim(now, classes[which])
            elif which in claims:
                service.decide(now, classes[which], claims[which], by="inspector-1")
        assert len(_granted(now, one, two)) == 1, (order, ahead)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_T33_united_records_are_one_person(services, tmp_path):
    """A person enrolled under two records that were united is granted once, in one class and across two."""
    services = paying(services)
    first = closed_class(services, tmp_path, "A", (1, 2))
    second = closed_class(services, tmp_path, "B", (2, 3), uscc=OTHER_USCC)
    with transaction(services.database) as session:
        kept, *others = session.scalars(select(Person).order_by(Person.id)).all()
        for other in others:
            link = PersonLink(
                merge_id=services.ids.new(),
                case_id=services.ids.new(),
                at=services.clock.now(),
                by_account="admin-1",
                reason_sealed=services.vault.seal(links.REASON_PLACE, "号码录错"),
                basis_sealed=None,
            )
            links.add(session, other, kept.id, link)
    claim(services, first)
    services.clock.advance(1)
    with pytest.raises(Conflict) as nobody:
        claim(services, second)
    assert nobody.value.code == "claims.nobody"
    assert _granted(services, first, second) == [first]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_T33_who_claims_while_another_claim_is_decided_waits(services, tmp_path, monkeypatch):
    """The people's records are held from the look at other claims to the commit."""
    services = paying(services)
    first = closed_class(services, tmp_path, "A", (1,))
    second = closed_class(services, tmp_path, "B", (1,), uscc=OTHER_USCC)
    waiting = claim(services, second)
    services.clock.set(APRIL - timedelta(hours=1))
    written, looked = lines.write, threading.Event()
    done = threading.Event()

    def slowly(session, given, row, judged):
        written(session, given, row, judged)
        if row.class_id == second:
            looked.set()
            # Without the lock the other claim would be handed in here, and know nothing of this decision.
            done.wait(1)

    monkeypatch.setattr(lines, "write", slowly)
    refused = []

    def hand_in():
        looked.wait(PATIENCE_SECONDS)
        try:
            claim(services, first)
        except Conflict as error:
            refused.append(error.code)
        done.set()

    thread = threading.Thread(target=hand_in)
    thread.start()
    service.decide(services, second, waiting, by="inspector-1")
    thread.join()
    assert refused == ["claims.nobody"]
    assert _granted(services, first, second) == [second]
