"""Sealing with witnesses: they cosign, nobody waits for a dead one, and none is believed unchecked."""

import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select

from lmscompliance.evidence import cosigning
from lmscompliance.evidence.fsck import fsck
from lmscompliance.evidence.models import Cosignature
from lmscompliance.evidence.reader import checkpoint
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.tlog.trust import TrustPolicy, Untrusted
from lmscompliance.verifier import ed25519
from lmscompliance.witness import Witness
from lmscompliance.witness.server import WitnessServer
from tests.evidence.logs import assert_sound, disarm, signer_in, write
from tests.support.app import client_for, make_app
from tests.support.patience import PATIENCE_SECONDS
from tests.support.peers import DRIPS, peer

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@contextmanager
def running(server):
    """Serve in a thread."""
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def two(services, tmp_path, monkeypatch):
    """Yield two witnesses' servers, of the names w1 and w2, whose answers are waited for."""
    monkeypatch.setattr(cosigning, "TIMEOUT_SECONDS", PATIENCE_SECONDS)
    log = [signer_in(tmp_path).vkey]
    witnesses = [
        Witness.open(tmp_path / name, f"{name}.example", log, services.clock) for name in ("w1", "w2")
    ]
    with (
        running(WitnessServer(("127.0.0.1", 0), witnesses[0])) as first,
        running(WitnessServer(("127.0.0.1", 0), witnesses[1])) as second,
    ):
        yield first, second


def policy_of(tmp_path, servers, quorum):
    """Return the text of a policy over the log and ``servers``."""
    lines = [f"log {signer_in(tmp_path).vkey}"]
    for number, server in enumerate(servers, start=1):
        lines.append(f"witness w{number} {server.witness.vkey} http://127.0.0.1:{server.server_port}/")
    return "\n".join([*lines, *quorum, ""])


def witnessed(services, tmp_path, servers):
    """Return services that ask ``servers``."""
    path = tmp_path / "witnesses.policy"
    path.write_text(policy_of(tmp_path, servers, ["quorum none"]))
    return replace(services, settings=replace(services.settings, witnesses=path))


def newest(services):
    """Return the newest checkpoint as it is handed out."""
    with reading(services.database) as session:
        return checkpoint(session)


def accepted(services, policy):
    """Return the witnesses by which the newest checkpoint fulfils ``policy``."""
    return set(TrustPolicy.parse(policy).accept(newest(services), ed25519.verify).witnesses)


def test_each_checkpoint_carries_both_cosignatures(services, tmp_path, two):
    """At every size the note, also over HTTP, fulfils a policy that demands both; the log stays sound."""
    asking, both = witnessed(services, tmp_path, two), ["group both all w1 w2", "quorum both"]
    for count in (1, 4, 300):
        write(services, count=count)
        assert seal_all(asking, signer_in(tmp_path)).unwitnessed == ()
        assert accepted(services, policy_of(tmp_path, two, both)) == {"w1", "w2"}
    served = client_for(make_app(services), None).get("/compliance/log/checkpoint").text
    assert served == newest(services)
    assert served.count("\n— ") == 3
    assert_sound(services, signer_in(tmp_path))


@sqlite_only
def test_nobody_waits_for_a_dead_witness_and_the_checkpoint_says_so(services, tmp_path, two, caplog):
    """Sealing goes on without its line: a quorum of one is met, of both is not, until it answers again."""
    second = two[1]
    asking = witnessed(services, tmp_path, two)
    place = second.server_port
    path = asking.settings.witnesses
    told = path.read_text()
    path.write_text(told.replace(f":{place}/", ":1/"))
    write(services, count=3)
    report = seal_all(asking, signer_in(tmp_path))
    assert (report.size, report.unwitnessed) == (3, ("w2",))
    assert "the witness w2 has not cosigned size 3" in caplog.text
    any_, both = (policy_of(tmp_path, two, [f"group g {rule} w1 w2", "quorum g"]) for rule in ("any", "all"))
    assert accepted(services, any_) == {"w1"}
    with pytest.raises(Untrusted, match="quorum"):
        accepted(services, both)
    path.write_text(told)
    assert seal_all(asking, signer_in(tmp_path)).unwitnessed == ()
    assert accepted(services, both) == {"w1", "w2"}


