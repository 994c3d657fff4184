"""Signing in: what opens a session, what does not, and what the browser is told about it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from lmscompliance.kernel.actor import Role
from lmscompliance.kernel.errors import Conflict, InvalidInput
from lmscompliance.service import directory, passwords
from lmscompliance.service.models import Login, LoginSession, OneTimeLink, RecoveryCode, SecurityEvent
from lmscompliance.storage.transaction import reading, transaction
from tests.service.house import PASSWORD, House

ENTERPRISE = "91350100M000100Y43"


def _kinds(house: House) -> list[str]:
    with reading(house.services.database) as session:
        return list(session.scalars(select(SecurityEvent.kind).order_by(SecurityEvent.id)))


@pytest.mark.usefixtures("strong_passwords")
def test_an_invitation_sets_password_and_second_factor_once(house: House) -> None:
    """The link works once; password and code together sign in again elsewhere."""
    admin = house.staff("boss", Role.ADMINISTRATOR)
    assert admin.get("/staff").status_code == 200
    assert len(admin.recovery) == 10
    again = house.browser()
    assert "login/code" in again.sign_in("Boss").headers["Location"]
    assert again.get("/staff").status_code == 302  # the password alone opens nothing
    house.clock.advance(30)
    again.secret = admin.secret
    assert again.post("/login/code", code=again.code()).status_code == 303
    assert again.get("/staff").status_code == 200
    with reading(house.services.database) as session:
        link = session.scalars(select(OneTimeLink)).one()
        account = session.scalars(select(Login)).one()
    assert link.used_at is not None
    assert account.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert {"account.invited", "link.used", "second.set", "login.done"} <= set(_kinds(house))


def test_a_used_or_old_link_is_gone(house: House) -> None:
    """A one-time link is one-time, and a new one ends the one before."""
    token = directory.invite(
        house.services, login="clerk", name="C", role=Role.ENTERPRISE, scope=ENTERPRISE, by="t"
    )
    newer = directory.reset(house.services, directory.known_by_login(house.services, "clerk").id, by="t")
    assert house.browser().get(f"/invitation/{token}").status_code == 410
    assert house.browser().get(f"/invitation/{newer}").status_code == 200
    assert house.browser().post(f"/invitation/{newer}", password="short").status_code == 422
    assert house.browser().post(f"/invitation/{newer}", password=PASSWORD).status_code == 303
    assert house.browser().get(f"/invitation/{newer}").status_code == 410
    late = directory.reset(house.services, directory.known_by_login(house.services, "clerk").id, by="t")
    house.clock.advance(directory.LINK_LIFETIME.total_seconds())
    assert house.browser().get(f"/invitation/{late}").status_code == 410


def test_a_code_is_taken_once(house: House) -> None:
    """Neither a code of the app nor a recovery code works twice."""
    admin = house.staff("boss", Role.ADMINISTRATOR)
    code = admin.code()
    house.clock.advance(30)
    first, second = house.browser(), house.browser()
    first.sign_in("boss")
    assert first.post("/login/code", code=code).status_code == 401  # that of setting up
    assert first.post("/login/code", code=admin.code()).status_code == 303
    second.sign_in("boss")
    assert second.post("/login/code", code=admin.code()).status_code == 401
    assert second.post("/login/code", code=admin.recovery[0].lower()).status_code == 303
    third = house.browser()
    third.sign_in("boss")
    assert third.post("/login/code", code=admin.recovery[0]).status_code == 401
    with reading(house.services.database) as session:
        kept = session.scalars(select(RecoveryCode.code_blind)).all()
    assert not set(kept) & set(admin.recovery)


def test_unknown_wrong_invited_and_locked_answer_alike(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody learns from the answer, nor from work that was spared, whether there is such an account."""
    house.staff("boss", Role.ADMINISTRATOR)
    house.staff("known", Role.INSPECTOR, "*")
    house.staff("locked", Role.INSPECTOR, "*")
    directory.lock(house.services, directory.known_by_login(house.services, "locked").id, by="t")
    directory.invite(house.services, login="invited", name="I", role=Role.INSPECTOR, scope="*", by="t")
    verified: list[str] = []
    real = passwords.matches
    monkeypatch.setattr(passwords, "matches", lambda kept, given: verified.append(kept) or real(kept, given))
    answers = {}
    for login, password in (
        ("nobody", PASSWORD),
        ("known", "wrong password"),
        ("invited", PASSWORD),
        ("locked", PASSWORD),
    ):
        answer = house.browser().sign_in(login, password)
        answers[login] = (answer.status_code, answer.text.split('role="alert">')[1].split("<")[0])
    assert set(answers.values()) == {(401, answers["nobody"][1])}
    assert len(verified) == 4


