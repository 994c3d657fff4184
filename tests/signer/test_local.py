"""The signer: keeps its key and its mark, and lets nothing be taken back."""

import stat
import threading

import pytest

from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.signer import LocalSigner, SignerRefuses
from lmscompliance.tlog import merkle
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.leaf import leaf_hash
from lmscompliance.tlog.notes import Note
from lmscompliance.verifier import ed25519
from tests.signer.heads import LEAVES, ORIGIN, head, proof, signer_in


def test_it_signs_a_growing_log(tmp_path):
    """Each head that extends the last is signed as a checkpoint note that its key opens."""
    signer = signer_in(tmp_path)
    assert signer.mark() == Checkpoint(ORIGIN, 0, merkle.EMPTY_ROOT)
    for old, new in [(0, 3), (3, 8), (8, 20)]:
        note = Note.parse(signer.sign_checkpoint(*head(new), proof(old, new)))
        note.verify([signer.vkey], ed25519.verify)
        assert Checkpoint.parse(note.text) == Checkpoint(ORIGIN, *head(new)) == signer.mark()


def test_the_same_head_again_is_the_same_note(tmp_path):
    """Who asks again after a crash, in a new process, gets the note that was made before it."""
    note = signer_in(tmp_path).sign_checkpoint(*head(3), [])
    assert signer_in(tmp_path).sign_checkpoint(*head(3), []) == note


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param((*head(3), []), id="smaller"),
        pytest.param((8, bytes(32), []), id="another root of the same size"),
        pytest.param((*head(12), []), id="no proof"),
        pytest.param((*head(12), proof(3, 12)), id="a proof from elsewhere"),
        pytest.param(
            (*head(12, LEAVES[::-1]), proof(8, 12, LEAVES[::-1])), id="a consistent but other history"
        ),
        pytest.param((0, merkle.EMPTY_ROOT, []), id="the empty tree"),
    ],
)
def test_what_does_not_extend_the_mark_is_refused(tmp_path, request_):
    """Nothing else is signed, also by a fresh process, and the mark stays."""
    signer_in(tmp_path).sign_checkpoint(*head(8), [])
    signer = signer_in(tmp_path)
    with pytest.raises(SignerRefuses) as caught:
        signer.sign_checkpoint(*request_)
    assert "8" in caught.value.message("zh_CN")
    assert signer.mark().size == 8


def test_the_key_is_private_and_the_directory_too(tmp_path):
    """Only the owner may read the key, and no half-written file is left behind."""
    signer_in(tmp_path)
    directory = tmp_path / "signer"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / "key").stat().st_mode) == 0o600
    assert sorted(path.name for path in directory.iterdir()) == ["checkpoint", "key", "lock"]


def test_what_a_dead_process_left_half_written_is_cleared(tmp_path):
    """Only whole files count; the rest of a write that was cut off is removed at the next start."""
    signer = signer_in(tmp_path)
    (tmp_path / "signer" / ".checkpoint.0123").write_text("log.exam")
    assert signer_in(tmp_path).mark() == signer.mark()
    assert not (tmp_path / "signer" / ".checkpoint.0123").exists()


def test_opening_again_keeps_key_and_mark(tmp_path):
    """Loading never makes a second key."""
    first = signer_in(tmp_path)
    first.sign_checkpoint(*head(3), [])
    second = signer_in(tmp_path)
    assert (second.vkey, second.mark()) == (first.vkey, first.mark())


def test_a_lost_mark_is_not_a_fresh_start(tmp_path):
    """A key without its mark refuses to sign, and says which file is missing."""
    signer = signer_in(tmp_path)
    (tmp_path / "signer" / "checkpoint").unlink()
    with pytest.raises(Misconfigured, match="signer/checkpoint"):
        signer.sign_checkpoint(*head(3), [])
    with pytest.raises(Misconfigured, match="signer/checkpoint"):
        signer_in(tmp_path).mark()


def test_an_altered_mark_is_noticed(tmp_path):
    """The mark is itself a signed note, so lowering it takes the key."""
    signer = signer_in(tmp_path)
    signer.sign_checkpoint(*head(8), [])
    path = tmp_path / "signer" / "checkpoint"
    path.write_text(path.read_text().replace("\n8\n", "\n3\n"))
    with pytest.raises(Misconfigured):
        signer.mark()


def test_a_key_of_another_log_is_refused(tmp_path):
    """The origin is part of the key; a mistyped one is a configuration error that names the file."""
    signer_in(tmp_path)
    with pytest.raises(Misconfigured, match="COMPLIANCE_LOG_ORIGIN"):
        LocalSigner.load_or_create(tmp_path / "signer", "log.example/other")


@pytest.mark.parametrize("text", ["", "PRIVATE+KEY+x", "PRIVATE+KEY+log.example/test+00000000+AQ==\n"])
def test_a_broken_key_file_is_refused(tmp_path, text):
    """A damaged key is an error with the remedy, never a new key."""
    signer_in(tmp_path)
    (tmp_path / "signer" / "key").write_text(text)
    with pytest.raises(Misconfigured, match="signer/key"):
        signer_in(tmp_path)


def test_processes_that_start_at_once_agree_on_one_key(tmp_path):
    """Whoever comes second uses the key of the first."""
    barrier = threading.Barrier(6)
    keys = []

    def work():
        barrier.wait()
        keys.append(str(signer_in(tmp_path).vkey))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 6
    assert len(set(keys)) == 1


def test_rivals_cannot_both_extend_the_mark(tmp_path):
    """Of many different heads asked for at once from one mark exactly one is signed."""
    signer_in(tmp_path).sign_checkpoint(*head(8), [])
    barrier = threading.Barrier(6)
    outcomes = []

    def work(number):
        forked = [*LEAVES[:8], leaf_hash(bytes([number, number]))]
        barrier.wait()
        try:
            outcomes.append(signer_in(tmp_path).sign_checkpoint(*head(9, forked), proof(8, 9, forked)))
        except SignerRefuses:
            outcomes.append(None)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome is None for outcome in outcomes) == [False, *[True] * 5]
