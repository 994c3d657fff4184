"""The finished class's certificates: issued to everybody who passed, one revoked by the bureau later."""

from __future__ import annotations

from lmscompliance.certificates import issuing, reading, revoking
from lmscompliance.demo.month import ENTERPRISE
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.services import Services

_WHY = "抽查发现考核并非本人参加，证书撤销（演示）"


def certify(services: Services, class_id: str, base: str) -> None:
    """Issue to everybody who passed; ``base`` is where the demo's check pages are."""
    issuing.issue_all(
        services, Actor("enterprise", Role.ENTERPRISE, enterprise=ENTERPRISE.uscc), class_id, base
    )


def revoke_last(services: Services, class_id: str) -> None:
    """Revoke the last one if there are others, after the ledger was made: such things come out late."""
    issued = reading.of_class(services, class_id)
    if len(issued) > 1:
        inspector = Actor("inspector", Role.INSPECTOR, districts=frozenset({ENTERPRISE.district}))
        revoking.revoke(services, inspector, class_id, issued[-1].id, _WHY)
