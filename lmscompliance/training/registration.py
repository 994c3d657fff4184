"""Roster in, enrolments out: one person one record, an enrolment each, a one-time code to activate it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from lmscompliance import evidence
from lmscompliance.documents.font import Typeface
from lmscompliance.identity import cases, links
from lmscompliance.identity.contact import same_name
from lmscompliance.identity.models import Person
from lmscompliance.identity.people import (
    PersonValue,
    find_or_create,
    open_person,
    person_by_number,
    persons_by_phone,
)
from lmscompliance.identity.roster import NameClash, RosterRow, read
from lmscompliance.identity.roster_report import Accepted, Refusal, RosterReport
from lmscompliance.identity.verification import OFFLINE, method_of
from lmscompliance.kernel.clock import shanghai_day, to_micros
from lmscompliance.kernel.errors import Conflict
from lmscompliance.kernel.messages import Remark
from lmscompliance.kernel.verification import PASSED, PENDING
from lmscompliance.rules.class_life import OVER
from lmscompliance.rules.masking import mask_number
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training.codes import IssuedCode, issue
from lmscompliance.training.models import Enrolment, TrainingClass
from lmscompliance.training.queries import class_by_code, locked_class
from lmscompliance.training.verifying import REGISTRATION, begin

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from lmscompliance.services import Services

_BATCH = 50
"""Rows a transaction. Small, so that an import never keeps learners' beats waiting on SQLite."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did. ``issued`` holds a code for each *new* enrolment, to be handed out now."""

    report: RosterReport
    issued: tuple[IssuedCode, ...]

    @property
    def codes(self) -> dict[str, str]:
        """The new codes by enrolment id."""
        return {one.enrolment_id: one.code for one in self.issued}


def import_roster(
    services: Services,
    class_code: str,
    path: Path,
    limit: int | None = None,
) -> Imported:
    """Enrol the people of a roster in a class; ``limit`` stops after that many acceptable rows.

    Each row is enrolled whole or refused. Rows are committed in batches of 50: if the process dies, what
    was committed stays, importing the file again does the rest, and ``codes.reissue`` replaces the codes
    nobody got to see. A row enrolled before is reported with a warning and otherwise left alone. The same
    number under another name, in the file or on record, is refused and opens a case.

    Raises ``NotFound`` for the class, ``InvalidInput`` for a file that is no roster, ``Conflict`` when the
    class is closed.
    """
    with reading(services.database) as session:
        class_ = class_by_code(session, class_code)
    if class_.status in OVER:
        raise Conflict("training.class_closed", code=class_.code)
    roster = read(path, shanghai_day(services.clock.now()), limit, Typeface(services.settings.fonts_dir))
    accepted: list[Accepted] = []
    refused: list[Refusal] = list(roster.refused)
    issued: list[IssuedCode] = []
    for start in range(0, len(roster.accepted), _BATCH):
        rows = roster.accepted[start : start + _BATCH]
        claims = _claims(services, rows)
        with transaction(services.database) as session:
            batch = _Batch(session, services, locked_class(session, class_.id), path.name)
            batch.enrol(claims)
        accepted += batch.accepted
        refused += batch.refused
        issued += batch.issued
    _open_clashes(services, class_, path.name, roster.clashes)
    refused.sort(key=lambda one: one.row)
    return Imported(RosterReport(accepted, refused), tuple(issued))


@dataclass(frozen=True, slots=True, repr=False)
class _Claim:
    row: RosterRow
    value: PersonValue