@pytest.mark.parametrize("login", ["boss", "nobody"])
def test_guessing_is_slowed_down_the_same_for_anybody(house: House, login: str) -> None:
    """After five wrong passwords even the right one waits, longer each time; a right one clears the count."""
    house.staff("boss", Role.ADMINISTRATOR)
    for _ in range(5):
        assert house.browser().sign_in(login, "wrong password").status_code == 401
    assert house.browser().sign_in(login).status_code == 429
    house.clock.advance(31)
    assert house.browser().sign_in(login, "wrong password").status_code == 401
    house.clock.advance(31)
    assert house.browser().sign_in(login).status_code == 429  # now it is a minute
    house.clock.advance(31)
    assert house.browser().sign_in(login).status_code == (303 if login == "boss" else 401)
    assert "login.delayed" in _kinds(house)


def test_signing_in_changes_the_session_and_signing_out_ends_it_on_the_server(house: House) -> None:
    """A cookie from before is worth nothing after, and one from before signing out neither (fixation)."""
    admin = house.staff("boss", Role.ADMINISTRATOR)
    browser = house.browser()
    browser.get("/login")
    planted = browser.token()
    browser.sign_in("boss")
    pending = browser.token()
    house.clock.advance(30)
    browser.secret = admin.secret
    browser.post("/login/code", code=browser.code())
    whole = browser.token()
    assert len({planted, pending, whole}) == 3

    def allowed(cookie: str) -> bool:
        other = house.browser()
        other.client.set_cookie("compliance_service", cookie, domain="learn.example", secure=True)
        return other.get("/staff").status_code == 200

    assert [allowed(cookie) for cookie in (planted, pending, whole)] == [False, False, True]
    assert browser.post("/logout", page="/staff").status_code == 303
    assert not allowed(whole)


def test_cookies_are_out_of_reach(house: House) -> None:
    """The cookie goes over HTTPS alone, to no script and with no foreign site's form."""
    cookie = house.browser().get("/login").headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


def test_signing_in_needs_the_forms_token(house: House) -> None:
    """Another site cannot sign a browser in (login CSRF), nor use a token made for another browser."""
    house.staff("boss", Role.ADMINISTRATOR)
    form = {"login": "boss", "password": PASSWORD}
    bare = house.app.test_client().post("/compliance/login", data=form, base_url="https://learn.example")
    assert bare.status_code == 403
    stranger = house.browser()
    theirs = stranger.get("/login").text.split('name="compliance-csrf" content="')[1].split('"')[0]
    victim = house.browser()
    victim.get("/login")
    sent = victim.client.post(
        "/compliance/login", data=form | {"csrf_token": theirs}, base_url="https://learn.example"
    )
    assert sent.status_code == 403


@pytest.mark.parametrize(
    ("wanted", "leads"),
    [
        ("/compliance/classes", "/compliance/classes"),
        ("https://evil.example/", "/compliance/"),
        ("//evil.example/", "/compliance/"),
        ("/\\evil.example", "/compliance/"),
        ("/\t/evil.example", "/compliance/"),
        ("javascript:alert(1)", "/compliance/"),
        ("", "/compliance/"),
    ],
)
def test_signing_in_leads_to_our_own_pages_alone(house: House, wanted: str, leads: str) -> None:
    """No open redirect."""
    house.staff("eye", Role.INSPECTOR, "城厢镇")
    with transaction(house.services.database) as session:
        account = session.scalars(select(Login)).one()
        account.totp_since, account.totp_sealed, account.totp_step = None, None, 0
    browser = house.browser()
    browser.sign_in("eye", wanted=wanted)
    assert f'href="{leads}"' in browser.set_up().text


def test_a_session_ends_by_itself(house: House) -> None:
    """Unused for an hour, after a day's work, and from another device."""
    admin = house.staff("boss", Role.ADMINISTRATOR)
    assert admin.get("/staff").status_code == 200
    other = house.browser(agent="Thief/1")
    other.client.set_cookie("compliance_service", admin.token(), domain="learn.example", secure=True)
    assert other.get("/staff").status_code == 302
    for _ in range(13):
        house.clock.advance(55 * 60)
        assert admin.get("/staff").status_code == 200
    house.clock.advance(55 * 60)
    assert admin.get("/staff").status_code == 302
    fresh = house.browser()
    fresh.secret = admin.secret
    fresh.sign_in("boss")
    fresh.post("/login/code", code=fresh.code())
    house.clock.advance(60 * 60)
    assert fresh.get("/staff").status_code == 302


