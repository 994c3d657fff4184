"""The pages of this room through the host's eyes: roles, scopes, forms, languages."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from lmscompliance.kernel.actor import Role
from lmscompliance.kernel.errors import NotFound
from lmscompliance.storage.transaction import reading
from lmscompliance.training import activation, queries, registration
from lmscompliance.training.access import class_scope, enrolment_scope
from tests.identity.sheets import person
from tests.support.app import administrator, clerk, client_for, inspector, make_app, trainee
from tests.training import school

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def app(services):
    """Return a host around the services."""
    return make_app(services)


@pytest.fixture
def code(services, tmp_path):
    """Return the code of the only trainee of class K1."""
    school.file_class(services)
    path = school.roster(tmp_path / "a.xlsx", person(1, "张三"))
    return registration.import_roster(services, "K1", path).issued[0].code


def _form_token(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def test_the_form_activates(app, code, services):
    """The page shows the consent with its version; its own form, sent back, activates."""
    client = client_for(app, trainee(), csrf=False)
    page = client.get("/compliance/activate")
    assert page.status_code == 200
    consent = services.policies.get("liusu-youji-2021").consent
    assert consent.text_zh.split("\n")[0][:20] in page.text
    fields = {
        "csrf_token": _form_token(page),
        "code": code,
        "consent": "yes",
        "consent_version": consent.version,
    }
    answer = client.post("/compliance/activate", data=fields)
    assert (answer.status_code, answer.location) == (303, "/compliance/")
    with reading(services.database) as session:
        assert queries.enrolments_of_account(session, "trainee-1")


def test_without_a_token_nothing_happens(app, code):
    """A form from elsewhere is refused."""
    client = client_for(app, trainee(), csrf=False)
    assert client.post("/compliance/activate", data={"code": code, "consent": "yes"}).status_code == 403


def test_without_consent_the_text_is_shown_and_nothing_happens(app, code, services):
    """A code alone leads to the class's consent, with the code kept."""
    answer = client_for(app, trainee()).post("/compliance/activate", data={"code": code})
    assert answer.status_code == 200
    assert code in answer.text
    assert "“留苏优技”K1" in answer.text
    with reading(services.database) as session:
        assert queries.enrolments_of_account(session, "trainee-1") == []


def test_a_wrong_code_says_what_to_do(app, code):
    """The page comes back with the remedy and the tries left; at last with 429."""
    client = client_for(app, trainee())
    for left in (4, 3, 2, 1, 0):
        answer = client.post("/compliance/activate", data={"code": "AAAAAAAA", "consent": "yes"})
        assert answer.status_code == 422
        assert f"还可尝试 {left} 次" in answer.text
    assert client.post("/compliance/activate", data={"code": code, "consent": "yes"}).status_code == 429


def test_a_stale_consent_is_shown_anew(app, code):
    """Whoever agreed to another version reads the class's own before it counts."""
    client = client_for(app, trainee())
    answer = client.post(
        "/compliance/activate", data={"code": code, "consent": "yes", "consent_version": "0"}
    )
    assert answer.status_code == 409
    assert 'name="consent_version" value="1"' in answer.text


def test_english(app, code):
    """The page speaks the actor's language."""
    page = client_for(app, replace(trainee(), locale="en")).get("/compliance/activate")
    assert "One-time code" in page.text


@pytest.mark.parametrize("path", ["/compliance/activate", "/compliance/classes"])
def test_nobody_without_signing_in(app, path):
    """Both pages need a signed-in actor."""
    assert client_for(app, None).get(path).status_code == 401


def test_roles(app):
    """Staff do not activate, trainees do not list classes."""
    assert client_for(app, administrator()).get("/compliance/activate").status_code == 403
    assert client_for(app, trainee()).get("/compliance/classes").status_code == 403


@pytest.fixture
def three(services):
    """File three classes: two enterprises, two districts."""
    return {
        "K1": school.file_class(services, "K1", school.USCC, "城厢镇"),
        "K2": school.file_class(services, "K2", school.USCC, "沙溪镇"),
        "K3": school.file_class(services, "K3", school.OTHER_USCC, "沙溪镇"),
    }


@pytest.mark.parametrize(
    ("actor", "seen"),
    [
        (administrator(), {"K1", "K2", "K3"}),
        (clerk(school.USCC), {"K1", "K2"}),
        (clerk(school.OTHER_USCC), {"K3"}),
        (clerk(""), set()),
        (inspector("沙溪镇"), {"K2", "K3"}),
        (inspector("*"), {"K1", "K2", "K3"}),
        (inspector(), set()),
    ],
)
def test_T37_staff_see_what_is_theirs(app, services, three, actor, seen):
    """List and scope agree: an enterprise its own, an inspector the districts', all others nothing."""
    page = client_for(app, actor).get("/compliance/classes").text
    for code, class_id in three.items():
        assert (f"“留苏优技”{code}" in page) == (code in seen)
        if code in seen:
            class_scope(services, actor, {"class_id": class_id})
        else:
            with pytest.raises(NotFound):
                class_scope(services, actor, {"class_id": class_id})
    with pytest.raises(NotFound):
        class_scope(services, actor, {"class_id": "nowhere"})


def test_trainees_see_their_class_and_themselves(services, tmp_path):
    """Not before activation, not another class, not another trainee."""
    class_id = school.file_class(services)
    other_id = school.file_class(services, "K2")
    path = school.roster(tmp_path / "a.xlsx", person(1, "张三"), person(3, "李四"))
    mine, other = registration.import_roster(services, "K1", path).issued
    actor = trainee()
    with pytest.raises(NotFound):
        class_scope(services, actor, {"class_id": class_id})
    activation.activate(services, account=actor.account, code=mine.code, ip="58.211.0.1")
    class_scope(services, actor, {"class_id": class_id})
    enrolment_scope(services, actor, {"class_id": class_id, "enrolment_id": mine.enrolment_id})
    foreign = [(other_id, mine.enrolment_id), (class_id, other.enrolment_id), (class_id, "nobody")]
    for class_, enrolment in foreign:
        with pytest.raises(NotFound):
            enrolment_scope(services, actor, {"class_id": class_, "enrolment_id": enrolment})
    enrolment_scope(services, administrator(), {"class_id": class_id, "enrolment_id": other.enrolment_id})
    with pytest.raises(NotFound):
        enrolment_scope(services, administrator(), {"class_id": other_id, "enrolment_id": other.enrolment_id})


def test_a_role_nobody_has_yet_sees_nothing(services, three):
    """An enterprise actor without an enterprise is not mistaken for anybody."""
    actor = replace(clerk("x"), enterprise=None)
    assert actor.role is Role.ENTERPRISE
    with reading(services.database) as session:
        assert queries.classes_in_scope(session, actor) == []
