"""Pages: staff accounts, for administrators alone."""

from __future__ import annotations

from flask import make_response, request
from flask.typing import ResponseReturnValue

from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.errors import ComplianceError, InvalidInput
from lmscompliance.service import directory, journal
from lmscompliance.service.views import field
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training.queries import class_by_id
from lmscompliance.web import (
    Access,
    Routes,
    current_actor,
    current_services,
    locale,
    redirect_to,
    render,
    url,
)

routes = Routes()


def login_scope(services: Services, _actor: Actor, arguments: dict[str, str]) -> None:
    """Raise ``NotFound`` unless the account exists; administrators look after all of them."""
    directory.known(services, arguments["login_id"])


_ADMINISTRATOR = Access(Role.ADMINISTRATOR)
_OF_LOGIN = Access(Role.ADMINISTRATOR, scope=login_scope)


@routes.get("/staff", endpoint="staff", access=_ADMINISTRATOR)
def staff() -> ResponseReturnValue:
    """List the staff's accounts, with a form to invite somebody."""
    return _list()


@routes.post("/staff", endpoint="staff_invite", access=_ADMINISTRATOR)
def invite() -> ResponseReturnValue:
    """Make an account and show its link, once."""
    try:
        token = directory.invite(
            current_services(),
            login=field("login"),
            name=field("name"),
            role=_role(),
            scope=field("scope"),
            by=current_actor().account,
        )
    except ComplianceError as error:
        return _list(error)
    return _link(token)


@routes.get("/staff/<login_id>", endpoint="staff_account", access=_OF_LOGIN)
def account(login_id: str) -> ResponseReturnValue:
    """Show an account, what it may do and what happened to it."""
    return _account(login_id)


@routes.post("/staff/<login_id>/grants", endpoint="staff_grant", access=_OF_LOGIN)
def grant(login_id: str) -> ResponseReturnValue:
    """Give the account a role within a scope."""
    try:
        directory.grant(
            current_services(), login_id, role=_role(), scope=field("scope"), by=current_actor().account
        )
    except ComplianceError as error:
        return _account(login_id, error)
    return redirect_to("staff_account", login_id=login_id)


@routes.post("/staff/<login_id>/grants/<grant_id>/revocation", endpoint="staff_revoke", access=_OF_LOGIN)
def revoke(login_id: str, grant_id: str) -> ResponseReturnValue:
    """Take a grant away."""
    directory.revoke(current_services(), login_id, grant_id, by=current_actor().account)
    return redirect_to("staff_account", login_id=login_id)


@routes.post("/staff/<login_id>/lock", endpoint="staff_lock", access=_OF_LOGIN)
def lock(login_id: str) -> ResponseReturnValue:
    """Keep the account out."""
    directory.lock(current_services(), login_id, by=current_actor().account)
    return redirect_to("staff_account", login_id=login_id)


@routes.post("/staff/<login_id>/unlock", endpoint="staff_unlock", access=_OF_LOGIN)
def unlock(login_id: str) -> ResponseReturnValue:
    """Let the account in again."""
    directory.unlock(current_services(), login_id, by=current_actor().account)
    return redirect_to("staff_account", login_id=login_id)


@routes.post("/staff/<login_id>/reset", endpoint="staff_reset", access=_OF_LOGIN)
def reset(login_id: str) -> ResponseReturnValue:
    """Take password and second factor away and show a new link, once."""
    return _link(directory.reset(current_services(), login_id, by=current_actor().account))


def address(endpoint: str, **values: str) -> str:
    """Return a whole address to hand to somebody."""
    base = current_services().settings.public_url.rstrip("/") or request.host_url.rstrip("/")
    return base + url(endpoint, **values)


def _role() -> Role:
    try:
        return Role(field("role"))
    except ValueError:
        raise InvalidInput("service.role_staff") from None


def _link(token: str) -> ResponseReturnValue:
    days = directory.LINK_LIFETIME.days
    return render(
        "service/link.html", address=address("invitation", token=token), days=days, back=url("staff")
    )


def _list(error: ComplianceError | None = None) -> ResponseReturnValue:
    page = render(
        "service/staff.html",
        people=directory.staff(current_services()),
        roles=directory.STAFF,
        sent=request.form,
        error="" if error is None else error.message(locale()),
    )
    return make_response(page, 200 if error is None else error.status)


def _account(login_id: str, error: ComplianceError | None = None) -> ResponseReturnValue:
    services = current_services()
    known = directory.known(services, login_id)
    with reading(services.database) as session:
        events = journal.of_login(session, services, login_id)
        titles = {
            one.scope: class_by_id(session, one.scope).title
            for one in known.grants
            if one.role in {Role.INSTITUTION, Role.AUDITOR}
        }
    page = render(
        "service/staff_account.html",
        known=known,
        events=events,
        titles=titles,
        roles=directory.STAFF,
        own=login_id == current_actor().account,
        error="" if error is None else error.message(locale()),
    )
    return make_response(page, 200 if error is None else error.status)
