"""The client's address: forged headers are never believed."""

from __future__ import annotations

import pytest

from lmscompliance.web.addresses import address_from, normalise


def _environ(peer: str = "203.0.113.9", forwarded: str | None = None, orig: str | None = None) -> dict:
    environ: dict = {"REMOTE_ADDR": peer}
    if forwarded is not None:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded
    if orig is not None:
        environ["werkzeug.proxy_fix.orig"] = {"REMOTE_ADDR": orig}
    return environ


@pytest.mark.parametrize("trusted", [None, 0])
def test_without_a_trusted_proxy_only_the_peer_is_believed(trusted: int | None) -> None:
    """A forged header changes nothing while no proxy is declared."""
    assert address_from(_environ(forwarded="1.2.3.4"), trusted) == "203.0.113.9"


@pytest.mark.parametrize(
    ("trusted", "forwarded", "expected"),
    [
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        (2, "6.6.6.6, 198.51.100.7, 10.0.0.1", "198.51.100.7"),
        (2, "198.51.100.7", "203.0.113.9"),
        (1, "", "203.0.113.9"),
        (1, " , ", "203.0.113.9"),
        (1, "6.6.6.6, unknown", "203.0.113.9"),
        (1, "6.6.6.6, _hidden", "203.0.113.9"),
    ],
)
def test_the_entry_of_the_outermost_trusted_proxy_counts(trusted: int, forwarded: str, expected: str) -> None:
    """Entries left of the trusted ones are invented; a chain too short falls back to the peer."""
    assert address_from(_environ(forwarded=forwarded), trusted) == expected


def test_a_hosts_proxy_fix_does_not_change_our_count() -> None:
    """The address that the host's ProxyFix replaced is the peer, and ours the only count."""
    environ = _environ(peer="6.6.6.6", forwarded="6.6.6.6", orig="203.0.113.9")
    assert address_from(environ, None) == "203.0.113.9"
    assert address_from(environ, 1) == "6.6.6.6"


def test_no_peer_at_all_is_recorded_as_unknown() -> None:
    """A server on a unix socket gives no address; nothing is made up."""
    assert address_from({}, None) == "unknown"
    assert address_from({"REMOTE_ADDR": "", "HTTP_X_FORWARDED_FOR": "198.51.100.7"}, 1) == "198.51.100.7"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7:51234", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("[::ffff:198.51.100.7]:443", "198.51.100.7"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ('"[2001:db8::1]"', "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("010.0.0.1", None),
        ("1.2.3", None),
        ("unknown", None),
        ("", None),
    ],
)
def test_one_address_has_one_spelling(text: str, expected: str | None) -> None:
    """Ports, zones, brackets and mapped IPv4 go; what is no address is none."""
    assert normalise(text) == expected
