"""Networks that an enterprise's people are expected to share, such as a factory's one way out.

Kept by those who decide about anomalies, with a reason, and told in the evidence of each class it applies
to: of running classes when it is added, of later ones when they are first looked at. At such an address
neither a crowd nor a shared browser is unusual; everything else is looked for as ever.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import InvalidInput, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.learning.origin import IP_PLACE
from lmscompliance.rules.class_life import OVER
from lmscompliance.services import Services
from lmscompliance.storage.statements import upsert
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.supervision import deciding
from lmscompliance.supervision.models import CLEARED, OPEN, Anomaly, KnownNetwork, NetworkTold
from lmscompliance.supervision.reasons import checked_reason
from lmscompliance.training import queries
from lmscompliance.training.models import TrainingClass

EXCUSED = ("address_cluster", "shared_device")
"""What is not unusual in a known network."""
PLACE = f"{KnownNetwork.__tablename__}.cidr"
_WIDEST = {4: 16, 6: 32}
"""Shorter prefixes than these would excuse whole providers."""
_LINE = 64
"""Bits of an IPv6 address that its line keeps; the others are the device's."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class NetworkShown:
    """A known network as staff see it."""

    id: str
    cidr: str
    reason: str
    added_at: datetime
    added_by: str
    withdrawn_at: datetime | None


def parse(text: str) -> Network:
    """Return the network in ``text``, an address or a CIDR; raises ``InvalidInput`` saying what is wrong."""
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise InvalidInput("supervision.bad_network", value=text.strip()[:60]) from None
    if network.prefixlen < _WIDEST[network.version]:
        raise InvalidInput("supervision.network_too_wide", value=str(network), least=_WIDEST[network.version])
    return network


def listed(services: Services, class_id: str) -> list[NetworkShown]:
    """Return the networks of the enterprise that filed a class, the newest first; raises ``NotFound``."""
    with reading(services.database) as session:
        class_ = queries.class_by_id(session, class_id)
        rows = session.scalars(
            select(KnownNetwork)
            .where(KnownNetwork.enterprise_id == class_.enterprise_id)
            .order_by(KnownNetwork.id.desc())
        )
        return [
            NetworkShown(
                id=row.id,
                cidr=services.vault.open(PLACE, row.cidr_sealed),
                reason=row.reason,
                added_at=row.added_at,
                added_by=row.added_by,
                withdrawn_at=row.withdrawn_at,
            )
            for row in rows
        ]


def declare(services: Services, actor: Actor, class_id: str, cidr: str, reason: str) -> int:
    """Let the enterprise of ``class_id`` be known to share ``cidr``; return how many anomalies that cleared.

    Open crowds and shared browsers there are cleared by the same reason, each with its own evidence; all
    of it is durable together. Raises ``InvalidInput`` for what is no network, is too wide or has no reason.
    """
    network, why = parse(cidr), checked_reason(reason)
    with transaction(services.database) as session:
        class_ = queries.class_by_id(session, class_id)
        session.add(
            KnownNetwork(
                enterprise_id=class_.enterprise_id,
                id=services.ids.new(),
                cidr_sealed=services.vault.seal(PLACE, str(network)),
                reason=why,
                added_at=services.clock.now(),
                added_by=actor.account,
                withdrawn_at=None,
                withdrawn_by=None,
            )
        )
        session.flush()
        cleared = 0
        for running in _running(session, class_.enterprise_id):
            tell(session, services, running)
            for anomaly in _open_crowds(session, running.id):
                if anomaly.ip_sealed is not None and within(services, anomaly.ip_sealed, [network]):
                    deciding.record(session, services, actor, anomaly, decision=CLEARED, reason=why)
                    cleared += 1
        return cleared


def withdraw(services: Services, actor: Actor, class_id: str, network_id: str) -> None:
    """Let a network be known no longer; what it cleared stays cleared. Raises ``NotFound``."""
    with transaction(services.database) as session:
        class_ = queries.class_by_id(session, class_id)
        row = session.get(KnownNetwork, (class_.enterprise_id, network_id), with_for_update=True)
        if row is None:
            raise NotFound("supervision.no_network")
        if row.withdrawn_at is None:
            row.withdrawn_at = services.clock.now()
            row.withdrawn_by = actor.account
            session.flush()
            for running in _running(session, class_.enterprise_id):
                tell(session, services, running)


