"""The client's address: forged headers are never believed."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        (1, "6.6.6.6, 198.51.100.7:51234", "198.51.100.7"),
        (1, "6.6.6.6, [2001:db8::1]:443", "2001:db8::1"),
        (1, "6.6.6.6, ::ffff:198.51.100.7", "198.51.100.7"),
        (1, "6.6.6.6,,198.51.100.7", "198.51.100.7"),
        (3, "6.6.6.6, 198.51.100.7, 10.0.0.1, 10.0.0.2", "198.51.100.7"),
        (3, "10.0.0.1, 10.0.0.2", "203.0.113.9"),
        (1, "6.6.6.6, 198.51.100.7, " + "9" * 70_000, "203.0.113.9"),
    ],
)
def test_the_entry_of_the_outermost_trusted_proxy_counts(trusted: int, forwarded: str, expected: str) -> None:
    """Entries left of the trusted ones are invented; a chain too short falls back to the peer."""
    assert address_from(_environ(forwarded=forwarded), trusted) == expected


@pytest.mark.parametrize("trusted", [None, 0, 1])
def test_other_headers_are_never_read(trusted: int | None) -> None:
    """What the declared proxies do not overwrite would be the client's to invent."""
    environ = _environ(forwarded="198.51.100.7" if trusted else None) | {
        "HTTP_FORWARDED": "for=6.6.6.6",
        "HTTP_X_REAL_IP": "6.6.6.6",
        "HTTP_TRUE_CLIENT_IP": "6.6.6.6",
        "HTTP_CF_CONNECTING_IP": "6.6.6.6",
        "HTTP_CLIENT_IP": "6.6.6.6",
    }
    assert address_from(environ, trusted) == ("198.51.100.7" if trusted else "203.0.113.9")


def test_a_peer_is_spelt_like_any_other_address() -> None:
    """A server that listens on both families tells IPv4 clients as mapped ones; some append the port."""
    for peer in ("::ffff:198.51.100.7", "198.51.100.7:40000", "198.51.100.7"):
        assert address_from(_environ(peer=peer), None) == "198.51.100.7"


@given(st.text(max_size=120))
def test_whatever_is_sent_is_an_address_in_one_spelling_or_none(text: str) -> None:
    """Normalising never fails, and what it gave it gives again."""
    found = normalise(text)
    assert found is None or (normalise(found) == found and str(ip_address(found)) == found)


@given(st.ip_addresses(), st.integers(0, 65535), st.lists(st.text(max_size=20), max_size=4))
def test_a_client_cannot_write_its_way_past_a_trusted_proxy(
    peer: IPv4Address | IPv6Address, port: int, forged: list[str]
) -> None:
    """Whatever stands in the header a client sends, the address its connection had is what counts."""
    saw = f"{peer}:{port}" if peer.version == 4 else f"[{peer}]:{port}"
    environ = _environ(forwarded=",".join([*forged, saw]))
    assert address_from(environ, 1) == normalise(str(peer))


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
        ("[fe80::1%25eth0]:8080", "fe80::1"),
        ("::ffff:c633:6407", "198.51.100.7"),
        ("::FFFF:198.51.100.7%eth0", "198.51.100.7"),
        (" 198.51.100.7 ", "198.51.100.7"),
        ("010.0.0.1", None),
        ("1.2.3", None),
        ("1.2.3.4.5", None),
        ("1.2.3.4/32", None),
        ("1.2.3.4%eth0", None),
        ("1.2.3.4:http", None),
        ("1.2.3.4:", None),
        ("1.2.3.4:123456", None),
        ("[2001:db8::1", None),
        ("[2001:db8::1]x", None),
        ("[2001:db8::1]:x", None),
        ("[]:443", None),
        ("2001:db8::1::2", None),
        ("１.2.3.4", None),
        ("1.2.3.4\x00", None),
        ("for=1.2.3.4", None),
        ("1.2.3.4" + " " * 100, None),
        ("unknown", None),
        ("", None),
    ],
)
def test_one_address_has_one_spelling(text: str, expected: str | None) -> None:
    """Ports, zones, brackets and mapped IPv4 go; what is no address is none."""
    assert normalise(text) == expected
