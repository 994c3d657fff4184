"""A question over HTTP has a whole answer or a named failure, in bounded time, whatever the others do."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from lmscompliance.outbound import links
from lmscompliance.outbound.exchange import (
    BadAddress,
    Bounds,
    NoAnswer,
    Route,
    TooLong,
    TooSlow,
    Unreachable,
    exchange,
)
from tests.support.patience import PATIENCE_SECONDS
from tests.support.peers import DRIPS, OK, drips, peer, says, silent, under_tls

PATIENT = Bounds(PATIENCE_SECONDS, 1000)
SHORT = Bounds(0.3, 1000)
WHOLE = OK + b"X-Told: yes\r\nContent-Length: 5\r\n\r\nwhole"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    """Whatever the machine's environment says of proxies is not meant here."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_whole_answer_comes_back():
    """With status, headers and body; a question with data is a POST; user and password stay here."""
    with peer(says(WHOLE)) as other:
        answer = exchange(other.url.replace("//", "//user:secret@") + "/a?b=c", PATIENT)
        assert (answer.status, answer.headers["x-told"], answer.body) == (200, "yes", b"whole")
        assert exchange(other.url, PATIENT, b"data", {"X-Mine": "1"}).body == b"whole"
    get, post = other.heads
    assert get.startswith(b"GET /a?b=c HTTP/1.1\r\n")
    assert b"secret" not in get
    assert post.startswith(b"POST / HTTP/1.1\r\n")
    assert b"\r\nX-Mine: 1\r\n" in post


def test_over_a_unix_socket(tmp_path):
    """The URL's host is only a name then."""
    with peer(says(WHOLE), tmp_path / "s"):
        answer = exchange("http://localhost/x", PATIENT, route=Route(socket=tmp_path / "s"))
    assert answer.body == b"whole"


@pytest.mark.parametrize("how", DRIPS)
def test_who_holds_on_is_cut_off(how):
    """Silence, and a drip in the head or in any kind of body."""
    with peer(DRIPS[how]) as other, pytest.raises(TooSlow):
        exchange(other.url, SHORT)


def test_who_does_not_read_is_cut_off():
    """A question that does not fit into anybody's buffers."""
    with peer(silent) as other, pytest.raises(TooSlow):
        exchange(other.url, SHORT, bytes(64 << 20))


def test_a_drip_before_the_handshake_is_over_is_cut_off():
    """A record of TLS byte by byte: the library's wait for a handshake is one wait."""
    with peer(drips(b"\x16\x03\x03\x40\x00", b"\x02")) as other, pytest.raises(TooSlow):
        exchange(other.url.replace("http:", "https:"), SHORT)


def test_silence_may_be_shorter_than_the_whole():
    """Where much is asked for, who says nothing is still given up soon."""
    with peer(silent) as other, pytest.raises(TooSlow):
        exchange(other.url, Bounds(3600, 1000, silent_seconds=0.3))


def test_a_name_that_nobody_looks_up_is_given_up(monkeypatch):
    """The system's resolver takes as long as it likes; the question does not."""
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait())
    with pytest.raises(TooSlow):
        exchange("http://log.example/", SHORT)
    over.set()


def test_the_next_address_is_tried(monkeypatch):
    """One that refuses or is silent leaves its share of the time to the others."""
    shares = []
    really = links._connected

    def connected(family, place, seconds):
        shares.append(seconds)
        if len(shares) == 1:
            raise TimeoutError
        return really(family, place, seconds)

    with peer(silent) as gone:
        pass
    with peer(says(WHOLE)) as other:
        found = [(socket.AF_INET, 0, 0, "", ("127.0.0.1", one)) for one in (1, gone.port, other.port)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        monkeypatch.setattr(links, "_connected", connected)
        assert exchange("http://log.example/", PATIENT).body == b"whole"
    assert shares[0] <= PATIENCE_SECONDS / 3
    assert len(shares) == 3


def test_an_endless_body_is_cut_off():
    """However fast it comes; also where its length was announced."""
    with peer(drips(OK + b"\r\n", bytes(100_000))) as other, pytest.raises(TooLong):
        exchange(other.url, PATIENT)
    with peer(says(OK + b"Content-Length: 1001\r\n\r\n" + bytes(1001))) as other, pytest.raises(TooLong):
        exchange(other.url, PATIENT)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        OK + b"Content-Length: 10\r\n\r\nhalf",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhalf",
        OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ],
)
def test_half_an_answer_is_none(answer):
    """Who hangs up early or does not speak HTTP has not answered."""
    with peer(says(answer)) as other, pytest.raises(Unreachable):
        exchange(other.url, PATIENT)


