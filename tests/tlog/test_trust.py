"""Trust policies: the specification's example, its rules, and what a checkpoint must show under them."""

import pytest

from lmscompliance.tlog import merkle
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.leaf import leaf_hash
from lmscompliance.tlog.merkle import BadProof
from lmscompliance.tlog.notes import COSIGNATURE_V1, Note
from lmscompliance.tlog.proof import TlogProof
from lmscompliance.tlog.trust import BadPolicy, TrustPolicy, Untrusted
from tests.tlog.keys import Key, check

LOG = Key("log.example/a", 1)
WITNESSES = {
    name: Key(f"{name}.example", 10 + i, COSIGNATURE_V1)
    for i, name in enumerate(["X1", "X2", "X3", "Y1", "Y2", "Y3"])
}
LINES = [
    f"log {LOG.vkey}",
    *(f"witness {name} {key.vkey} https://{name}.example/" for name, key in WITNESSES.items()),
]
TWO_LEVELS = "\n".join(
    [
        "# both organisations",
        *LINES,
        "group X-witnesses 2 X1 X2 X3",
        " \tgroup Y-witnesses any Y1 Y2\tY3 ",
        "group X-and-Y all X-witnesses Y-witnesses",
        "quorum X-and-Y",
        "",
    ]
)
HASHES = [leaf_hash(bytes([i])) for i in range(5)]
HEAD = Checkpoint(LOG.vkey.name, 5, merkle.root_of_leaves(HASHES))


def signed(*keys, head=HEAD):
    """Return a checkpoint signed by ``keys``."""
    return Note(head.text(), tuple(key.sign(head.text()) for key in keys)).encode()


@pytest.mark.parametrize(
    ("names", "satisfied"),
    [
        ("X1 X2 Y1", True),
        ("X1 X3 Y3", True),
        ("X1 Y1 Y2 Y3", False),
        ("X1 X2 X3", False),
        ("", False),
    ],
)
def test_the_specifications_two_level_quorum(names, satisfied):
    """Two of three and any of three, both: as the specification's example means it."""
    policy = TrustPolicy.parse(TWO_LEVELS)
    assert policy.satisfied_by(set(names.split())) is satisfied
    note = signed(LOG, *(WITNESSES[name] for name in names.split()))
    if satisfied:
        accepted = policy.accept(note, check)
        assert accepted.checkpoint == HEAD
        assert accepted.log == LOG.vkey
        assert accepted.witnesses == dict.fromkeys(names.split(), 1_700_000_000)
    else:
        with pytest.raises(Untrusted, match="quorum 'X-and-Y'"):
            policy.accept(note, check)


def test_without_witnesses_the_logs_signature_suffices():
    """A policy of one log and ``quorum none`` accepts that log's checkpoints."""
    policy = TrustPolicy.parse(f"log {LOG.vkey} https://log.example/\nquorum none\n")
    assert policy.accept(signed(LOG), check).log == LOG.vkey
    assert policy.logs[0].url == "https://log.example/"


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        (signed(Key(LOG.vkey.name, 7)), "no signature of a known key"),
        (signed(LOG, head=Checkpoint("log.example/b", 5, HEAD.root)), "no log named log.example/b"),
        (signed(*WITNESSES.values()), "not signed by log.example/a"),
        (signed(LOG).replace("\n5\n", "\n6\n"), "does not belong to this text"),
        ("garbage", "empty line"),
    ],
)
def test_what_the_policy_does_not_cover_is_untrusted(note, reason):
    """Foreign keys, other origins, witnesses alone, altered text and garbage are refused with the reason."""
    policy = TrustPolicy.parse("\n".join([*LINES, "quorum none"]))
    with pytest.raises(Untrusted, match=reason):
        policy.accept(note, check)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "no quorum line"),
        (["quorum none", "quorum none"], "line 2: a policy has one quorum line"),
        (["quorum X1"], "line 1: 'X1' is not defined"),
        (["quorum"], "line 1: a quorum line reads"),
        (["colour blue"], "line 1: 'colour' is not"),
        (["log"], "line 1: a log line reads"),
        (["log x"], "line 1: a verifier key reads"),
        ([LINES[0], LINES[0]], "line 2: this log's public key is listed twice"),
        (
            [LINES[1].replace("witness X1", "log").rpartition(" ")[0]],
            "line 1: the key of X1.example is of type 0x04",
        ),
        ([f"witness X1 {LOG.vkey}"], "type 0x01"),
        ([LINES[1], LINES[1].replace("X1 ", "X9 ")], "line 2: this witness's public key is listed twice"),
        ([LINES[1], LINES[2].replace("X2 ", "X1 ")], "line 2: the name 'X1' is already taken"),
        ([LINES[1].replace("X1 ", "none ")], "line 1: the name 'none' is already taken"),
        (["witness X1"], "line 1: a witness line reads"),
        (["group G all"], "line 1: a group line reads"),
        (["group G all X1", LINES[1]], "line 1: 'X1' is not defined"),
        (["group G all none"], "line 1: 'none' is not defined"),
        ([LINES[1], "group G 2 X1"], "line 2: 2 of 1 members"),
        ([LINES[1], "group G 0 X1"], "line 2: 0 of 1 members"),
        ([LINES[1], "group G 01 X1"], "line 2: '01' is not a decimal"),
        ([LINES[1], "group G any X1 X1"], "line 2: 'X1' is already a member"),
        ([LINES[1], "group G any X1", "group H any X1"], "line 3: 'X1' is already a member"),
        (["quorum none\r"], "line 1: a control character"),
        (["quorum \x7fnone"], "line 1: a control character"),
    ],
)
def test_errors_name_their_line(lines, message):
    """Each breach of the format is refused with the number of its line."""
    with pytest.raises(BadPolicy, match=message):
        TrustPolicy.parse("\n".join(lines))


def test_names_beyond_ascii_are_opaque_octets():
    """A name need not be UTF-8, and look-alikes stay apart."""
    key = WITNESSES["X1"].vkey
    policy = TrustPolicy.parse(b"witness \xff\xfe " + str(key).encode() + b"\nquorum \xff\xfe\n")
    assert policy.satisfied_by(list(policy.witnesses))
    with pytest.raises(BadPolicy, match="not defined"):
        TrustPolicy.parse(f"witness K {key}\nquorum \u212a\n")


def test_a_receipt_reads_back_and_verifies():
    """A receipt shows one entry's place, offline, to whoever holds the entry and a policy."""
    policy = TrustPolicy.parse(f"log {LOG.vkey}\nquorum none\n")
    path = tuple(merkle.inclusion_proof(merkle.in_memory(HASHES), 3, 5))
    for extra in (None, b"context"):
        receipt = TlogProof(3, path, signed(LOG), extra)
        assert TlogProof.parse(receipt.encode()) == receipt
        assert receipt.verify(HASHES[3], policy, check).checkpoint == HEAD
    with pytest.raises(BadProof):
        receipt.verify(HASHES[2], policy, check)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("@v1", "@v2"),
        ("index 3", "index 03"),
        ("index 3\n", ""),
        ("\n\n", "\n"),
        ("index 3\n", "index 3\nAAAA\n"),
    ],
)
def test_malformed_receipts_are_refused(old, new):
    """A receipt is read to the letter."""
    path = tuple(merkle.inclusion_proof(merkle.in_memory(HASHES), 3, 5))
    text = TlogProof(3, path, signed(LOG)).encode()
    with pytest.raises(BadProof):
        TlogProof.parse(text.replace(old, new))