def test_an_account_ends_its_other_sessions(house: House) -> None:
    """Changing the password, or asking for it, signs the others out; another's session is not to be seen."""
    admin = house.staff("boss", Role.ADMINISTRATOR)
    house.staff("second", Role.ADMINISTRATOR)
    house.clock.advance(30)
    phone = house.browser(agent="Phone/1")
    phone.secret = admin.secret
    phone.sign_in("boss")
    phone.post("/login/code", code=phone.code())
    with reading(house.services.database) as session:
        foreign = session.scalars(
            select(LoginSession.id)
            .join(Login, Login.id == LoginSession.login_id)
            .where(
                Login.login_blind == house.services.vault.blind("service.login", "second"),
                LoginSession.stage == "full",
            )
        ).one()
    assert admin.post("/account/sessions", page="/account", session=foreign).status_code == 404
    assert "Phone/1" in admin.get("/account").text
    changed = admin.post("/account/password", page="/account", old=PASSWORD, password="another long one")
    assert changed.status_code == 303
    assert phone.get("/staff").status_code == 302
    assert admin.get("/staff").status_code == 200
    assert (
        admin.post("/account/password", page="/account", old=PASSWORD, password="yet another one").status_code
        == 422
    )


def test_what_is_taken_away_is_gone_at_once(house: House) -> None:
    """A revoked grant, a lock and a reset end sessions; the last administrator cannot be lost."""
    admin = house.staff("boss", Role.ADMINISTRATOR)
    eye = house.staff("eye", Role.INSPECTOR, "城厢镇")
    known = directory.known_by_login(house.services, "eye")
    admin.post(f"/staff/{known.id}/grants", page=f"/staff/{known.id}", role="enterprise", scope=ENTERPRISE)
    grants = {one.role: one.id for one in directory.known(house.services, known.id).grants}
    assert eye.post("/account/role", page="/account", grant=grants[Role.ENTERPRISE]).status_code == 303
    assert eye.get("/classes").status_code == 200
    where = f"/staff/{known.id}"
    admin.post(f"{where}/grants/{grants[Role.ENTERPRISE]}/revocation", page=where)
    assert eye.get("/classes").status_code == 302
    admin.post(f"{where}/lock", page=where)
    assert house.browser().sign_in("eye").status_code == 401
    admin.post(f"{where}/unlock", page=where)
    assert house.browser().sign_in("eye").status_code == 303
    boss = directory.known_by_login(house.services, "boss")
    with pytest.raises(Conflict):
        directory.lock(house.services, boss.id, by="t")
    with pytest.raises(Conflict):
        directory.revoke(house.services, boss.id, boss.grants[0].id, by="t")


def test_what_a_password_may_not_be(house: House, tmp_path) -> None:
    """Too short, too long, the login itself, one character over and over, or known to thieves."""
    import dataclasses

    leaked = tmp_path / "leaked.txt"
    leaked.write_text("password123456\n", encoding="utf-8")
    settings = dataclasses.replace(house.services.settings, breached_passwords=leaked)
    for bad in ("short", "x" * 129, "My.Login.Name", "aaaaaaaaaaaa", "password123456"):
        with pytest.raises(InvalidInput):
            passwords.hashed(settings, bad, login="my.login.name")
    kept = passwords.hashed(settings, "ｃorrect horse battery", login="x")
    assert passwords.matches(kept, PASSWORD)  # the full-width letter is the same letter
    assert passwords.renewed(kept, PASSWORD) is None


@pytest.mark.usefixtures("strong_passwords")
def test_an_old_hash_is_renewed_when_its_owner_signs_in(house: House) -> None:
    """Parameters that were raised since reach each account with its next right password."""
    from argon2 import PasswordHasher

    house.staff("boss", Role.ADMINISTRATOR)
    with transaction(house.services.database) as session:
        account = session.scalars(select(Login)).one()
        account.password_hash = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    assert house.browser().sign_in("boss").status_code == 303
    with reading(house.services.database) as session:
        assert "m=19456,t=2,p=1" in session.scalars(select(Login.password_hash)).one()
