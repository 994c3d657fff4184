"""The one record a person has: finding it by number, making it, opening it for those who may read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from lmscompliance.identity.models import Person

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from lmscompliance.identity.numbers import IdNumber
    from lmscompliance.services import Services
    from lmscompliance.vault import Vault

_NUMBER_DOMAIN = "person.id_number"
_PHONE_DOMAIN = "person.phone"


class Sex(StrEnum):
    """The two values a Chinese identity document knows, in the words the ledger prints."""

    MALE = "男"
    FEMALE = "女"


@dataclass(frozen=True, slots=True)
class PersonValue:
    """A person in plain text; never logged, never put into a leaf.

    ``id_number`` is the normalised form, ``given_number`` the one first handed in.
    """

    id: str
    name: str
    sex: str
    birth: date
    id_kind: str
    id_number: str
    given_number: str
    phone: str

    def __repr__(self) -> str:
        """Show the id alone, so that a traceback or a log line reveals nobody."""
        return f"PersonValue({self.id})"


def open_name(vault: Vault, person: Person) -> str:
    """Decrypt a person's name alone, for lists that show it masked."""
    return vault.open(_place("name_sealed"), person.name_sealed)


def open_person(vault: Vault, person: Person) -> PersonValue:
    """Decrypt ``person``. The caller answers for who sees the result."""
    number = vault.open(_place("id_number_sealed"), person.id_number_sealed)
    given = person.given_number_sealed
    return PersonValue(
        id=person.id,
        name=open_name(vault, person),
        sex=vault.open(_place("sex_sealed"), person.sex_sealed),
        birth=date.fromisoformat(vault.open(_place("birth_date_sealed"), person.birth_date_sealed)),
        id_kind=person.id_kind,
        id_number=number,
        given_number=number if given is None else vault.open(_place("given_number_sealed"), given),
        phone=vault.open(_place("phone_sealed"), person.phone_sealed),
    )


def number_blinds(vault: Vault, number: str) -> Sequence[str]:
    """Return what the blind index may hold for a normalised number, under whichever key it was made."""
    return vault.blinds(_NUMBER_DOMAIN, number)


def person_by_number(session: Session, vault: Vault, number: str) -> Person | None:
    """Return the record of the normalised ``number``, in whichever class or year it was made."""
    blinds = number_blinds(vault, number)
    return session.scalars(select(Person).where(Person.id_number_blind.in_(blinds))).one_or_none()


def persons_by_phone(session: Session, vault: Vault, phone: str) -> Sequence[Person]:
    """Return everybody who was registered with the normalised ``phone``."""
    blinds = vault.blinds(_PHONE_DOMAIN, phone)
    return session.scalars(select(Person).where(Person.phone_blind.in_(blinds)).order_by(Person.id)).all()


def find_or_create(session: Session, services: Services, value: PersonValue) -> Person:
    """Return the record of ``value``'s number, made from ``value`` if there is none yet.

    A record that exists is returned as it is: details are corrected by people, not by the next roster.
    Should another transaction make the same person meanwhile, the unique index lets one of them win and
    this one reads the winner.
    """
    _one_at_a_time(session, services.vault, value.id_number)
    found = person_by_number(session, services.vault, value.id_number)
    if found is not None:
        return found
    person = _sealed(services, value)
    try:
        with session.begin_nested():
            session.add(person)
            session.flush()
    except IntegrityError:
        winner = person_by_number(session, services.vault, value.id_number)
        if winner is None:
            raise
        return winner
    return person


def rename(vault: Vault, person: Person, name: str) -> str:
    """Give a person another name and return the one before; the caller records both."""
    before = open_name(vault, person)
    person.name_sealed = vault.seal(_place("name_sealed"), name)
    return before


def change_phone(vault: Vault, person: Person, phone: str) -> None:
    """Give a person another phone; the caller records both."""
    person.phone_sealed = vault.seal(_place("phone_sealed"), phone)
    person.phone_blind = vault.blind(_PHONE_DOMAIN, phone)


def change_number(vault: Vault, person: Person, number: IdNumber, sex: str) -> None:
    """Give a person another number, which nobody else has; the caller records both."""
    person.id_number_sealed = vault.seal(_place("id_number_sealed"), number.normal)
    person.id_number_blind = vault.blind(_NUMBER_DOMAIN, number.normal)
    person.given_number_sealed = _given(vault, number.raw, number.normal)
    person.id_kind = number.kind
    person.birth_date_sealed = vault.seal(_place("birth_date_sealed"), number.birth.isoformat())
    person.sex_sealed = vault.seal(_place("sex_sealed"), sex)


def _one_at_a_time(session: Session, vault: Vault, number: str) -> None:
    """Let nobody else look for ``number`` until the commit, while index keys are being changed.

    The unique index does not see that two digests under different keys are one number. Whoever knows both
    keys locks the older digest's name. SQLite has one writer at a time anyway.
    """
    blinds = number_blinds(vault, number)
    if len(blinds) > 1 and session.get_bind().dialect.name == "postgresql":
        name = int(blinds[0][:16], 16) - 2**63
        session.execute(select(func.pg_advisory_xact_lock(name)))


def _sealed(services: Services, value: PersonValue) -> Person:
    vault = services.vault
    return Person(
        id=value.id,
        name_sealed=vault.seal(_place("name_sealed"), value.name),
        sex_sealed=vault.seal(_place("sex_sealed"), value.sex),
        birth_date_sealed=vault.seal(_place("birth_date_sealed"), value.birth.isoformat()),
        id_kind=value.id_kind,
        id_number_sealed=vault.seal(_place("id_number_sealed"), value.id_number),
        id_number_blind=vault.blind(_NUMBER_DOMAIN, value.id_number),
        given_number_sealed=_given(vault, value.given_number, value.id_number),
        phone_sealed=vault.seal(_place("phone_sealed"), value.phone),
        phone_blind=vault.blind(_PHONE_DOMAIN, value.phone),
        created_at=services.clock.now(),
    )


def _given(vault: Vault, given: str, normal: str) -> bytes | None:
    """Seal the number as it was handed in; ``None`` where that is the normalised form itself."""
    return None if given == normal else vault.seal(_place("given_number_sealed"), given)


def _place(column: str) -> str:
    return f"{Person.__tablename__}.{column}"
