"""Signed notes and checkpoints against the specifications' own examples, and everything they refuse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.tlog.checkpoint import BadCheckpoint, Checkpoint
from lmscompliance.tlog.notes import COSIGNATURE_V1, BadNote, Note, VKey
from tests.tlog.keys import Key, check

# The example of C2SP signed-note.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1"
    "ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
LOG = Key("log.example/a", 1)
OTHER = Key("log.example/b", 2)
TEXT = "log.example/a\n3\n" + "A" * 43 + "=\n"


def note(text, *keys):
    """Return ``text`` signed by ``keys``."""
    return Note(text, tuple(key.sign(text) for key in keys)).encode()


def test_the_specifications_example_verifies():
    """The published note opens with the published key."""
    vkey = VKey.parse(EXAMPLE_KEY)
    assert str(vkey) == EXAMPLE_KEY
    parsed = Note.parse(EXAMPLE)
    assert parsed.text == "This is an example message.\n"
    assert [item.vkey for item in parsed.verify([vkey], check)] == [vkey]
    assert parsed.encode() == EXAMPLE


def test_signatures_of_strangers_are_passed_over():
    """A note opens with one known key, whoever else signed, and each key counts once."""
    signed = note(TEXT, OTHER, LOG, LOG)
    assert [item.vkey for item in Note.parse(signed).verify([LOG.vkey], check)] == [LOG.vkey]


def test_a_cosignature_covers_its_time():
    """A witness's signature verifies with its timestamp, and not with another."""
    witness = Key("w.example", 3, COSIGNATURE_V1)
    signature = witness.sign(TEXT, 1_700_000_123)
    (verified,) = Note(TEXT, (signature,)).verify([witness.vkey], check)
    assert verified.timestamp == 1_700_000_123
    forged = type(signature)(signature.name, signature.key_id, b"\x00" * 8 + signature.blob[8:])
    with pytest.raises(BadNote):
        Note(TEXT, (forged,)).verify([witness.vkey], check)


def test_a_wrong_signature_of_a_known_key_spoils_the_note():
    """One known key that does not fit refuses the note even beside a good one."""
    good, bad = LOG.sign(TEXT), OTHER.sign("another text\n")
    with pytest.raises(BadNote, match=r"log\.example/b"):
        Note(TEXT, (good, bad)).verify([LOG.vkey, OTHER.vkey], check)


def test_a_note_without_known_signature_is_refused():
    """A stranger's signature alone means nothing."""
    with pytest.raises(BadNote, match="no signature of a known key"):
        Note.parse(note(TEXT, OTHER)).verify([LOG.vkey], check)


def test_the_same_name_with_another_key_is_a_stranger():
    """Name and key id together say who signed."""
    impostor = Key(LOG.vkey.name, 9)
    with pytest.raises(BadNote, match="no signature of a known key"):
        Note.parse(note(TEXT, impostor)).verify([LOG.vkey], check)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text.replace("\n\n", "\n"),
        lambda text: text + "\n",
        lambda text: text.replace("— ", "- "),
        lambda text: text.replace("log.example/a ", "log.example/a  "),
        lambda text: text.replace("log.example/a ", "log.example/+ "),
        lambda text: text.replace("3\n", "3\r\n", 1),
        lambda text: text.replace("=\n\n", "=\x00\n\n"),
        lambda text: text.rstrip("\n=") + "\n",
        lambda text: "\ud800" + text,
        lambda text: text.split("\n\n")[0] + "\n\n— log.example/a AAAA\n",
        lambda text: text + (text.split("\n\n")[1] * 100),
    ],
)
def test_malformed_notes_are_refused(change):
    """A note is read to the letter."""
    with pytest.raises(BadNote):
        Note.parse(change(note(TEXT, LOG)))


def test_bytes_that_are_not_utf_8_are_no_note():
    """A note is UTF-8."""
    with pytest.raises(BadNote):
        Note.parse(note(TEXT, LOG).encode() + b"\xff")


@pytest.mark.parametrize(
    "text",
    [
        "",
        EXAMPLE_KEY.replace("530d903a", "530d903b"),
        EXAMPLE_KEY.replace("530d903a", "530D903A"),
        EXAMPLE_KEY.replace("example", "exam ple"),
        EXAMPLE_KEY + "=",
        EXAMPLE_KEY.partition("+")[0],
        str(VKey("x", 1, b"short")),
    ],
)
def test_malformed_verifier_keys_are_refused(text):
    """A key whose id, encoding or length is wrong is not taken."""
    with pytest.raises(ValueError):  # noqa: PT011  # also binascii's
        VKey.parse(text)


def test_an_unknown_key_type_is_refused_when_it_matters():
    """A key of a type that cannot be checked is an error, not a pass."""
    exotic = VKey("x.example", 0x06, bytes(1312))
    signature = type(LOG.sign(TEXT))("x.example", exotic.key_id, b"x")
    with pytest.raises(BadNote, match="0x06"):
        Note(TEXT, (signature,)).verify([VKey.parse(str(exotic))], check)


@given(
    st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32), st.lists(st.just("extension"), max_size=2)
)
def test_a_checkpoint_reads_back(size, root, extensions):
    """What is written is read again, extension lines included."""
    checkpoint = Checkpoint("log.example/a", size, root, tuple(extensions))
    assert Checkpoint.parse(checkpoint.text()) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        TEXT[:-1],
        TEXT + "\n",
        TEXT.replace("3", "03"),
        TEXT.replace("3", "+3"),
        TEXT.replace("3", "٣"),
        TEXT.replace("3", str(2**63)),
        TEXT.replace("AAA=", "AA=="),
        TEXT.replace("A=", "B="),
        "\n" + TEXT,
        "log.example/a\n3\n",
    ],
)
def test_malformed_checkpoints_are_refused(text):
    """Each line has one spelling."""
    with pytest.raises(BadCheckpoint):
        Checkpoint.parse(text)