def shared_by(session: Session, services: Services, enterprise_id: str) -> list[Network]:
    """Return the networks that the enterprise is known to share at present."""
    return [
        ipaddress.ip_network(services.vault.open(PLACE, row.cidr_sealed))
        for row in _known(session, enterprise_id)
        if row.withdrawn_at is None
    ]


def within(services: Services, ip_sealed: bytes, known: Sequence[Network]) -> bool:
    """Tell whether a sealed address of a session lies in one of the ``known`` networks."""
    try:
        address = ipaddress.ip_address(services.vault.open(IP_PLACE, ip_sealed))
    except ValueError:  # recorded as unknown
        return False
    return any(address in _of_lines(network) for network in known)


def line(address: str) -> str:
    """Return what of an address stays with the line it came by.

    A device with IPv6 changes the lower half of its address every few hours or minutes, and each device has
    another (RFC 8981): ten people in one workshop share its /64, and one person there has many addresses.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # recorded as unknown
        return address
    if found.version == 4:  # noqa: PLR2004  # IPv4
        return address
    return str(ipaddress.IPv6Network((int(found), _LINE), strict=False).network_address)


def _of_lines(network: Network) -> Network:
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen > _LINE:
        return network.supernet(new_prefix=_LINE)
    return network


def tell(session: Session, services: Services, class_: TrainingClass) -> None:
    """Record in a class's stream the networks, and withdrawals, that its evidence does not say yet."""
    known = session.execute(
        select(NetworkTold.network_id, NetworkTold.event).where(NetworkTold.class_id == class_.id)
    )
    told = {(network_id, event) for network_id, event in known}
    for row in _known(session, class_.enterprise_id):
        if (row.id, "network.declared") not in told and row.withdrawn_at is None:
            disclose: dict[str, Json] = {
                "cidr": services.vault.open(PLACE, row.cidr_sealed),
                "reason": row.reason,
                "account": row.added_by,
            }
            _record(
                session, services, "network.declared", class_.id, row.id, at=row.added_at, disclose=disclose
            )
        elif (
            row.withdrawn_at is not None
            and (row.id, "network.declared") in told
            and (row.id, "network.withdrawn") not in told
        ):
            by: dict[str, Json] = {"account": row.withdrawn_by or ""}
            _record(
                session, services, "network.withdrawn", class_.id, row.id, at=row.withdrawn_at, disclose=by
            )


def _record(
    session: Session,
    services: Services,
    event: str,
    class_id: str,
    network_id: str,
    *,
    at: datetime,
    disclose: Mapping[str, Json],
) -> None:
    # Two at once: the one that inserted the row says it, the other says nothing.
    new = upsert(session, NetworkTold).values(class_id=class_id, network_id=network_id, event=event)
    if session.scalar(new.on_conflict_do_nothing().returning(NetworkTold.network_id)) is None:
        return
    evidence.record(
        session,
        services,
        class_id=class_id,
        stream=evidence.class_stream(class_id),
        type=event,
        at=services.clock.now(),
        body={"network": network_id, "at_us": to_micros(at)},
        disclose=disclose,
    )


def _known(session: Session, enterprise_id: str) -> list[KnownNetwork]:
    query = select(KnownNetwork).where(KnownNetwork.enterprise_id == enterprise_id).order_by(KnownNetwork.id)
    return list(session.scalars(query))


def _running(session: Session, enterprise_id: str) -> list[TrainingClass]:
    query = select(TrainingClass).where(
        TrainingClass.enterprise_id == enterprise_id, TrainingClass.status.not_in(OVER)
    )
    return list(session.scalars(query.order_by(TrainingClass.id)))


def _open_crowds(session: Session, class_id: str) -> list[Anomaly]:
    query = select(Anomaly).where(
        Anomaly.class_id == class_id, Anomaly.status == OPEN, Anomaly.kind.in_(EXCUSED)
    )
    return list(session.scalars(query.order_by(Anomaly.id).with_for_update()))
