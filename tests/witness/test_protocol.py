"""``add-checkpoint`` to the status code, and what the witness remembers."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.merkle import EMPTY_ROOT
from lmscompliance.tlog.notes import Note
from lmscompliance.tlog.trust import TrustPolicy
from lmscompliance.verifier import ed25519
from lmscompliance.witness import Witness
from tests.tlog.keys import Key
from tests.witness.logs import ORIGIN, SmallLog, log_of

NAME = "witness.example/w1"
LOG = Key(ORIGIN, 1)
OTHER = Key(ORIGIN, 2)
TREE = log_of(300)


@pytest.fixture
def witness(tmp_path, clock):
    """Return a witness that has seen nothing."""
    return Witness.open(tmp_path / "w", NAME, [LOG.vkey], clock)


def status(witness, body):
    """Return the answer's status."""
    return int(witness.add_checkpoint(body).status)


def test_a_log_that_grows_is_cosigned(witness, clock):
    """Each answer is one line that makes the checkpoint fulfil a policy that demands this witness."""
    policy = TrustPolicy.parse(f"log {LOG.vkey}\nwitness w {witness.vkey}\nquorum w\n")
    old = 0
    for size in (1, 2, 5, 5, 256, 300):
        answer = witness.add_checkpoint(TREE.request(old, size))
        assert answer.status == 200
        assert answer.kind.startswith("text/plain")
        assert answer.body.startswith(f"— {NAME} ")
        accepted = policy.accept(TREE.note(size) + answer.body, ed25519.verify)
        assert accepted.witnesses == {"w": int(clock.now().timestamp())}
        assert witness.latest(ORIGIN).size == size
        old = size


def test_the_empty_log_may_be_cosigned(witness):
    """Size zero is a checkpoint like any other, if its root is the hash of nothing."""
    empty = TREE.note(0, Checkpoint(ORIGIN, 0, EMPTY_ROOT))
    assert status(witness, TREE.request(0, 0, proof=[], note=empty)) == 200
    wrong = TREE.note(0, Checkpoint(ORIGIN, 0, bytes(32)))
    assert status(witness, TREE.request(0, 0, proof=[], note=wrong)) == 422


def _malformed():
    good = TREE.request(0, 5)
    yield b""
    yield good.replace(b"old 0\n", b"")
    yield good.replace(b"old 0", b"old 00")
    yield good.replace(b"old 0", b"old -1")
    yield good.replace(b"old 0", b"old  0")
    yield good.replace(b"old 0", b"OLD 0")
    yield good.replace(b"old 0", b"old 0 ")
    yield good.replace(b"old 0\n", b"old 0\r\n")
    yield good.replace(b"old 0\n", b"old 0\nAAAA\n")
    yield good.replace(b"old 0\n", b"old 0\n***\n")
    yield good.replace(b"old 0\n", "old 0\n—\n".encode())
    yield good.replace(b"\n5\n", b"\n05\n")
    yield good.replace(b"\n5\n", b"\n")
    yield good[:-1]
    yield good + b"\n"
    yield good.partition("— ".encode())[0]
    yield TREE.request(0, 5, proof=[bytes(32)] * 64)
    yield TREE.request(6, 6).replace(TREE.note(6).encode(), TREE.note(5).encode())


@pytest.mark.parametrize("body", list(_malformed()))
def test_what_is_no_request_is_400(witness, body):
    """Bad lines, bad notes, too many hashes, an old size over the new one."""
    assert status(witness, body) == 400
    assert witness.latest(ORIGIN).size == 0


def test_an_unknown_log_is_404(witness):
    """Whatever it signs with."""
    text = Checkpoint("other.example", 1, bytes(32)).text()
    note = Note(text, (LOG.sign(text),)).encode()
    assert status(witness, TREE.request(0, 1, note=note)) == 404


def test_a_signature_that_is_not_the_logs_is_403(witness):
    """No trusted key, or a trusted key's wrong signature, also beside a stranger's good one."""
    stranger = SmallLog([b"leaf"], OTHER)
    assert status(witness, stranger.request(0, 1)) == 403
    wrong = TREE.note(2).rpartition("\n\n")[2]
    forged = TREE.note(1).rpartition("\n\n")[0] + "\n\n" + wrong
    assert status(witness, TREE.request(0, 1, note=forged)) == 403
    text = TREE.head(1).text()
    both = Note(text, (OTHER.sign(text), LOG.sign(TREE.head(2).text()))).encode()
    assert status(witness, TREE.request(0, 1, note=both)) == 403


