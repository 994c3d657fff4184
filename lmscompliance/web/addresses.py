"""The client's address: what the operator's proxies say, never what the client says.

Each trusted proxy appends the address it saw to ``X-Forwarded-For``. With *n* trusted proxies the n-th
entry from the right was written by the outermost of them; everything left of it is the client's own
invention. Until the operator has said how many there are, only the peer of the connection is believed.
No other header is ever read (``Forwarded`` of RFC 7239, ``X-Real-IP``, ``True-Client-IP``): a client could
send whichever of them the operator's proxies do not overwrite.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import request

from lmscompliance.web.state import current_services

UNKNOWN = "unknown"
"""Recorded when there is no peer address at all (a server on a unix socket and no trusted proxy)."""

MAX_AGENT = 512

_LONGEST = 100
"""The longest address there is, with brackets, a zone and a port, is shorter."""
_PORT = re.compile(r":[0-9]{1,5}")


def client_ip() -> str:
    """Return the present request's client address in canonical form."""
    return address_from(request.environ, current_services().settings.trusted_proxies)


def user_agent() -> str:
    """Return the client's User-Agent, cut to a length that is worth keeping (512 characters)."""
    return agent_from(request.environ)


def agent_from(environ: Mapping[str, Any]) -> str:
    """Return the User-Agent of a WSGI ``environ``, as ``user_agent`` does."""
    agent: str = environ.get("HTTP_USER_AGENT", "")
    return agent[:MAX_AGENT]


def address_from(environ: Mapping[str, Any], trusted_proxies: int | None) -> str:
    """Return the client address of a WSGI ``environ`` behind ``trusted_proxies`` proxies.

    A host's ``ProxyFix`` rewrites ``REMOTE_ADDR`` by its own count; the address it replaced is taken back
    from ``werkzeug.proxy_fix.orig``, so ours is the only count that matters. Too few entries, or one that
    is no address, means the request did not come the declared way: the peer's address is recorded.
    """
    before_fix = environ.get("werkzeug.proxy_fix.orig") or {}
    peer = normalise(before_fix.get("REMOTE_ADDR") or environ.get("REMOTE_ADDR") or "") or UNKNOWN
    if not trusted_proxies:
        return peer
    chain = [entry for entry in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if entry.strip()]
    if len(chain) < trusted_proxies:
        return peer
    return normalise(chain[-trusted_proxies]) or peer


def normalise(text: str) -> str | None:
    """Return the canonical address in ``text``: no port, no zone, IPv4-mapped IPv6 as IPv4; else ``None``.

    Read are the spellings that proxies write: ``192.0.2.1``, ``192.0.2.1:5678``, ``2001:db8::1``,
    ``[2001:db8::1]``, ``[2001:db8::1]:443``, each also in double quotes.
    """
    # Before anything is remembered: a header may be very long, and what it says is up to the client.
    return _normalised(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=8192)
def _normalised(text: str) -> str | None:
    text = text.strip().strip('"')
    port = ""
    if text.startswith("["):
        text, closed, port = text[1:].partition("]")
        if not closed or (port and not port.startswith(":")):
            return None
    elif text.count(":") == 1:
        text, port = text.split(":")
        port = ":" + port
    if port and not _PORT.fullmatch(port):
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    # The zone says which of the server's own interfaces it came in by, nothing about the client.
    return str(address.ipv4_mapped or ipaddress.IPv6Address(int(address)))
