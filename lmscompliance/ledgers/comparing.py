"""Tables of a class's people for comparison with a bureau's own (财政供养、社保、养老), after layouts.

What comes back is imported by ``claims.lists``. Each table holds full numbers, so that what it is for has to
be said and everybody in it finds it.
"""

from __future__ import annotations

from datetime import timedelta
from importlib import resources

from sqlalchemy.orm import Session

from lmscompliance.documents import layouts
from lmscompliance.documents.layouts import FIXED, JSON, Layout
from lmscompliance.identity import looks
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import shanghai_day
from lmscompliance.kernel.errors import InvalidInput, Misconfigured
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.training import queries

SOURCES = (
    "ordinal", "name", "id_number", "id_kind", "sex", "birth", "phone", "department", "household",
    "activated", "enterprise_name", "enterprise_uscc", "class_code", "class_title", "filing_number",
    "district", "policy", "first_day", "last_day", "insured_months",
)  # fmt: skip
"""What a layout's fields may show."""
_FILE = "layouts.toml"


def known(services: Services) -> dict[str, Layout]:
    """Return the layouts by id: the product's, and the platform's own, which stand above them."""
    text = (resources.files("lmscompliance.ledgers") / _FILE).read_text(encoding="utf-8")
    found = layouts.load(text, _FILE, SOURCES)
    path = services.settings.layouts
    if path is not None:
        try:
            found += layouts.load(path.read_text(encoding="utf-8"), path.name, SOURCES)
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured("documents.layout", file=str(path), what=str(error)) from error
    return {one.id: one for one in found}


def table(
    services: Services, actor: Actor, class_id: str, layout_id: str, *, form: str, purpose: str
) -> tuple[str, bytes]:
    """Return a table of the class's people and the file's name, having recorded who got it and what for.

    Each person stands in it once. ``form`` is of ``layouts.FORMS``, or empty for the layout's own. Raises
    ``InvalidInput`` for an unknown layout, without a purpose, or for what does not fit.
    """
    layouts_known = known(services)
    layout = layouts_known.get(layout_id)
    if layout is None:
        raise InvalidInput("ledgers.layout", known="、".join(layouts_known))
    words = looks.checked_purpose(purpose)
    with transaction(services.database) as session:
        code, rows = _rows(session, services, class_id)
        data = layouts.write(layout, rows, form)
        place = (class_id, looks.NOBODY)
        looks.record(
            session, services, actor, place, what=looks.LEDGER, occasion=f"compare {layout.id}", purpose=words
        )
    ending = ".json" if form == JSON else ".txt" if layout.kind == FIXED else ".csv"
    return f"{layout.title}-{code}{ending}", data


def _rows(session: Session, services: Services, class_id: str) -> tuple[str, list[dict[str, str]]]:
    class_ = queries.class_by_id(session, class_id)
    enterprise = queries.enterprise_of(session, class_)
    notice = queries.notice_of(session, class_)
    last = class_.window_end - timedelta(microseconds=1)
    shared = {
        "enterprise_name": enterprise.name,
        "enterprise_uscc": enterprise.uscc,
        "class_code": class_.code,
        "class_title": class_.title,
        "filing_number": class_.filing_number or "",
        "district": class_.district,
        "policy": notice.document,
        "first_day": f"{shanghai_day(class_.window_start):%Y%m%d}",
        "last_day": f"{shanghai_day(last):%Y%m%d}",
        "insured_months": "、".join(notice.subsidy.insured_months),
    }
    found: dict[str, dict[str, str]] = {}
    for one in queries.open_roster(session, services.vault, class_id):
        person = one.person
        values = {
            "ordinal": str(one.ordinal),
            "name": person.name,
            "id_number": person.id_number,
            "id_kind": person.id_kind,
            "sex": person.sex,
            "birth": f"{person.birth:%Y%m%d}",
            "phone": person.phone,
            "department": one.department,
            "household": one.household,
            "activated": "yes" if one.activated_at else "no",
        }
        found.setdefault(person.id_number, {**shared, **values})
    return class_.code, list(found.values())