class _Batch:
    """The rows of one transaction. What it collected counts only once that has committed."""

    def __init__(self, session: Session, services: Services, class_: TrainingClass, file: str) -> None:
        self._session = session
        self._services = services
        self._class = class_
        self._file = file
        self.accepted: list[Accepted] = []
        self.refused: list[Refusal] = []
        self.issued: list[IssuedCode] = []

    def enrol(self, claims: list[_Claim]) -> None:
        # People are made in the order of their numbers, so two imports that share some of them take
        # the index entries in one order and cannot deadlock; enrolments follow the roster's order.
        people = {
            claim.row.row: find_or_create(self._session, self._services, claim.value)
            for claim in sorted(claims, key=lambda claim: claim.value.id_number)
        }
        united = links.current(self._session)
        ordinal = self._last_ordinal()
        for claim in claims:
            found = people[claim.row.row]
            person = self._session.get_one(Person, united.get(found.id, found.id))
            known = open_person(self._services.vault, person)
            if not same_name(known.name, claim.value.name):
                self._refuse_other_name(claim, known)
            elif self._enrolled(person):
                self._accept(claim.row, Remark("training.warn_enrolled"))
            else:
                ordinal += 1
                self._enrol_one(claim, person, ordinal)
                remarks = [Remark("identity.warn_other_phone")] if known.phone != claim.value.phone else []
                if person.id == claim.value.id and self._twin(claim):
                    remarks.append(Remark("training.warn_two_records"))
                self._accept(claim.row, *remarks)

    def _enrol_one(self, claim: _Claim, person: Person, ordinal: int) -> None:
        services, now = self._services, self._services.clock.now()
        method = method_of(services)
        result = PASSED if method == OFFLINE else PENDING
        seal, table = services.vault.seal, Enrolment.__tablename__
        enrolment = Enrolment(
            class_id=self._class.id,
            id=services.ids.opaque(),
            person_id=person.id,
            ordinal=ordinal,
            department_sealed=seal(f"{table}.department_sealed", claim.row.department),
            household_sealed=seal(f"{table}.household_sealed", claim.row.household),
            registered_at=now,
            verification_method=method,
            verification_result=result,
            verified_at=now,
            activated_at=None,
            consent_version=None,
        )
        self._session.add(enrolment)
        self._session.flush()
        evidence.record(
            self._session,
            services,
            class_id=self._class.id,
            stream=evidence.class_stream(self._class.id),
            type="enrolment.created",
            at=now,
            body={"enrolment": enrolment.id, "ordinal": ordinal},
        )
        evidence.record(
            self._session,
            services,
            class_id=self._class.id,
            stream=evidence.enrolment_stream(enrolment.id),
            type="trainee.registered",
            at=now,
            body={
                "registered_us": to_micros(now),
                "verification": {
                    "method": method,
                    "result": result,
                    "at_us": to_micros(now),
                },
            },
            disclose={
                "name": claim.value.name,
                "sex": claim.value.sex,
                "id_number": claim.value.id_number,
                "phone": claim.value.phone,
                "department": claim.row.department,
                "household": claim.row.household,
            },
        )
        if result == PENDING:
            begin(self._session, services, enrolment, REGISTRATION)
        self.issued.append(issue(self._session, services, enrolment, claim.value.name))

    def _accept(self, row: RosterRow, *further: Remark) -> None:
        self.accepted.append(Accepted(row.row, mask_number(row.number.normal), (*row.warnings, *further)))

    def _refuse_other_name(self, claim: _Claim, known: PersonValue) -> None:
        row = claim.row
        self.refused.append(Refusal(row.row, "id_number", (Remark("identity.other_name_known"),)))
        clash = NameClash(row.number.normal, known.name, 0, row.name, row.row)
        _open_case(self._session, self._services, self._class, self._file, clash)

    def _twin(self, claim: _Claim) -> bool:
        """Open a case where a new record shares name and phone with one of another number."""
        vault, value = self._services.vault, claim.value
        for one in persons_by_phone(self._session, vault, value.phone):
            known = open_person(vault, one)
            if one.id == value.id or not same_name(known.name, value.name):
                continue
            second = {"name": value.name, "id_number": value.id_number, "person": value.id}
            cases.open_case(
                self._session,
                self._services,
                kind=cases.TWO_RECORDS,
                finding="|".join(sorted((one.id, value.id))),
                origin=f"class/{self._class.id}",
                person_id=one.id,
                sides=(
                    {"name": known.name, "id_number": known.id_number, "person": one.id},
                    {**second, "file": self._file, "row": claim.row.row},
                ),
            )
            return True
        return False

    def _enrolled(self, person: Person) -> bool:
        statement = select(Enrolment.id).where(
            Enrolment.class_id == self._class.id,
            Enrolment.person_id.in_(links.records_of(self._session, person.id)),
        )
        return self._session.scalar(statement.limit(1)) is not None

    def _last_ordinal(self) -> int:
        statement = select(func.max(Enrolment.ordinal)).where(Enrolment.class_id == self._class.id)
        return self._session.scalar(statement) or 0


def _claims(services: Services, rows: list[RosterRow]) -> list[_Claim]:
    claims = []
    for row in rows:
        value = PersonValue(
            id=services.ids.new(),
            name=row.name,
            sex=row.sex.value,
            birth=row.number.birth,
            id_kind=row.number.kind,
            id_number=row.number.normal,
            given_number=row.number.raw,
            phone=row.phone,
        )
        claims.append(_Claim(row, value))
    return claims


def _open_clashes(services: Services, class_: TrainingClass, file: str, clashes: list[NameClash]) -> None:
    with transaction(services.database) as session:
        for clash in clashes:
            _open_case(session, services, class_, file, clash)


def _open_case(
    session: Session, services: Services, class_: TrainingClass, file: str, clash: NameClash
) -> None:
    person = person_by_number(session, services.vault, clash.number)
    first: dict[str, str | int] = {"name": clash.first, "id_number": clash.number}
    # Row 0 means that the first name is not of this file but on record.
    first |= (
        {"file": file, "row": clash.first_row} if clash.first_row else {"person": person.id if person else ""}
    )
    second: dict[str, str | int] = {"name": clash.second, "id_number": clash.number}
    second |= {"file": file, "row": clash.second_row}
    cases.open_case(
        session,
        services,
        kind=cases.OTHER_NAME,
        finding=f"{clash.number}|{clash.second.casefold()}",
        origin=f"class/{class_.id}",
        person_id=None if person is None else person.id,
        sides=(first, second),
    )
