"""Pages: a trainee's first way in and way back by the phone of the roster, and joining their classes."""

from __future__ import annotations

from flask import current_app, make_response, redirect, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from lmscompliance.kernel.actor import Role
from lmscompliance.kernel.errors import ComplianceError, Forbidden
from lmscompliance.service import phones
from lmscompliance.service.state import STATE, ServiceState
from lmscompliance.service.views import enter, field, sender
from lmscompliance.training import activation
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
    url,
)
from lmscompliance.web.pages import home_url

routes = Routes()

_TRAINEE = Access(Role.TRAINEE)
_LONGEST_PASSWORD = 300


@routes.get("/phone", endpoint="phone", access=VISITOR)
def phone_page() -> ResponseReturnValue:
    """Ask for the phone and the end of the ID number."""
    return _page(asked=False)


@routes.post("/phone", endpoint="phone_ask", access=VISITOR)
def ask() -> ResponseReturnValue:
    """Send a code if there is such a person, and ask for it in any case."""
    state: ServiceState = current_app.extensions[STATE]
    try:
        phones.ask(current_services(), state.sms, phone=field("phone"), tail=field("tail"), sender=sender())
    except ComplianceError as error:
        return _page(asked=False, error=error)
    return _page(asked=True)


@routes.post("/phone/code", endpoint="phone_redeem", access=VISITOR)
def redeem() -> ResponseReturnValue:
    """Set the password by the code and sign in."""
    try:
        opened = phones.redeem(
            current_services(),
            phone=field("phone"),
            tail=field("tail"),
            code=field("code"),
            password=request.form.get("password", "")[:_LONGEST_PASSWORD],
            sender=sender(),
        )
    except ComplianceError as error:
        return _page(asked=True, error=error)
    return enter(opened, url("join"))


@routes.get("/join", endpoint="join", access=_TRAINEE)
def join_page() -> ResponseReturnValue:
    """Show the first class that waits for consent; none left leads to the classes."""
    return _join()


@routes.post("/join", endpoint="join_submit", access=_TRAINEE)
def join() -> ResponseReturnValue:
    """Consent, and open every class that asks for the same."""
    if field("consent") != "yes":
        return _join()
    try:
        activation.join(
            current_services(),
            account=current_actor().account,
            person_id=_person(),
            class_id=field("class_id"),
            ip=client_ip(),
            consent_version=field("consent_version"),
        )
    except ComplianceError as error:
        return _join(error)
    return redirect_to("join")


def _person() -> str:
    found = phones.person_of(current_services(), current_user.present.login_id)
    if found is None:
        raise Forbidden("web.wrong_role", role=current_actor().role.value)
    return found


def _join(error: ComplianceError | None = None) -> ResponseReturnValue:
    waiting = activation.waiting_offers(current_services(), _person())
    if not waiting:
        return redirect(home_url(), 303)
    offer = waiting[0]
    page = render(
        "service/join.html",
        offer=offer,
        titles=[one.title for one in waiting if one.consent == offer.consent],
        text=offer.consent.text_en if locale() == "en" else offer.consent.text_zh,
        error="" if error is None else error.message(locale()),
    )
    return make_response(page, 200 if error is None else error.status)


def _page(*, asked: bool, error: ComplianceError | None = None) -> ResponseReturnValue:
    page = render(
        "service/phone.html",
        asked=asked,
        phone=field("phone"),
        tail=field("tail"),
        least=current_services().settings.password_min_length,
        error="" if error is None else error.message(locale()),
    )
    return make_response(page, 200 if error is None else error.status)
