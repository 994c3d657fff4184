"""Classes whose notice pays, and lists as bureaus send them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from lmscompliance.claims import service
from lmscompliance.claims.service import Payee
from lmscompliance.completion import closing
from lmscompliance.kernel.clock import SHANGHAI
from lmscompliance.policy import Catalogue
from lmscompliance.services import Services
from lmscompliance.training import registration
from lmscompliance.training import service as training
from tests.identity.sheets import person
from tests.training.school import USCC, roster

PAYEE = Payee("太仓农商行", "示范企业", "622000123", "张经办", "李负责")
TERMS = {
    "subsidy.requires": [],
    "subsidy.per_person": 300,
    "subsidy.same_project_within": "lifetime",
    "subsidy.claim_from": date(2021, 4, 1),
    "subsidy.claim_until": date(2021, 5, 31),
}
"""Whoever is enrolled is entitled, once in a lifetime; a test adds what it is about."""
APRIL = datetime(2021, 4, 6, 10, tzinfo=SHANGHAI)
NAMES = ("张三", "李四四", "王小五")


def paying(services: Services, **terms: object) -> Services:
    """Return services whose ``demo-short`` pays by ``TERMS`` and ``terms`` (``a__b`` for ``a.b``)."""
    further = {name.replace("__", "."): value for name, value in terms.items()}
    notice = services.policies.get("demo-short").supposing({**TERMS, **further})
    return replace(services, policies=Catalogue([notice]))


def closed_class(
    services: Services, folder: Path, code: str, people: Iterable[int] = (1, 2), uscc: str = USCC
) -> str:
    """File, approve, enrol ``people`` (numbers of invented people) and close a class in April 2021."""
    class_id = training.file_class(
        services,
        code=code,
        title=f"班{code}",
        policy_id="demo-short",
        enterprise=training.EnterpriseInput(uscc, f"企业{uscc[:6]}", "城厢镇"),
        window=(date(2021, 2, 1), date(2021, 2, 28)),
    )
    training.approve_class(services, class_id, f"备-{code}")
    rows = [person(number, NAMES[number - 1]) for number in people]
    registration.import_roster(services, code, roster(folder / f"{code}.xlsx", *rows))
    services.clock.set(APRIL)
    closing.close_class(services, class_id, by="clerk-1")
    return class_id


def claim(services: Services, class_id: str) -> str:
    """Hand in a claim."""
    return service.submit(services, class_id, PAYEE, by="clerk-1")


def table(path: Path, heading: str, *rows: str) -> Path:
    """Write a csv and return its path."""
    path.write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")
    return path
