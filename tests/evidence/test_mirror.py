"""A mirror holds what the log served, and notices when the log is no longer the one it was."""

import json
import threading

import pytest
from click.testing import CliRunner
from werkzeug.serving import make_server

from lmscompliance.cli.main import main
from lmscompliance.evidence.mirror import MirrorRefuses, Source, mirror
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.outbound.exchange import Bounds
from lmscompliance.tlog import tiles
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.leaf import leaf_hash
from lmscompliance.tlog.merkle import root_of_leaves
from lmscompliance.tlog.notes import Note
from lmscompliance.tlog.trust import TrustPolicy
from tests.evidence.logs import ORIGIN, signer_in, write
from tests.support.app import ACTOR_HEADER, make_app
from tests.support.peers import DRIPS, peer, says
from tests.tlog.keys import Key

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

AUDITOR = {
    "account": "auditor",
    "role": "administrator",
    "enterprise": None,
    "districts": [],
    "locale": None,
}


@pytest.fixture
def served(services):
    """Yield the URL of the log as it is served."""
    server = make_server("127.0.0.1", 0, make_app(services), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/compliance/log"
    server.shutdown()
    thread.join()
    server.server_close()


def trust_of(signer):
    """Return the trust policy that believes ``signer`` alone."""
    return TrustPolicy.parse(f"log {signer.vkey}\nquorum none\n")


def grow(services, tmp_path, count):
    """Record and seal ``count`` entries."""
    write(services, count=count)
    seal_all(services, signer_in(tmp_path))


def content(directory):
    """Return every file below ``directory``."""
    return {str(p.relative_to(directory)): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


@sqlite_only
def test_a_mirror_follows_the_log(services, tmp_path, served):
    """The first run fetches everything, later ones what is new; files stand where they were served."""
    trust, there = trust_of(signer_in(tmp_path)), tmp_path / "mirror"
    grow(services, tmp_path, 40)
    assert mirror(Source(served, {}), there, trust).fetched == 1
    assert mirror(Source(served, {}), there, trust).fetched == 0
    grow(services, tmp_path, 260)
    done = mirror(Source(served, {}), there, trust)
    assert (done.size, done.before, done.fetched) == (300, 40, 3)
    assert {"checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"} < content(there).keys()
    assert not (there / ".incoming").exists()


@sqlite_only
def test_an_auditor_mirrors_the_entries(services, tmp_path, served):
    """With a grant the entries come along and have the hashes in the tiles; without one they do not."""
    trust, there = trust_of(signer_in(tmp_path)), tmp_path / "mirror"
    grow(services, tmp_path, 260)
    with pytest.raises(InvalidInput, match="401"):
        mirror(Source(served, {}), there, trust, entries=True)
    assert "checkpoint" not in content(there)
    auditor = Source(served, {ACTOR_HEADER: json.dumps(AUDITOR)})
    assert mirror(auditor, there, trust, entries=True).size == 260
    assert {"tile/entries/000", "tile/entries/001.p/4"} < content(there).keys()


@pytest.mark.parametrize("how", DRIPS)
def test_a_log_that_never_ends_its_answer_is_given_up(tmp_path, monkeypatch, how):
    """A drip, each wait of which is short, ends with the time for the whole; nothing is kept."""
    monkeypatch.setattr("lmscompliance.evidence.mirror.BOUNDS", Bounds(0.3, 1000))
    with peer(DRIPS[how]) as slow, pytest.raises(InvalidInput, match="cannot be read"):
        mirror(Source(slow.url, {}), tmp_path / "mirror", TrustPolicy.parse("quorum none\n"))
    assert not (tmp_path / "mirror").exists()


def test_a_redirect_is_not_followed(tmp_path):
    """It would carry the session elsewhere; its status is named."""
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with peer(says(moved)) as other, pytest.raises(InvalidInput, match="302"):
        Source(other.url, {"Cookie": "x"}).fetch("checkpoint")


class Forged(Source):
    """A log that serves what it is told to."""

    __slots__ = ("files",)

    def __init__(self, leaves, key, **changed):
        """Serve a log over ``leaves`` signed by ``key``, with the files at some paths ``changed``."""
        super().__init__("https://log.example", {})
        hashes = [leaf_hash(leaf) for leaf in leaves]
        files = {
            tiles.path(level, index, len(data) // 32): data
            for (level, index), data in tiles.grow(lambda *_: b"", 0, hashes).items()
        }
        files["tile/entries/000.p/" + str(len(leaves))] = b"".join(
            len(leaf).to_bytes(2, "big") + leaf for leaf in leaves
        )
        head = Checkpoint(ORIGIN, len(leaves), root_of_leaves(hashes)).text()
        files["checkpoint"] = Note(head, (key.sign(head),)).encode().encode()
        object.__setattr__(self, "files", files | changed)

    def fetch(self, path):
        """Return the file."""
        return self.files[path]


LEAVES = [b"leaf %d" % number for number in range(20)]


@pytest.mark.parametrize(
    ("leaves", "changed", "reason"),
    [
        (LEAVES[:9], {}, "offers a checkpoint of 9 entries while the mirror holds 10"),
        ([b"other", *LEAVES[1:]], {}, "history was rewritten"),
        ([b"other", *LEAVES[1:10]], {}, "history was rewritten"),
        (LEAVES[:12], {"tile/0/000.p/12": bytes(12 * 32)}, "history was rewritten"),
        (LEAVES[:12], {"tile/0/000.p/12": bytes(11 * 32)}, "does not go with the rest"),
        (LEAVES[:12], {"tile/entries/000.p/12": b"\0\1x" * 12}, "does not go with the rest"),
        (LEAVES[:12], {"tile/entries/000.p/12": b"\0\7x"}, "does not go with the rest"),
        (LEAVES[:12], {"checkpoint": b"x"}, "does not fulfil the trust policy"),
    ],
)
def test_a_log_that_is_no_longer_the_same_is_refused(tmp_path, leaves, changed, reason):
    """Cut, rewritten, forked at the same size, wrong tiles or entries: named, and the mirror is unchanged."""
    key, there = Key(ORIGIN, 1), tmp_path / "mirror"
    trust = TrustPolicy.parse(f"log {key.vkey}\nquorum none\n")
    mirror(Forged(LEAVES[:10], key), there, trust, entries=True)
    before = content(there)
    with pytest.raises(MirrorRefuses, match=reason):
        mirror(Forged(leaves, key, **changed), there, trust, entries=True)
    assert {name: data for name, data in content(there).items() if not name.startswith(".")} == before
    assert mirror(Forged(LEAVES, key), there, trust, entries=True).size == 20


def test_a_wrong_higher_tile_is_named(tmp_path):
    """The hashes above are computed again from those below."""
    key = Key(ORIGIN, 1)
    trust = TrustPolicy.parse(f"log {key.vkey}\nquorum none\n")
    forged = Forged([b"%d" % number for number in range(257)], key, **{"tile/1/000.p/1": bytes(32)})
    with pytest.raises(MirrorRefuses, match=r"tile/1/000\.p/1"):
        mirror(forged, tmp_path / "mirror", trust)


@sqlite_only
def test_the_command_mirrors_and_says_what_it_holds(services, tmp_path, served, monkeypatch):
    """Exit 0 with the size; a stranger's key is refused with 1, an unreadable trust file with 2."""
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    grow(services, tmp_path, 5)
    policy, there = tmp_path / "trust.policy", str(tmp_path / "mirror")
    run = CliRunner()

    def call():
        return run.invoke(main, ["log", "mirror", served, there, "--trust", str(policy)])

    assert call().exit_code == 2
    policy.write_text(f"log {Key(ORIGIN, 9).vkey}\nquorum none\n")
    refused = call()
    assert refused.exit_code == 1
    assert "do not believe this log" in refused.output
    policy.write_text(f"log {signer_in(tmp_path).vkey}\nquorum none\n")
    done = call()
    assert done.exit_code == 0
    assert "now holds 5 entries" in done.output
    assert run.invoke(main, ["log", "mirror", "file:///etc", there, "--trust", str(policy)]).exit_code == 1
