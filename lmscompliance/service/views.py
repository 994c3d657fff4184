"""Pages: signing in and out, the second factor, one-time links, and the account's own page."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import make_response, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_login import UserMixin, current_user, login_user, logout_user
from markupsafe import Markup

from lmscompliance.kernel.actor import READING, Role
from lmscompliance.kernel.errors import ComplianceError, NotFound, Unauthenticated
from lmscompliance.learning.origin import Origin
from lmscompliance.service import directory, journal, sessions, signing_in
from lmscompliance.service.signing_in import Opened
from lmscompliance.storage.transaction import reading
from lmscompliance.web import (
    VISITOR,
    Access,
    Routes,
    client_ip,
    current_actor,
    current_services,
    locale,
    redirect_to,
    render,
    user_agent,
)
from lmscompliance.web.pages import home_url

routes = Routes()

_ANYBODY = Access(*Role)
_OWNERS = Access(Role.TRAINEE, *READING)
_LONGEST = 300
_NEXT = "next"


class Holder(UserMixin):  # type: ignore[misc]  # Flask-Login ships no types
    """What Flask-Login holds for a request: the session of ours that the cookie's token opened."""

    def __init__(self, token: str, present: sessions.Present) -> None:
        self.token = token
        self.present = present

    def get_id(self) -> str:
        """Return what Flask-Login keeps in the cookie."""
        return self.token


@routes.get("/login", endpoint="login", access=VISITOR)
def login_page() -> ResponseReturnValue:
    """Ask for login and password; who is in already goes on."""
    if current_user.is_authenticated and current_user.present.actor is not None:
        return redirect(_own_path(request.args.get(_NEXT, "")))
    return _login()


@routes.post("/login", endpoint="login_submit", access=VISITOR)
def login() -> ResponseReturnValue:
    """Sign in, or show what is wrong in words that tell nothing about the account."""
    wanted = _own_path(field(_NEXT))
    try:
        opened = signing_in.sign_in(
            current_services(), field("login"), request.form.get("password", "")[:_LONGEST], sender()
        )
    except ComplianceError as error:
        return _login(error)
    return enter(opened, wanted)


@routes.post("/logout", endpoint="logout", access=_ANYBODY)
def logout() -> ResponseReturnValue:
    """End the session on the server and in the browser."""
    sessions.end(current_services(), current_user.present.id, by=current_actor().account)
    logout_user()
    session.clear()
    return redirect_to("login")


@routes.get("/login/code", endpoint="login_code", access=VISITOR)
def code_page() -> ResponseReturnValue:
    """Ask for the second factor's code."""
    _pending(sessions.CODE)
    return render("service/code.html", error="")


@routes.post("/login/code", endpoint="login_code_submit", access=VISITOR)
def code() -> ResponseReturnValue:
    """Finish signing in."""
    present = _pending(sessions.CODE)
    wanted = _own_path(session.get(_NEXT, ""))
    try:
        opened = signing_in.answer_code(current_services(), present, field("code"), sender())
    except ComplianceError as error:
        return make_response(render("service/code.html", error=error.message(locale())), error.status)
    return enter(opened, wanted)


@routes.get("/login/second", endpoint="login_second", access=VISITOR)
def second_page() -> ResponseReturnValue:
    """Show the secret to put into an app."""
    return _second(_pending(sessions.ENROL))


@routes.post("/login/second", endpoint="login_second_submit", access=VISITOR)
def second() -> ResponseReturnValue:
    """Set the second factor up and show the recovery codes, once."""
    present = _pending(sessions.ENROL)
    wanted = _own_path(session.get(_NEXT, ""))
    try:
        opened, recovery = signing_in.confirm_second(current_services(), present, field("code"), sender())
    except ComplianceError as error:
        return _second(present, error)
    _hold(opened)
    return render("service/recovery.html", codes=recovery, wanted=wanted)


@routes.get("/invitation/<token>", endpoint="invitation", access=VISITOR)
def invitation(token: str) -> ResponseReturnValue:
    """Show whose link it is, and ask for a password; opening the page uses nothing up."""
    return _invitation(token)


@routes.post("/invitation/<token>", endpoint="invitation_submit", access=VISITOR)
def invitation_submit(token: str) -> ResponseReturnValue:
    """Set the password and sign in."""
    try:
        opened = signing_in.use_link(current_services(), token, _new_password(), sender())
    except ComplianceError as error:
        return _invitation(token, error)
    return enter(opened, home_url())


@routes.get("/account", endpoint="account", access=_OWNERS)
def account() -> ResponseReturnValue:
    """Show an account its rights, its sessions, and what happened to it."""
    return _account()


