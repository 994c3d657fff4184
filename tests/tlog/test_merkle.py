"""RFC 6962 trees against transparency-dev/merkle's vectors and against the RFC's own definitions."""

import base64
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.tlog import merkle
from lmscompliance.tlog.leaf import leaf_hash
from lmscompliance.tlog.merkle import BadProof

VECTORS = Path(__file__).parents[1] / "vectors" / "merkle"

# The eight-leaf tree of transparency-dev/merkle, testonly/constants.go.
LEAVES = [
    bytes.fromhex(text)
    for text in [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def vectors(kind):
    """Return the test cases of ``kind``, named by their path."""
    paths = sorted((VECTORS / kind).rglob("*.json"))
    return [pytest.param(json.loads(path.read_bytes()), id=str(path.relative_to(VECTORS))) for path in paths]


def binary(text):
    """Return what a vector's base64 member holds."""
    return base64.b64decode(text or "")


def leaf_hashes(count):
    """Return ``count`` different leaf hashes."""
    return [leaf_hash(index.to_bytes(4, "big")) for index in range(count)]


def rfc_root(leaves):
    """Return MTH(D) word for word as section 2.1 defines it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return merkle.node_hash(rfc_root(leaves[:k]), rfc_root(leaves[k:]))


def rfc_path(m, leaves):
    """Return PATH(m, D) word for word as section 2.1.1 defines it."""
    if len(leaves) == 1:
        return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if m < k:
        return [*rfc_path(m, leaves[:k]), rfc_root(leaves[k:])]
    return [*rfc_path(m - k, leaves[k:]), rfc_root(leaves[:k])]


def rfc_subproof(m, leaves, complete):
    """Return SUBPROOF(m, D, b) word for word as section 2.1.2 defines it."""
    if m == len(leaves):
        return [] if complete else [rfc_root(leaves)]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if m <= k:
        return [*rfc_subproof(m, leaves[:k], complete), rfc_root(leaves[k:])]
    return [*rfc_subproof(m - k, leaves[k:], False), rfc_root(leaves[:k])]  # noqa: FBT003  # as the RFC writes it


def test_every_vector_is_there():
    """The corpus is complete, so that a lost directory cannot pass for success."""
    assert len(vectors("inclusion")) + len(vectors("consistency")) == 157


@pytest.mark.parametrize("case", vectors("inclusion"))
def test_inclusion_vectors(case):
    """Each inclusion case is accepted or refused as its makers say."""

    def check():
        merkle.verify_inclusion(
            case["leafIdx"],
            case["treeSize"],
            binary(case["leafHash"]),
            [binary(item) for item in case["proof"] or []],
            binary(case["root"]),
        )

    if case["wantErr"]:
        with pytest.raises(BadProof):
            check()
    else:
        check()


@pytest.mark.parametrize("case", vectors("consistency"))
def test_consistency_vectors(case):
    """Each consistency case is accepted or refused as its makers say."""

    def check():
        merkle.verify_consistency(
            case["size1"],
            case["size2"],
            [binary(item) for item in case["proof"] or []],
            binary(case["root1"]),
            binary(case["root2"]),
        )

    if case["wantErr"]:
        with pytest.raises(BadProof):
            check()
    else:
        check()


@pytest.mark.parametrize("size", range(9))
def test_roots_of_the_eight_leaf_tree(size):
    """The frontier and the node reader both give the published roots, the empty tree's included."""
    hashes = [leaf_hash(leaf) for leaf in LEAVES[:size]]
    assert merkle.root_of_leaves(hashes).hex() == ROOTS[size]
    assert merkle.root(merkle.in_memory(hashes), size).hex() == ROOTS[size]


@given(size=st.integers(1, 200), data=st.data())
def test_proofs_are_those_of_the_rfc_and_verify(size, data):
    """Every proof is the RFC's to the hash, and verifies against the RFC's roots."""
    hashes = leaf_hashes(size)
    nodes = merkle.in_memory(hashes)
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    inclusion = merkle.inclusion_proof(nodes, index, size)
    consistency = merkle.consistency_proof(nodes, old, size)
    assert inclusion == rfc_path(index, hashes)
    assert consistency == rfc_subproof(old, hashes, True)  # noqa: FBT003  # as the RFC writes it
    merkle.verify_inclusion(index, size, hashes[index], inclusion, rfc_root(hashes))
    merkle.verify_consistency(old, size, consistency, rfc_root(hashes[:old]), rfc_root(hashes))


@given(size=st.integers(2, 64), data=st.data())
def test_a_proof_shows_nothing_else(size, data):
    """A proof is refused for another leaf, another index and another root."""
    hashes = leaf_hashes(size)
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda value: value != index))
    proof = merkle.inclusion_proof(merkle.in_memory(hashes), index, size)
    root = rfc_root(hashes)
    for wrong in [
        (other, hashes[index], root),
        (index, hashes[other], root),
        (index, hashes[index], bytes(32)),
    ]:
        with pytest.raises(BadProof):
            merkle.verify_inclusion(wrong[0], size, wrong[1], proof, wrong[2])


@given(size=st.integers(2, 64), data=st.data())
def test_a_rewritten_history_is_not_consistent(size, data):
    """No proof connects a tree with one in which an old leaf was replaced."""
    hashes = leaf_hashes(size)
    old = data.draw(st.integers(1, size - 1))
    forged = list(hashes)
    forged[data.draw(st.integers(0, old - 1))] = bytes(32)
    proof = merkle.consistency_proof(merkle.in_memory(forged), old, size)
    with pytest.raises(BadProof):
        merkle.verify_consistency(old, size, proof, rfc_root(hashes[:old]), rfc_root(forged))


def test_proofs_that_cannot_exist_are_not_made():
    """Asking for a leaf beyond the tree or for consistency with the empty tree is an error."""
    nodes = merkle.in_memory(leaf_hashes(3))
    for index in (-1, 3):
        with pytest.raises(ValueError, match="no leaf"):
            merkle.inclusion_proof(nodes, index, 3)
    for old in (0, 4):
        with pytest.raises(ValueError, match="no consistency"):
            merkle.consistency_proof(nodes, old, 3)
