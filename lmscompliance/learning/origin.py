"""Where a request of a session came from: address and device, sealed for keeping, blind for comparing."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from lmscompliance.services import Services
from lmscompliance.vault import Vault
from lmscompliance.vault.keys import KeyRing

IP_PLACE = "compliance_session.ip"
AGENT_PLACE = "compliance_session.agent"
"""What the ciphertexts are bound to: one place for all tables here, since rows move between them."""

_REMEMBERED = 65_536  # as many as learn at once on one machine


class Origin(NamedTuple):
    """The client's address (as the trusted proxies tell it) and its User-Agent, in plain text."""

    ip: str
    agent: str


def ip_blind(services: Services, ip: str) -> str:
    """Return the digest by which an address is looked up."""
    return services.vault.blind("ip", ip)


def agent_blind(services: Services, agent: str) -> str:
    """Return the digest by which a device is compared."""
    return services.vault.blind("agent", agent)


def blinds(services: Services, origin: Origin) -> tuple[str, str]:
    """Return the digests by which address and device are compared."""
    return _blinds(services.vault, services.vault.ring, origin)


def same(services: Services, origin: Origin, stored: tuple[str, str]) -> bool:
    """Tell whether ``stored`` are the digests of ``origin``, also under a key that is being replaced."""
    ip, agent = stored
    vault = services.vault
    return blinds(services, origin) == stored or (
        vault.matches("ip", origin.ip, ip) and vault.matches("agent", origin.agent, agent)
    )


def ip_blinds(services: Services, stored: str, sealed: bytes) -> list[str]:
    """Return every digest that the address of ``stored`` and ``sealed`` may be kept under, the oldest first.

    That is ``stored`` alone unless an index key is being replaced. Whoever compares rows with one another
    compares the first: two rows of one address name the same, whichever key made each.
    """
    return _every(services, "ip", IP_PLACE, stored, sealed)


def agent_blinds(services: Services, stored: str, sealed: bytes | None) -> list[str]:
    """Return the same of a device; one that was not sealed is known by its digest alone."""
    return [stored] if sealed is None else _every(services, "agent", AGENT_PLACE, stored, sealed)


def seal(services: Services, origin: Origin) -> tuple[bytes, bytes]:
    """Return address and device as they may be stored."""
    return services.vault.seal(IP_PLACE, origin.ip), services.vault.seal(AGENT_PLACE, origin.agent)


def unseal(services: Services, ip_sealed: bytes, agent_sealed: bytes) -> Origin:
    """Return what ``seal`` kept."""
    vault = services.vault
    return Origin(vault.open(IP_PLACE, ip_sealed), vault.open(AGENT_PLACE, agent_sealed))


def _every(services: Services, domain: str, place: str, stored: str, sealed: bytes) -> list[str]:
    vault = services.vault
    return vault.blinds(domain, vault.open(place, sealed)) if len(vault.ring.index) > 1 else [stored]


@lru_cache(maxsize=_REMEMBERED)
def _blinds(vault: Vault, _ring: KeyRing, origin: Origin) -> tuple[str, str]:
    # Beats of one session come from one place; the digests are the dearest part of comparing it.
    # A new ring is another key here, so nothing outlives a change of keys.
    return vault.blind("ip", origin.ip), vault.blind("agent", origin.agent)