@routes.post("/account/password", endpoint="account_password", access=_OWNERS)
def password() -> ResponseReturnValue:
    """Change the own password; the account's other sessions end."""
    present = _own()
    try:
        old = request.form.get("old", "")[:_LONGEST]
        signing_in.change_password(
            current_services(), str(present.login_id), present.id, old, _new_password()
        )
    except ComplianceError as error:
        return _account(error)
    return redirect_to("account", done="password")


@routes.post("/account/role", endpoint="account_role", access=_OWNERS)
def role() -> ResponseReturnValue:
    """Go on by another of the own grants."""
    present = _own()
    opened = signing_in.act_as(
        current_services(), str(present.login_id), present.id, field("grant"), sender()
    )
    return enter(opened, home_url())


@routes.post("/account/sessions", endpoint="account_sessions_end", access=_OWNERS)
def end_sessions() -> ResponseReturnValue:
    """End one of the own sessions, or all but this one."""
    services, present = current_services(), _own()
    chosen = field("session")
    if chosen:
        sessions.end_own(services, str(present.login_id), chosen)
    else:
        sessions.end_others(services, str(present.login_id), present.id)
    return redirect_to("account")


def sender() -> Origin:
    """Return where the present request comes from."""
    return Origin(client_ip(), user_agent())


def field(name: str) -> str:
    """Return a short field of the form that was sent."""
    return request.form.get(name, "")[:_LONGEST].strip()


def enter(opened: Opened, wanted: str) -> ResponseReturnValue:
    """Give the browser its new session and lead on to what is owed, or to ``wanted``."""
    _hold(opened)
    if opened.stage == sessions.FULL:
        return redirect(wanted, 303)
    session[_NEXT] = wanted
    return redirect_to("login_code" if opened.stage == sessions.CODE else "login_second")


def _hold(opened: Opened) -> None:
    # Everything the browser brought is forgotten first: neither a planted token nor a planted form's name
    # outlives signing in.
    session.clear()
    found = sessions.present(current_services(), opened.token, user_agent())
    if found is not None:
        login_user(Holder(opened.token, found))


def _own_path(wanted: str) -> str:
    """Return ``wanted`` if it is a path of this very site, else our first page: no open redirect."""
    parts = urlsplit(wanted)
    plain = all(char.isprintable() and char != "\\" for char in wanted)
    own = plain and not parts.scheme and not parts.netloc and wanted.startswith("/") and wanted[1:2] != "/"
    return wanted if own else home_url()


def _pending(stage: str) -> sessions.Present:
    if not current_user.is_authenticated or current_user.present.stage != stage:
        raise Unauthenticated("web.sign_in_required")
    present: sessions.Present = current_user.present
    return present


def _own() -> sessions.Present:
    present: sessions.Present = current_user.present
    if present.login_id is None:
        # Whoever is in by a link has no account to look after.
        raise NotFound("web.not_found")
    return present


def _new_password() -> str:
    return request.form.get("password", "")[:_LONGEST]


def _login(error: ComplianceError | None = None) -> ResponseReturnValue:
    page = render(
        "service/login.html",
        wanted=request.values.get(_NEXT, "")[:_LONGEST],
        login=field("login"),
        error="" if error is None else error.message(locale()),
    )
    return make_response(page, 200 if error is None else error.status)


def _second(present: sessions.Present, error: ComplianceError | None = None) -> ResponseReturnValue:
    offer = signing_in.offer_second(current_services(), present)
    page = render(
        "service/second.html",
        secret=" ".join(offer.secret[at : at + 4] for at in range(0, len(offer.secret), 4)),
        picture=Markup(offer.picture),  # noqa: S704  # drawn by segno, with nothing of the user's in it
        error="" if error is None else error.message(locale()),
    )
    return make_response(page, 200 if error is None else error.status)


def _invitation(token: str, error: ComplianceError | None = None) -> ResponseReturnValue:
    services = current_services()
    owner = signing_in.link_owner(services, token)
    page = render(
        "service/invitation.html",
        owner=owner,
        token=token,
        least=services.settings.password_min_length,
        error="" if error is None else error.message(locale()),
    )
    return make_response(page, 200 if error is None else error.status)


def _account(error: ComplianceError | None = None) -> ResponseReturnValue:
    services, present = current_services(), _own()
    login_id = str(present.login_id)
    with reading(services.database) as opened:
        events = journal.of_login(opened, services, login_id, limit=20)
    page = render(
        "service/account.html",
        known=directory.known(services, login_id),
        sessions=sessions.listed(services, login_id),
        present=present,
        events=events,
        least=services.settings.password_min_length,
        done=request.args.get("done", ""),
        role=current_actor().role,
        enterprise=current_actor().enterprise,
        error="" if error is None else error.message(locale()),
    )
    return make_response(page, 200 if error is None else error.status)