@sqlite_only
def test_fsck_checks_what_witnesses_signed(services, tmp_path, two):
    """A line of another key, another text or no checkpoint at all is named."""
    asking = witnessed(services, tmp_path, two)
    write(services, count=3)
    seal_all(asking, signer_in(tmp_path))
    assert assert_sound(services, signer_in(tmp_path)).cosignatures == 2
    disarm(services)
    with transaction(services.database) as session:
        first, second = session.scalars(select(Cosignature).order_by(Cosignature.witness)).all()
        first.line = second.line
        session.add(Cosignature(log_id=1, size=2, witness=second.witness, line=second.line))
    with reading(services.database) as session:
        problems = fsck(session).problems
    assert [one.partition(",")[2].partition(":")[0] for one in problems if ", cosignature" in one] == [
        " cosignature of w2.example at size 2",
        " cosignature of w1.example at size 3",
    ]


@sqlite_only
def test_a_witness_that_knows_more_than_we_kept_is_caught_up_with(services, tmp_path, two):
    """We died after it had cosigned and before we kept the line: 409 tells the size, and it signs again."""
    asking = witnessed(services, tmp_path, two[:1])
    write(services, count=3)
    seal_all(services, signer_in(tmp_path))
    body = b"old 0\n\n" + newest(services).encode()
    assert two[0].witness.add_checkpoint(body).status == 200
    assert seal_all(asking, signer_in(tmp_path)).unwitnessed == ()
    write(services, count=3)
    assert seal_all(asking, signer_in(tmp_path)).unwitnessed == ()


@sqlite_only
def test_a_log_that_was_cut_is_not_cosigned(services, tmp_path, two, caplog):
    """A witness that has seen more than the log holds shows that the log was set back."""
    write(services, count=3)
    seal_all(services, signer_in(tmp_path))
    with two[0].witness._store.turn(signer_in(tmp_path).vkey.name) as turn:
        turn.put(replace(turn.latest(), size=9, note="x"))
    report = seal_all(witnessed(services, tmp_path, two[:1]), signer_in(tmp_path))
    assert report.unwitnessed == ("w1",)
    assert "the log was cut" in caplog.text


class Liar(BaseHTTPRequestHandler):
    """Answers 200 with somebody else's signature."""

    answer = b""

    def do_POST(self):
        """Answer whatever is asked."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_):
        """Say nothing."""


@sqlite_only
@pytest.mark.parametrize(
    "answer", ["", "nonsense\n", "— w1.example AAAAAAAA\n", "— other.example AAAAAAAA\n"]
)
def test_an_answer_is_believed_only_after_it_was_checked(services, tmp_path, two, monkeypatch, answer):
    """A stranger's, malformed or missing line is not kept."""
    monkeypatch.setattr(Liar, "answer", answer.encode())
    asking = witnessed(services, tmp_path, two[:1])
    with running(ThreadingHTTPServer(("127.0.0.1", 0), Liar)) as liar:
        path = asking.settings.witnesses
        path.write_text(path.read_text().replace(f":{two[0].server_port}/", f":{liar.server_port}/"))
        write(services)
        assert seal_all(asking, signer_in(tmp_path)).unwitnessed == ("w1",)
    with reading(services.database) as session:
        assert session.scalars(select(Cosignature)).all() == []


@sqlite_only
@pytest.mark.parametrize("how", DRIPS)
def test_a_witness_that_never_ends_its_answer_is_not_waited_for(services, tmp_path, two, monkeypatch, how):
    """Sealing goes on without the line of one that is silent or drips, in the head or in the body."""
    monkeypatch.setattr(cosigning, "TIMEOUT_SECONDS", 0.3)
    asking = witnessed(services, tmp_path, two[:1])
    with peer(DRIPS[how]) as slow:
        path = asking.settings.witnesses
        path.write_text(path.read_text().replace(f":{two[0].server_port}/", f":{slow.port}/"))
        write(services)
        assert seal_all(asking, signer_in(tmp_path)).unwitnessed == ("w1",)


@sqlite_only
def test_an_unusable_file_is_named(services, tmp_path):
    """A mistake in the witnesses' file is an error of the settings, found when sealing."""
    asking = witnessed(services, tmp_path, [])
    asking.settings.witnesses.write_text("witness w\n")
    with pytest.raises(Misconfigured, match=r"witnesses\.policy cannot be used \(line 1"):
        seal_all(asking, signer_in(tmp_path))
