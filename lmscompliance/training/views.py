"""Pages: activation for trainees, the list of classes for staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import make_response, redirect, request

from lmscompliance.kernel.actor import READING, Role
from lmscompliance.kernel.errors import ComplianceError, Conflict, InvalidInput
from lmscompliance.storage.transaction import reading
from lmscompliance.training import activation, queries
from lmscompliance.web import Access, Routes, client_ip, current_actor, current_services, locale, render
from lmscompliance.web.pages import home_url

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from lmscompliance.policy import ConsentTerms

routes = Routes()

_TRAINEE = Access(Role.TRAINEE)
_STAFF = Access(*READING)
_MAX_CODE = 64


@routes.get("/activate", endpoint="activate", access=_TRAINEE)
def activate_page() -> ResponseReturnValue:
    """Ask for the code, and for consent too when only one text can be meant."""
    return _page(activation.common_consent(current_services()))


@routes.post("/activate", endpoint="activate_submit", access=_TRAINEE)
def activate_submit() -> ResponseReturnValue:
    """Activate with code and consent; without consent show the text that belongs to the code."""
    services, account = current_services(), current_actor().account
    code = request.form.get("code", "").strip()[:_MAX_CODE]
    try:
        if request.form.get("consent") == "yes":
            activation.activate(
                services,
                account=account,
                code=code,
                ip=client_ip(),
                consent_version=request.form.get("consent_version") or None,
            )
            return redirect(home_url(), 303)
        offer = activation.look_up(services, account=account, code=code)
        return _page(offer.consent, code=code, title=offer.title)
    except Conflict as error:
        if error.code != "training.consent_changed":
            return _failed(error, code)
        offer = activation.look_up(services, account=account, code=code)
        return _page(offer.consent, code=code, title=offer.title, error=error)
    except ComplianceError as error:
        return _failed(error, code)


@routes.get("/classes", endpoint="classes", access=_STAFF)
def classes() -> ResponseReturnValue:
    """List the classes that the actor may see."""
    services = current_services()
    with reading(services.database) as session:
        found = queries.classes_in_scope(session, current_actor())
    return render("training/classes.html", classes=found)


def _failed(error: ComplianceError, code: str) -> ResponseReturnValue:
    kept = code if not isinstance(error, InvalidInput) else ""
    return _page(activation.common_consent(current_services()), code=kept, error=error)


def _page(
    consent: ConsentTerms | None,
    *,
    code: str = "",
    title: str = "",
    error: ComplianceError | None = None,
) -> ResponseReturnValue:
    text = "" if consent is None else consent.text_en if locale() == "en" else consent.text_zh
    page = render(
        "training/activate.html",
        consent=consent,
        consent_text=text,
        code=code,
        title=title,
        error=None if error is None else error.message(locale()),
    )
    return make_response(page, 200 if error is None else error.status)
