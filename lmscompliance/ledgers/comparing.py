"""Tables of a class's people for a bureau, after layouts: to compare (财政供养、社保、养老), or 证书数据.

What comes back of a comparison is imported by ``claims.lists``. Each table holds full numbers, so that what
it is for has to be said and everybody in it finds it. A table with a certificate's fields (notice W17) is of
those who hold a valid one.
"""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import resources

from sqlalchemy.orm import Session

from lmscompliance.certificates import reading as certificates
from lmscompliance.claims.models import ClassProject
from lmscompliance.documents import layout_file, layouts
from lmscompliance.documents.layouts import FIXED, JSON, Layout
from lmscompliance.filing import projects
from lmscompliance.identity import looks
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import shanghai_day
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.rules.levels import level_name
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries

SOURCES = (
    "ordinal", "name", "id_number", "id_kind", "sex", "birth", "phone", "department", "household",
    "activated", "enterprise_name", "enterprise_uscc", "class_code", "class_title", "filing_number",
    "district", "policy", "first_day", "last_day", "insured_months", "occupation", "level",
)  # fmt: skip
"""What a layout's fields may show of everybody enrolled."""
CERTIFIED = ("certificate_row", "certificate_number", "certificate_day", "certificate_hours", "score")
"""What they may show of who holds a valid certificate; with one of these nobody else stands in the table."""
ABOUT = (
    "today", "enterprise_name", "enterprise_uscc", "class_code", "class_title", "filing_number", "district",
    "policy", "first_day", "last_day", "occupation", "level",
)  # fmt: skip
"""What its head and foot may show of the table, beside how many rows it has."""
_FILE = "layouts.toml"
_UNSAFE = re.compile(r"[^\w.-]+")


def known(services: Services) -> dict[str, Layout]:
    """Return the layouts by id: the product's, and the platform's own, which stand above them."""
    text = (resources.files("lmscompliance.ledgers") / _FILE).read_text(encoding="utf-8")
    found = layout_file.load(text, _FILE, SOURCES + CERTIFIED, ABOUT)
    path = services.settings.layouts
    if path is not None:
        try:
            own = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            unreadable = InvalidInput("documents.layout_unreadable", reason=str(error))
            raise layout_file.BadLayouts(str(path), [unreadable]) from error
        found += layout_file.load(own, path.name, SOURCES + CERTIFIED, ABOUT)
    return {one.id: one for one in found}


def table(
    services: Services, actor: Actor, class_id: str, layout_id: str, *, form: str, purpose: str
) -> tuple[str, bytes]:
    """Return a table of the class's people and its ``file_name``, having recorded who got it and what for.

    Each person stands in it once. ``form`` is of ``layouts.FORMS``, or empty for the layout's own. Raises
    ``InvalidInput`` for an unknown layout, without a purpose, or for what does not fit.
    """
    layout = _layout(services, layout_id)
    words = looks.checked_purpose(purpose)
    # Decrypted before anything is locked: that takes seconds where a class is large.
    with reading(services.database) as session:
        code, about, enrolled = _enrolled(session, services, class_id)
        if any(one.source in CERTIFIED for one in layout.fields):
            rows = _certified(session, services, class_id, enrolled)
        else:
            people: dict[str, dict[str, str]] = {}
            for one in enrolled.values():
                people.setdefault(one["id_number"], one)
            rows = list(people.values())
    about["today"] = f"{shanghai_day(services.clock.now()):%Y%m%d}"
    data = layouts.write(layout, rows, form, about)
    place, occasion = (class_id, looks.NOBODY), f"compare {layout.id}"
    with transaction(services.database) as session:
        looks.record(session, services, actor, place, what=looks.LEDGER, occasion=occasion, purpose=words)
    return _file_name(layout, code, form), data


def file_name(services: Services, code: str, layout_id: str, form: str) -> str:
    """Return the name of the table of the class ``code``; ``InvalidInput`` for an unknown layout."""
    return _file_name(_layout(services, layout_id), code, form)


def _layout(services: Services, layout_id: str) -> Layout:
    layouts_known = known(services)
    layout = layouts_known.get(layout_id)
    if layout is None:
        raise InvalidInput("ledgers.layout", known=[*layouts_known])
    return layout


def _file_name(layout: Layout, code: str, form: str) -> str:
    ending = ".json" if form == JSON else ".txt" if layout.kind == FIXED else ".csv"
    return f"{layout.title}-{_UNSAFE.sub('-', code)}{ending}"


def _enrolled(
    session: Session, services: Services, class_id: str
) -> tuple[str, dict[str, str], dict[str, dict[str, str]]]:
    """Return the class's code, what is the same for everybody in it, and everybody by enrolment."""
    class_ = queries.class_by_id(session, class_id)
    enterprise = queries.enterprise_of(session, class_)
    notice = queries.notice_of(session, class_)
    last = class_.window_end - timedelta(microseconds=1)
    project = projects.chosen(session, class_id) or session.get(ClassProject, class_id)
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
        "occupation": "" if project is None else project.occupation,
        "level": "" if project is None else level_name(project.level),
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
        found[one.enrolment_id] = {**shared, **values}
    return class_.code, shared, found


def _certified(
    session: Session, services: Services, class_id: str, enrolled: dict[str, dict[str, str]]
) -> list[dict[str, str]]:
    """Return who holds a valid certificate, as it says: a name corrected since is not on it either."""
    found: list[dict[str, str]] = []
    for one in certificates.in_class(session, services, class_id):
        if one.content is None or one.revoked_at is not None or one.enrolment_id not in enrolled:
            continue
        says = {
            "certificate_row": str(len(found) + 1),
            "certificate_number": one.number,
            "certificate_day": one.content.issued_on.replace("-", ""),
            "certificate_hours": one.content.hours,
            "score": one.content.score,
            "name": one.content.name,
            "sex": one.content.sex,
            "id_number": one.content.id_number,
        }
        found.append({**enrolled[one.enrolment_id], **says})
    return found