def test_strangers_signatures_are_ignored_and_not_kept(witness):
    """Only the log's own signature and the witness's are served."""
    both = SmallLog([b"leaf"], OTHER, LOG, LOG)
    assert status(witness, both.request(0, 1)) == 200
    kept = Note.parse(witness.latest(ORIGIN).note)
    assert [one.key_id for one in kept.signatures] == [LOG.vkey.key_id, witness.vkey.key_id]


def test_another_old_size_is_409_with_the_right_one(witness):
    """The body is the size, a newline, and its own content type; nothing has changed."""
    witness.add_checkpoint(TREE.request(0, 10))
    for old, size in ((0, 10), (0, 20), (9, 20), (11, 20), (5, 5)):
        answer = witness.add_checkpoint(TREE.request(old, size))
        assert (int(answer.status), answer.body, answer.kind) == (409, "10\n", "text/x.tlog.size")
    assert witness.latest(ORIGIN).size == 10


def test_a_history_that_does_not_fit_is_422(witness):
    """A wrong, missing or needless proof; a fork of the same size or a larger one."""
    fork = log_of(300, first=b"other")
    assert status(witness, TREE.request(0, 10, proof=[bytes(32)])) == 422
    witness.add_checkpoint(TREE.request(0, 10))
    before = witness.latest(ORIGIN)
    for body in (
        TREE.request(10, 20, proof=[]),
        TREE.request(10, 20, proof=TREE.tree.consistency(9, 20)),
        TREE.request(10, 20, proof=[*TREE.tree.consistency(10, 20), bytes(32)]),
        TREE.request(10, 10, proof=[bytes(32)]),
        fork.request(10, 20),
        fork.request(10, 10),
    ):
        assert status(witness, body) == 422
    assert witness.latest(ORIGIN) == before


def test_its_memory_outlives_it(witness, tmp_path, clock):
    """After a restart it goes on where it was; a restored log is refused for ever."""
    witness.add_checkpoint(TREE.request(0, 10))
    again = Witness.open(tmp_path / "w", NAME, [LOG.vkey], clock)
    assert again.vkey == witness.vkey
    assert status(again, TREE.request(0, 9)) == 409
    assert status(again, log_of(20, first=b"other").request(10, 20)) == 422
    assert status(again, TREE.request(10, 20)) == 200


def test_a_key_without_its_memory_is_refused(witness, tmp_path, clock):
    """Starting over would be forgetting; so would be another name for the same key."""
    with pytest.raises(Misconfigured, match="is not a readable key"):
        Witness.open(tmp_path / "w", "witness.example/w2", [LOG.vkey], clock)
    for path in (tmp_path / "w").glob("witness.sqlite3*"):
        path.unlink()
    with pytest.raises(Misconfigured, match="would forget"):
        Witness.open(tmp_path / "w", NAME, [LOG.vkey], clock)


def test_time_does_not_run_backwards(witness, clock):
    """A clock that was set back dates a larger tree no earlier than a smaller one."""
    witness.add_checkpoint(TREE.request(0, 10))
    first = witness.latest(ORIGIN).cosigned_at
    clock.advance(-3 * 86400)
    witness.add_checkpoint(TREE.request(10, 20))
    assert witness.latest(ORIGIN).cosigned_at == first


def test_of_many_at_once_one_wins_and_nothing_is_rolled_back(witness):
    """Check and memory are one step: of all requests from one size exactly one is cosigned."""
    witness.add_checkpoint(TREE.request(0, 1))
    for _ in range(5):
        old = witness.latest(ORIGIN).size
        sizes = [old + step for step in range(1, 9)]
        bodies = [TREE.request(old, size) for size in sizes]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda body: status(witness, body), bodies))
        assert sorted(answers) == [200] + [409] * 7
        assert witness.latest(ORIGIN).size == sizes[answers.index(200)]


def test_the_newest_checkpoint_can_be_read(witness):
    """Under the hash of the origin, with both signatures; 404 before the first and for strangers."""
    place = hashlib.sha256(ORIGIN.encode()).hexdigest()
    assert witness.checkpoint(place).status == 404
    line = witness.add_checkpoint(TREE.request(0, 10)).body
    assert witness.checkpoint(place).body == TREE.note(10) + line
    assert witness.checkpoint(place.upper()).status == 404
    assert witness.checkpoint(hashlib.sha256(b"other").hexdigest()).status == 404
