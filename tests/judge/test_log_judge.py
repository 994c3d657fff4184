"""Go's ``sumdb`` accepts our log: notes, trees, proofs and tiles; and it is no yes-man."""

import pytest

from lmscompliance.evidence import enrolment_stream
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.evidence.tree import Tree
from lmscompliance.tlog import tiles
from lmscompliance.tlog.leaf import leaf_hash
from tests.evidence.logs import signer_in, write
from tests.judge import gojudge

pytestmark = pytest.mark.judge

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def tree_of(leaves):
    """Return (tiles, tree) over leaves that were never in a database."""
    grown = tiles.grow(lambda *_: b"", 0, [leaf_hash(leaf) for leaf in leaves])
    return grown, Tree(lambda level, index: grown[level, index])


def test_a_stored_log_is_accepted(services, tmp_path):
    """Checkpoints, proofs at sizes on both sides of a tile's edge and all tiles, as sealed in batches."""
    signer = signer_in(tmp_path)
    for number, count in enumerate((1, 4, 250, 1, 30)):
        write(services, enrolment_stream(f"{number:026d}"), count, disclose={"ip": "203.0.113.7"})
        seal_all(services, signer, limit=100)
    assert gojudge.assert_accepts(services, signer.vkey).startswith("ok 286 leaves 7 notes")


def test_every_size_up_to_a_thousand(tmp_path):
    """Each tree from 1 to 1,000 leaves: first, middle and last leaf, and three consistency proofs."""
    leaves = [b"leaf %d" % index for index in range(1000)]
    _, tree = tree_of(leaves)
    sizes = range(1, 1001)
    accepted, said = gojudge.ask(
        leaves,
        Inclusion=[gojudge.inclusion(tree, i, size) for size in sizes for i in {0, size // 2, size - 1}],
        Consistency=[
            gojudge.consistency(tree, old, size) for size in sizes for old in {1, size // 2 or 1, size}
        ],
    )
    assert accepted, said


def test_a_tree_of_seventy_thousand(tmp_path):
    """Three levels of tiles, and proofs that cross the edges at 256 and 65,536."""
    leaves = [index.to_bytes(4, "big") for index in range(70_000)]
    grown, tree = tree_of(leaves)
    edges = [1, 255, 256, 257, 511, 513, 4096, 65_535, 65_536, 65_537, 65_793, 69_999, 70_000]
    accepted, said = gojudge.ask(
        leaves,
        Inclusion=[gojudge.inclusion(tree, i - 1, size) for size in edges for i in edges if i <= size],
        Consistency=[gojudge.consistency(tree, old, size) for size in edges for old in edges if old <= size],
        Tiles=[
            {"Path": tiles.path(level, index, len(data) // 32), "Data": gojudge.encoded(data)}
            for (level, index), data in grown.items()
        ],
    )
    assert accepted, said
    assert "277 tiles" in said  # 273 full and one partial, one full and one partial, one partial


def without_last_hash(evidence):
    """Shorten a proof."""
    evidence["Inclusion"][-1]["Proof"].pop()


def with_other_size(evidence):
    """Claim another size in a signed note."""
    evidence["Notes"][0] = evidence["Notes"][0].replace("\n9\n", "\n8\n")


def with_foreign_key(evidence):
    """Ask with a key that has not signed."""
    evidence["VKey"] = "log.example/test+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"


def with_altered_tile(evidence):
    """Change a tile's first hash."""
    evidence["Tiles"][0]["Data"] = gojudge.encoded(bytes(9 * 32))


def with_swapped_consistency(evidence):
    """Present a proof for other sizes."""
    evidence["Consistency"][2]["Old"] += 1


@sqlite_only
@pytest.mark.parametrize(
    "tamper",
    [without_last_hash, with_other_size, with_foreign_key, with_altered_tile, with_swapped_consistency],
    ids=lambda function: function.__name__,
)
def test_the_judge_refuses_what_is_wrong(services, tmp_path, tamper):
    """A judge that accepts everything would prove nothing."""
    signer = signer_in(tmp_path)
    write(services, count=9)
    seal_all(services, signer)
    leaves, evidence = gojudge.collect(services, signer.vkey)
    tamper(evidence)
    assert not gojudge.ask(leaves, **evidence)[0]


@sqlite_only
def test_the_judge_refuses_an_altered_leaf(services, tmp_path):
    """One flipped byte in one leaf is enough."""
    signer = signer_in(tmp_path)
    write(services, count=9)
    seal_all(services, signer)
    leaves, evidence = gojudge.collect(services, signer.vkey)
    leaves[4] = leaves[4].replace(b"s1", b"s2")
    accepted, said = gojudge.ask(leaves, **evidence)
    assert not accepted
    assert "its root is not that of the leaves" in said
