"""Importing rosters: one person one record, all of a row or nothing, again and again."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from lmscompliance.identity import cases
from lmscompliance.identity import roster as rosters
from lmscompliance.identity.models import IdentityCase, Person
from lmscompliance.identity.people import open_person
from lmscompliance.kernel.errors import InvalidInput, NotFound
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import codes, queries, registration
from lmscompliance.training.models import ActivationCode, Enrolment
from tests.identity.sheets import number, person
from tests.training import school

REAL = Path(__file__).parent.parent / "data" / "real"


def _count(services, model):
    with reading(services.database) as session:
        return session.scalar(select(func.count()).select_from(model))


def test_T9_the_real_roster_is_enrolled_as_the_check_says(services):
    """What the check accepts is enrolled and recorded, the rest is refused alike; again, nothing happens."""
    class_id = school.file_class(services)
    path = REAL / "花名册.xlsx"
    checked = rosters.check(path, date(2021, 2, 1)).to_json()
    imported = registration.import_roster(services, "K1", path)
    assert imported.report.to_json() == checked
    assert len(imported.codes) == len(checked["accepted"]) == 308
    with reading(services.database) as session:
        entries = queries.open_roster(session, services.vault, class_id)
    assert [entry.ordinal for entry in entries] == list(range(1, 309))
    assert entries[0].person.id_number == "32092219820109599X"
    assert {entry.enrolment_id for entry in entries} == imported.codes.keys()
    recorded = school.types(services, class_id)
    assert recorded.count("enrolment.created") == recorded.count("trainee.registered") == 308

    again = registration.import_roster(services, "K1", path)
    assert again.codes == {}
    assert all("已在本班报名" in one["warnings"][-1] for one in again.report.to_json()["accepted"])
    assert school.types(services, class_id) == recorded
    assert (_count(services, Person), _count(services, Enrolment), _count(services, IdentityCase)) == (
        308,
        308,
        1,
    )


def test_T9_one_person_over_classes_and_forms(services, tmp_path):
    """A 15-digit number and its 18-digit form are one person with an enrolment in each class."""
    first, second = school.file_class(services, "K1"), school.file_class(services, "K2", school.OTHER_USCC)
    old = school.roster(tmp_path / "a.xlsx", [1, "韩善丽", "女", "610104620927690", "13800000001"])
    new = school.roster(tmp_path / "b.xlsx", [1, "韩善丽", "女", "610104196209276908", "13800000002"])
    registration.import_roster(services, "K1", old)
    imported = registration.import_roster(services, "K2", new)
    assert imported.report.accepted[0].warnings[0].code == "identity.warn_other_phone"
    with reading(services.database) as session:
        (found,) = session.scalars(select(Person)).all()
        value = open_person(services.vault, found)
        enrolled = session.scalars(select(Enrolment.class_id)).all()
    assert set(enrolled) == {first, second}
    assert (value.id_number, value.given_number) == ("610104196209276908", "610104620927690")
    assert value.phone == "13800000001"


def test_another_name_for_a_known_number_becomes_a_case(services, tmp_path):
    """The row is refused, both sides are kept for a human, and importing again opens no second case."""
    school.file_class(services)
    registration.import_roster(services, "K1", school.roster(tmp_path / "a.xlsx", person(1, "张三")))
    path = school.roster(tmp_path / "b.xlsx", person(1, "李四"), person(3, "王五"))
    for _ in range(2):
        report = registration.import_roster(services, "K1", path).report.to_json()
        assert [(one["row"], one["field"]) for one in report["refused"]] == [(2, "id_number")]
    with reading(services.database) as session:
        (case,) = session.scalars(select(IdentityCase)).all()
    first, second = cases.open_sides(services, case)
    assert (first["name"], first["person"]) == ("张三", case.person_id)
    assert (second["name"], second["file"], second["row"]) == ("李四", "b.xlsx", 2)
    assert (case.kind, case.state) == (cases.OTHER_NAME, cases.OPEN)


def test_nothing_plain_is_stored(services, tmp_path):
    """No column of any table shows a name, a number, a phone, a department or a code."""
    school.file_class(services)
    imported = registration.import_roster(
        services, "K1", school.roster(tmp_path / "a.xlsx", person(1, "张三"), person(1, "李四"))
    )
    secrets = [
        "张三",
        "李四",
        number(1),
        "13800000001",
        "焊接车间",
        "江苏盐城",
        "19900101",
        *imported.codes.values(),
    ]
    with reading(services.database) as session:
        for table in Person.metadata.sorted_tables:
            for row in session.execute(text(f"SELECT * FROM {table.name}")):  # noqa: S608  # our own names
                shown = repr([bytes(v) if isinstance(v, memoryview) else v for v in row])
                raw = b"".join(bytes(v) for v in row if isinstance(v, (bytes, memoryview)))
                for secret in secrets:
                    assert secret not in shown, table.name
                    assert secret.encode() not in raw, table.name


def test_a_row_is_enrolled_whole_or_not_at_all(services, tmp_path, monkeypatch):
    """If recording fails in the middle, no person, enrolment, code or leaf of the batch is left."""
    class_id = school.file_class(services)
    path = school.roster(tmp_path / "a.xlsx", person(1), person(3))
    real, calls = registration.evidence.record, []

    def failing(*args, **kwargs):
        calls.append(kwargs["type"])
        if len(calls) == 4:
            raise RuntimeError("the disk is full")
        return real(*args, **kwargs)

    monkeypatch.setattr(registration.evidence, "record", failing)
    with pytest.raises(RuntimeError):
        registration.import_roster(services, "K1", path)
    monkeypatch.undo()
    assert [_count(services, model) for model in (Person, Enrolment, ActivationCode)] == [0, 0, 0]
    assert school.types(services, class_id) == ["class.filed"]
    assert len(registration.import_roster(services, "K1", path).codes) == 2


def test_two_imports_at_once_make_no_one_twice(services, tmp_path):
    """Two clerks importing overlapping rosters into two classes share the people they share."""
    school.file_class(services, "K1")
    school.file_class(services, "K2")
    rows = [person(n) for n in range(1, 60)]
    paths = [school.roster(tmp_path / "a.xlsx", *rows), school.roster(tmp_path / "b.xlsx", *reversed(rows))]
    failures = []

    def run(code, path):
        try:
            registration.import_roster(services, code, path)
        except Exception as error:  # noqa: BLE001  # shown by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=run, args=args) for args in zip(("K1", "K2"), paths, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (_count(services, Person), _count(services, Enrolment)) == (59, 118)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_lost_codes_are_replaced(services, tmp_path):
    """New codes for everybody not yet activated; the lost ones no longer open anything."""
    school.file_class(services)
    lost = registration.import_roster(
        services, "K1", school.roster(tmp_path / "a.xlsx", person(1), person(2))
    )
    fresh = codes.reissue(services, "K1")
    assert [one.ordinal for one in fresh] == [1, 2]
    assert {one.code for one in fresh}.isdisjoint(lost.codes.values())
    assert _count(services, ActivationCode) == 2
    assert fresh[0].code not in repr(fresh)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_no_class_or_no_roster(services, tmp_path):
    """An unknown class and a file without a heading are refused before anything is written."""
    with pytest.raises(NotFound):
        registration.import_roster(services, "K9", REAL / "花名册.xlsx")
    school.file_class(services)
    with pytest.raises(InvalidInput):
        registration.import_roster(services, "K1", REAL / "教学计划.xlsx")
    assert _count(services, Enrolment) == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_closed_class_takes_nobody(services):
    """After its close a class has no more enrolments."""
    class_id = school.file_class(services)
    with transaction(services.database) as session:
        queries.locked_class(session, class_id).status = "closed"
    with pytest.raises(Exception, match=r"training\.class_closed"):
        registration.import_roster(services, "K1", REAL / "花名册.xlsx")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_cap(services):
    """A limit enrols that many people and no more."""
    school.file_class(services)
    assert len(registration.import_roster(services, "K1", REAL / "花名册.xlsx", limit=40).codes) == 40
