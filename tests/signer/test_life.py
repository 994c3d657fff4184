"""A key's life: encrypted, replaced with an overlap, retired; and the end of a log."""

import stat

import pytest
from click.testing import CliRunner

from lmscompliance.cli.main import main
from lmscompliance.kernel.errors import Conflict, Misconfigured
from lmscompliance.signer import LocalSigner, SignerFrozen, box, files, life
from lmscompliance.tlog.notes import BadNote, Note, VKey
from lmscompliance.tlog.trust import TrustPolicy, Untrusted
from lmscompliance.verifier import ed25519
from tests.signer.heads import ORIGIN, head, proof, signer_in

SECRET = b"correct horse battery"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Derive keys at a hundredth of the cost."""
    monkeypatch.setattr(box, "COST", 1 << 10)
    monkeypatch.setattr(box.seal, "__defaults__", (1 << 10,))
    monkeypatch.setattr("lmscompliance.signer.keys.save.__defaults__", (1 << 10,))


def run(*arguments, code=0):
    """Run a verb in English and return what it says."""
    done = CliRunner(env={"LC_ALL": "en_US.UTF-8"}).invoke(main, ["signer", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done.output


def test_a_key_under_a_passphrase(tmp_path):
    """Only the passphrase opens it; the file is private, and shows the public half to anybody."""
    made = life.create(tmp_path / "s", ORIGIN, SECRET)
    text = (tmp_path / "s" / "key").read_text()
    assert text.split("\n")[1] == str(made.vkey)
    assert "PRIVATE+KEY" not in text
    assert stat.S_IMODE((tmp_path / "s" / "key").stat().st_mode) == 0o600
    note = LocalSigner(tmp_path / "s", ORIGIN, SECRET).sign_checkpoint(*head(3), [])
    Note.parse(note).verify([made.vkey], ed25519.verify)
    with pytest.raises(Misconfigured, match="does not open"):
        LocalSigner(tmp_path / "s", ORIGIN, b"wrong")
    with pytest.raises(Misconfigured, match="COMPLIANCE_SIGNER_URL"):
        LocalSigner(tmp_path / "s", ORIGIN)
    with pytest.raises(Conflict, match="already"):
        life.create(tmp_path / "s", ORIGIN, SECRET)


@pytest.mark.parametrize("line", range(1, 5))
def test_every_line_of_the_encrypted_file_counts(tmp_path, line):
    """Altering any of them, the readable ones as well, keeps the key from opening."""
    life.create(tmp_path / "s", ORIGIN, SECRET)
    path = tmp_path / "s" / "key"
    lines = path.read_text().split("\n")
    last = lines[line][-3]
    lines[line] = lines[line][:-3] + ("A" if last != "A" else "B") + lines[line][-2:]
    path.write_text("\n".join(lines))
    with pytest.raises(Misconfigured):
        LocalSigner(tmp_path / "s", ORIGIN, SECRET)


def accepted(note, *vkeys):
    """Tell whether a trust policy that lists ``vkeys`` accepts the note."""
    lines = "".join(f"log {vkey}\n" for vkey in vkeys)
    try:
        TrustPolicy.parse(f"{lines}quorum none\n").accept(note, ed25519.verify)
    except Untrusted:
        return False
    return True


def test_a_rotation_overlaps(tmp_path):
    """Old alone, then both, then new alone: in the overlap either trust policy accepts the checkpoint."""
    directory = tmp_path / "signer"
    before = signer_in(tmp_path).sign_checkpoint(*head(3), [])
    old = signer_in(tmp_path).vkey
    new = life.begin_rotation(directory, ORIGIN, None)
    assert life.begin_rotation(directory, ORIGIN, None) == new
    assert signer_in(tmp_path).sign_checkpoint(*head(3), []) == before
    with pytest.raises(Conflict, match="seal"):
        life.finish_rotation(directory, ORIGIN, None)
    both = signer_in(tmp_path).sign_checkpoint(*head(8), proof(3, 8))
    assert signer_in(tmp_path).signing == (old, new)
    assert life.finish_rotation(directory, ORIGIN, None) == new
    signer = signer_in(tmp_path)
    assert (signer.vkey, signer.signing, signer.vkeys) == (new, (new,), (new, old))
    assert signer.sign_checkpoint(*head(8), []) == both
    after = signer.sign_checkpoint(*head(12), proof(8, 12))
    assert [accepted(note, old) for note in (before, both, after)] == [True, True, False]
    assert [accepted(note, new) for note in (before, both, after)] == [False, True, True]
    assert [accepted(note, old, new) for note in (before, both, after)] == [True, True, True]
    with pytest.raises(Conflict, match="without --finish"):
        life.finish_rotation(directory, ORIGIN, None)


def test_a_rotation_that_died_half_way_is_finished(tmp_path, monkeypatch):
    """The old key was listed as retired and the process died: doing it again ends in the same state."""
    directory = tmp_path / "signer"
    old = signer_in(tmp_path).vkey
    new = life.begin_rotation(directory, ORIGIN, None)
    signer_in(tmp_path).sign_checkpoint(*head(3), [])

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(files, "rename", die)
        with pytest.raises(KeyboardInterrupt):
            life.finish_rotation(directory, ORIGIN, None)
    assert signer_in(tmp_path).vkeys == (old, new)
    life.finish_rotation(directory, ORIGIN, None)
    assert signer_in(tmp_path).vkeys == (new, old)
    assert (directory / "retired").read_text() == f"{old}\n"


def test_a_frozen_log_stays_frozen(tmp_path):
    """The mark is answered for ever, nothing is added, and no key can be changed any more."""
    last = signer_in(tmp_path).sign_checkpoint(*head(3), [])
    assert life.freeze(tmp_path / "signer", "key compromised") == last
    assert life.freeze(tmp_path / "signer", "again") == last
    assert (tmp_path / "signer" / "frozen").read_text() == "key compromised\n"
    assert signer_in(tmp_path).sign_checkpoint(*head(3), []) == last
    with pytest.raises(SignerFrozen, match="key-runbook"):
        signer_in(tmp_path).sign_checkpoint(*head(8), proof(3, 8))
    with pytest.raises(Conflict):
        life.begin_rotation(tmp_path / "signer", ORIGIN, None)


def test_the_verbs(tmp_path):
    """Create, show, change the passphrase, rotate and freeze from the command line."""
    directory, first, second = tmp_path / "s", tmp_path / "first", tmp_path / "second"
    first.write_text("a first passphrase\n")
    second.write_text("another passphrase\n")
    short = tmp_path / "short"
    short.write_text("short\n")
    assert "12 characters" in run("create", directory, "--origin", ORIGIN, "--passphrase-file", short, code=1)
    assert not directory.exists()
    assert "cannot be a log's name" in run(
        "create", directory, "--origin", "a b", "--passphrase-file", first, code=2
    )
    made = run("create", directory, "--origin", ORIGIN, "--passphrase-file", first)
    vkey = VKey.parse(run("key", directory).strip())
    assert str(vkey) in made
    run("protect", directory, "--passphrase-file", first, "--new-passphrase-file", second)
    assert "does not open" in run("rotate", directory, "--passphrase-file", first, code=2)
    run("rotate", directory, "--passphrase-file", second)
    assert len(run("key", directory).splitlines()) == 2
    signer = LocalSigner(directory, ORIGIN, b"another passphrase")
    signer.sign_checkpoint(*head(3), [])
    run("rotate", directory, "--finish", "--passphrase-file", second)
    assert f"{vkey} (retired)" in run("key", directory)
    note = run("freeze", directory, "--reason", "tried")
    with pytest.raises(BadNote):
        Note.parse(note).verify([VKey(ORIGIN, 1, bytes(32))], ed25519.verify)
    assert Note.parse(note).verify(signer.signing, ed25519.verify)
    assert "cannot be read" in run("key", tmp_path / "nowhere", code=2)


def test_protecting_what_began_inside_the_platform(tmp_path, monkeypatch):
    """A plain key is encrypted in place: same public half, same mark."""
    signer = signer_in(tmp_path)
    note = signer.sign_checkpoint(*head(3), [])
    life.protect(tmp_path / "signer", ORIGIN, None, SECRET)
    opened = LocalSigner(tmp_path / "signer", ORIGIN, SECRET)
    assert (opened.vkey, opened.mark_note()) == (signer.vkey, note)
    assert "PRIVATE+KEY" not in (tmp_path / "signer" / "key").read_text()
