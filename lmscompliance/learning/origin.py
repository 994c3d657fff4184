"""Where a request of a session came from: address and device, sealed for keeping, blind for comparing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from lmscompliance.services import Services
from lmscompliance.vault import Vault

IP_PLACE = "compliance_session.ip"
AGENT_PLACE = "compliance_session.agent"
"""What the ciphertexts are bound to: one place for all tables here, since rows move between them."""

_REMEMBERED = 8192


@dataclass(frozen=True, slots=True)
class Origin:
    """The client's address (as the trusted proxies tell it) and its User-Agent, in plain text."""

    ip: str
    agent: str


def ip_blind(services: Services, ip: str) -> str:
    """Return the digest by which an address is compared and looked up."""
    return _blind(services.vault, "ip", ip)


def agent_blind(services: Services, agent: str) -> str:
    """Return the digest by which a device is compared."""
    return _blind(services.vault, "agent", agent)


def seal(services: Services, origin: Origin) -> tuple[bytes, bytes]:
    """Return address and device as they may be stored."""
    return services.vault.seal(IP_PLACE, origin.ip), services.vault.seal(AGENT_PLACE, origin.agent)


def unseal(services: Services, ip_sealed: bytes, agent_sealed: bytes) -> Origin:
    """Return what ``seal`` kept."""
    vault = services.vault
    return Origin(vault.open(IP_PLACE, ip_sealed), vault.open(AGENT_PLACE, agent_sealed))


@lru_cache(maxsize=_REMEMBERED)
def _blind(vault: Vault, domain: str, value: str) -> str:
    # Beats of one session come from one address; the digest is the dearest part of comparing it.
    return vault.blind(domain, value)
