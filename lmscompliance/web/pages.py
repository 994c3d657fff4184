"""Pages for people: our templates, texts in the reader's language, Shanghai times.

Templates get what they need as context of this render, not as globals of the host's Jinja environment.
"""

from __future__ import annotations

from datetime import date, datetime

from flask import Response, redirect, render_template, request, url_for
from markupsafe import Markup

from lmscompliance.kernel.clock import from_micros, shanghai
from lmscompliance.kernel.messages import text
from lmscompliance.web.csrf import FIELD, csrf_token
from lmscompliance.web.state import actor_or_none, current_services, locale
from lmscompliance.web.statics import STATIC, version_of

_FOLDER = "lmscompliance/"
_LONGEST_NUMBER = 6


def render(template: str, /, **context: object) -> str:
    """Render ``template`` of ``templates/lmscompliance/`` (a host may override it) with ``context``.

    Every template also sees ``t``, ``url``, ``home_url``, ``csrf_token()``, ``csrf_field()``, ``actor``,
    ``locale``, ``platform_name`` and the formatters ``show_time``, ``show_day`` and ``show_duration``.
    """
    name = template if template.startswith(_FOLDER) else _FOLDER + template
    return render_template(
        name,
        **{
            "t": t,
            "url": url,
            "csrf_token": csrf_token,
            "csrf_field": csrf_field,
            "home_url": home_url(),
            "actor": actor_or_none(),
            "locale": locale(),
            "platform_name": current_services().settings.platform_name,
            "show_time": show_time,
            "show_day": show_day,
            "show_duration": show_duration,
        }
        | context,
    )


def t(code: str, /, **params: object) -> str:
    """Return the text of ``code`` (``room.name``) in the reader's language."""
    return text(code, locale(), **params)


def url(endpoint: str, **values: str | int | None) -> str:
    """Return the URL of our ``endpoint``, named without the blueprint; that of a static file names its bytes.

    So no browser runs a script of before an upgrade, and each is fetched once and not asked for again.
    """
    if endpoint == STATIC:
        values["v"] = version_of(str(values["filename"]))
    return url_for(f"compliance.{endpoint}", **values)  # type: ignore[arg-type]  # None drops a value


def home_url() -> str:
    """Return the address of our first page."""
    return current_services().settings.url_prefix.rstrip("/") + "/"


def redirect_to(endpoint: str, **values: str | int | None) -> Response:
    """Answer a form with a page to fetch (303), so that a reload does not send the form again."""
    response: Response = redirect(url(endpoint, **values), 303)  # type: ignore[assignment]  # Flask's own class
    return response


def page_number() -> int:
    """Return the page of a list that the query asks for, from 1; whatever is no such number is the first."""
    page = request.args.get("page", "1")
    return int(page) if page.isascii() and page.isdigit() and len(page) <= _LONGEST_NUMBER else 1


def csrf_field() -> Markup:
    """Return the hidden input every form of ours carries."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, csrf_token())


def show_time(instant: datetime | int | None) -> str:
    """Show an instant (or integer microseconds) on the Shanghai clock, to the second; ``—`` for none."""
    if instant is None:
        return "—"
    moment = from_micros(instant) if isinstance(instant, int) else instant
    return shanghai(moment).strftime("%Y-%m-%d %H:%M:%S")


def show_day(day: date | datetime | None) -> str:
    """Show a day; an instant is shown as the Shanghai day it falls on."""
    if day is None:
        return "—"
    return (shanghai(day) if isinstance(day, datetime) else day).strftime("%Y-%m-%d")


def show_duration(seconds: int) -> str:
    """Show whole seconds as ``m:ss`` or ``h:mm:ss``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
