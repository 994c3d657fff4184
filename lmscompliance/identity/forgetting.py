"""What identity lets go of: the persons that no other class needs, and what a class asked of them."""

from __future__ import annotations

from sqlalchemy import select

from lmscompliance.identity.models import (
    Account,
    Consent,
    GuessCounter,
    IdentityCase,
    Look,
    Person,
    PersonLink,
)
from lmscompliance.rules.retention import ACCOUNTS, ADDRESSES, IDENTITY
from lmscompliance.storage.erasing import Erasing, chunks


def forget(erasing: Erasing) -> None:
    """Name the rows; with the last one goes the only way from a number to a person."""
    persons, session = erasing.persons, erasing.session
    for chunk in chunks(persons):
        accounts = list(session.scalars(select(Account.external_id).where(Account.person_id.in_(chunk))))
        erasing.rows(ACCOUNTS, GuessCounter.external_id, accounts)
    erasing.empty(ADDRESSES, Account.person_id, persons, Account.ip_sealed)
    erasing.rows(ACCOUNTS, Account.person_id, persons)
    erasing.of_class(IDENTITY, Consent, Look)
    erasing.rows(IDENTITY, IdentityCase.origin, [f"class/{erasing.class_id}"])
    erasing.rows(IDENTITY, IdentityCase.person_id, persons)
    erasing.rows(IDENTITY, PersonLink.person_id, persons)
    erasing.rows(IDENTITY, PersonLink.into_id, persons)
    erasing.rows(IDENTITY, Person.id, persons)