def test_nobody_there_is_said_as_the_system_says_it():
    """The cause is the system's error."""
    with peer(silent) as other:
        url = other.url
    with pytest.raises(Unreachable, match="refused") as caught:
        exchange(url, PATIENT)
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "log.example",
        "file:///etc/passwd",
        "http:///x",
        "http://[::1",
        "http://a:b/",
        "http://a.example/ b",
    ],
)
def test_what_is_no_address_is_named(url):
    """Nothing is sent anywhere."""
    with pytest.raises(BadAddress):
        exchange(url, PATIENT)


def _to(url: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n".encode()


def test_redirects_are_answers_unless_wanted(tmp_path):
    """Wanted, they are followed, but to HTTP alone and not for ever; the whole keeps to its time."""
    follow = Route(redirects=True)
    with peer(says(WHOLE)) as there, peer(says(_to(there.url))) as other:
        assert exchange(other.url, PATIENT).status == 302
        assert there.heads == []
        assert exchange(other.url, PATIENT, route=follow).body == b"whole"
    with peer(says(_to("/again"))) as other:
        assert exchange(other.url, PATIENT, route=follow).status == 302
    with peer(says(_to(f"file://{tmp_path}"))) as other:
        assert exchange(other.url, PATIENT, route=follow).status == 302
    with peer(says(_to("ftp://127.0.0.1:1/x"))) as other, pytest.raises(NoAnswer, match="ftp"):
        exchange(other.url, PATIENT, route=follow)
    with peer(DRIPS["body"]) as there, peer(says(_to(there.url))) as other, pytest.raises(TooSlow):
        exchange(other.url, SHORT, route=follow)


def test_a_long_body_is_handed_on_in_parts():
    """Every part once, in order, and none is kept; half of one is told in the end."""
    parts: list[bytes] = []
    sent = bytes(range(256)) * 1000
    with peer(says(OK + b"\r\n" + sent)) as other:
        answer = exchange(other.url, Bounds(PATIENCE_SECONDS, len(sent)), take=parts.append)
    assert (answer.body, b"".join(parts), len(parts) > 1) == (b"", sent, True)


@pytest.fixture
def tls(tmp_path):
    """Return a server's context whose certificate, in ``tmp_path/cert.pem``, is for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "here")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    return context


def test_tls_trusts_whom_the_system_trusts(tls, tmp_path, monkeypatch):
    """A stranger's certificate is no answer, a trusted one for another name neither; drips are cut off."""
    with peer(under_tls(tls, says(WHOLE))) as other, peer(under_tls(tls, DRIPS["body"])) as slow:
        url = other.url.replace("http:", "https:")
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            exchange(url, PATIENT)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        assert exchange(url, PATIENT).body == b"whole"
        with pytest.raises(Unreachable, match="match"):
            exchange(url.replace("127.0.0.1", "localhost"), PATIENT)
        with pytest.raises(TooSlow):
            exchange(slow.url.replace("http:", "https:"), SHORT)


def _tunnel(other, connection):
    """Behave as a proxy that connects to where it is told."""
    place = other.request(connection).split(b" ")[1].decode()
    host, _, port = place.rpartition(":")
    with socket.create_connection((host, int(port))) as onward:
        connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        threading.Thread(target=_pass, args=(onward, connection), daemon=True).start()
        _pass(connection, onward)


def _pass(source, target):
    try:
        while part := source.recv(4096):
            target.sendall(part)
    except OSError:
        pass


def test_the_environments_proxies_are_used_where_wanted(tls, tmp_path, monkeypatch):
    """Plain HTTP is asked of the proxy, TLS goes through it to the end; a drip of the proxy is cut off."""
    through = Route(proxies=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    with (
        peer(under_tls(tls, says(WHOLE))) as there,
        peer(says(WHOLE)) as plain,
        peer(_tunnel) as tunnel,
        peer(drips(OK + b"X-Drip: ")) as slow,
    ):
        monkeypatch.setenv("http_proxy", plain.url)
        assert exchange("http://log.example/x", PATIENT, route=through).body == b"whole"
        assert plain.heads[0].startswith(b"GET http://log.example/x HTTP/1.1\r\n")
        monkeypatch.setenv("https_proxy", tunnel.url)
        url = there.url.replace("http:", "https:")
        assert exchange(url, PATIENT, route=through).body == b"whole"
        assert tunnel.heads[0].startswith(f"CONNECT {urlsplit(url).netloc} ".encode())
        assert exchange(url, PATIENT).body == b"whole"
        assert len(tunnel.heads) == 1
        monkeypatch.setenv("https_proxy", slow.url)
        with pytest.raises(TooSlow):
            exchange(url, SHORT, route=through)
