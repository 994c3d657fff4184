"""Activation: one code, one account, one consent, and no room for guessing."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from lmscompliance.identity import accounts
from lmscompliance.kernel.errors import ComplianceError, Conflict, InvalidInput, TooMany
from lmscompliance.storage.transaction import reading
from lmscompliance.training import activation, codes, queries, registration
from tests.identity.sheets import person
from tests.training import school


@pytest.fixture
def issued(services, tmp_path):
    """Return the codes of two people in class K1."""
    school.file_class(services)
    path = school.roster(tmp_path / "a.xlsx", person(1, "张三"), person(3, "李四"))
    return [one.code for one in registration.import_roster(services, "K1", path).issued]


def _activate(services, code, account="u1", **more):
    return activation.activate(services, account=account, code=code, ip="58.211.0.1", **more)


def _enrolled(services, account):
    with reading(services.database) as session:
        return [class_.code for class_, _ in queries.enrolments_of_account(session, account)]


def test_a_code_binds_the_account_and_records_time_consent_and_address(services, clock, issued):
    """Before activation the account has nothing; after it the enrolment, and the leaf says when."""
    assert _enrolled(services, "u1") == []
    clock.advance(60)
    (class_id,) = _activate(services, issued[0], consent_version="1")
    assert _enrolled(services, "u1") == ["K1"]
    with reading(services.database) as session:
        mine = queries.enrolment_of(session, class_id, "u1")
        assert mine.activated_at == clock.now()
        assert queries.enrolment_of(session, class_id, "u2") is None
    (leaf,) = [leaf for _, type_, leaf in school.leaves(services, class_id) if type_ == "trainee.activated"]
    assert leaf["stream"] == f"enrolment/{mine.id}"
    assert leaf["body"]["consent"] == {"version": "1"}
    assert leaf["d"].keys() == {"ip"}


def test_a_code_works_as_people_type_it(services, issued):
    """Lower case, spaces and hyphens do not matter."""
    code = issued[0]
    assert _activate(services, f" {code[:4].lower()} - {code[4:]} ")


def test_sending_it_again_is_no_error_for_the_same_account_only(services, issued):
    """A lost answer may be asked for again; nobody else can use a used code."""
    _activate(services, issued[0])
    assert _activate(services, issued[0]) == []
    with pytest.raises(InvalidInput):
        _activate(services, issued[0], account="u2")


def test_one_account_one_person(services, issued):
    """A second person's code does not fit an account that has one, and stays usable."""
    _activate(services, issued[0])
    with pytest.raises(Conflict) as refusal:
        _activate(services, issued[1])
    assert refusal.value.code == "identity.account_other_person"
    assert _activate(services, issued[1], account="u2")


def test_one_person_one_account(services, issued, tmp_path):
    """A further class of the same person opens under their own account only."""
    _activate(services, issued[0])
    school.file_class(services, "K2")
    path = school.roster(tmp_path / "b.xlsx", person(1, "张三"))
    (code,) = registration.import_roster(services, "K2", path).codes.values()
    with pytest.raises(Conflict) as refusal:
        _activate(services, code, account="u2")
    assert refusal.value.code == "identity.person_other_account"
    assert _enrolled(services, "u1") == ["K1"]
    _activate(services, code)
    assert sorted(_enrolled(services, "u1")) == ["K1", "K2"]


def test_one_consent_opens_every_class_that_asks_for_it(services, issued, tmp_path):
    """Whoever waits in two classes with the same text activates both, each with its own leaf."""
    second = school.file_class(services, "K2")
    registration.import_roster(services, "K2", school.roster(tmp_path / "b.xlsx", person(1, "张三")))
    assert len(_activate(services, issued[0])) == 2
    assert school.types(services, second).count("trainee.activated") == 1


def test_wrong_codes_are_counted_and_stop(services, clock, issued):
    """After five wrong codes even the right one waits a quarter of an hour, for that account alone."""
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(InvalidInput) as refusal:
            _activate(services, "AAAAAAAA")
        assert refusal.value.params["left"] == left
    with pytest.raises(TooMany):
        _activate(services, issued[0])
    assert _activate(services, issued[1], account="u2")
    clock.advance(accounts.GUESS_WINDOW.total_seconds() + 1)
    assert _activate(services, issued[0])


def test_looking_up_counts_as_guessing(services, issued):
    """The first step of the page is no way around the limit."""
    for _ in range(5):
        with pytest.raises(InvalidInput):
            activation.look_up(services, account="u1", code="AAAAAAAA")
    with pytest.raises(TooMany):
        activation.look_up(services, account="u1", code=issued[0])


def test_simultaneous_guesses_are_all_counted(services, issued):
    """A burst does not slip through between counting and looking."""
    answers = []

    def guess():
        try:
            _activate(services, "AAAAAAAA")
        except ComplianceError as error:
            answers.append(error.code)

    threads = [threading.Thread(target=guess) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count("training.code_wrong") == 5
    assert answers.count("training.too_many_codes") == 15


def test_the_same_code_from_two_accounts_at_once(services, issued):
    """Only one of two simultaneous users of a code gets it."""
    answers = []

    def run(account):
        try:
            answers.append(len(_activate(services, issued[0], account=account)))
        except ComplianceError as error:
            answers.append(error.code)

    threads = [threading.Thread(target=run, args=(account,)) for account in ("u1", "u2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers, key=str) == [1, "training.code_wrong"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_codes_expire(services, clock, issued):
    """A code is good for thirty days, not a second longer."""
    clock.advance((codes.LIFETIME - timedelta(seconds=1)).total_seconds())
    assert _activate(services, issued[0])
    clock.advance(1)
    with pytest.raises(InvalidInput) as refusal:
        _activate(services, issued[1], account="u2")
    assert refusal.value.code == "training.code_expired"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_consent_to_another_version_is_none(services, issued):
    """What the person was shown must be what the class asks for."""
    with pytest.raises(Conflict) as refusal:
        _activate(services, issued[0], consent_version="0")
    assert refusal.value.code == "training.consent_changed"
    assert _enrolled(services, "u1") == []
