"""The leaf's envelope: strict both ways, small enough, and bound to what is withheld."""

import hashlib

import pytest

from lmscompliance.kernel import jcs
from lmscompliance.tlog.encoding import from_base64, to_base64
from lmscompliance.tlog.leaf import (
    MAX_LEAF_BYTES,
    BadLeaf,
    Leaf,
    disclosure_digest,
    leaf_hash,
)

DIGEST = to_base64(bytes(32))


def leaf(**changes):
    """Return a leaf that is right except for ``changes``."""
    values = {
        "t": "session.closed",
        "class_id": "k1",
        "stream": "enrolment/e1",
        "n": 1,
        "prev": DIGEST,
        "at_us": 1_612_137_600_000_000,
        "body": {"session": "s1"},
    }
    return Leaf(**{**values, **changes})


def test_a_leaf_is_canonical_json_in_its_envelope():
    """The bytes are exactly the canonical envelope, without ``d`` when nothing is withheld."""
    assert leaf().encode() == (
        b'{"at":1612137600000000,"body":{"session":"s1"},"class":"k1","n":1,"prev":"'
        + DIGEST.encode()
        + b'","stream":"enrolment/e1","t":"session.closed","v":1}'
    )


def test_what_is_encoded_decodes_to_the_same_leaf():
    """Decoding gives the leaf back, disclosures' digests included."""
    original = leaf(d={"ip": DIGEST})
    assert Leaf.decode(original.encode()) == original


@pytest.mark.parametrize(
    "changes",
    [
        {"t": ""},
        {"class_id": ""},
        {"stream": ""},
        {"n": -1},
        {"n": True},
        {"n": 0},
        {"prev": ""},
        {"prev": "AAAA"},
        {"at_us": 1.5},
        {"body": []},
        {"d": {"ip": "x"}},
        {"d": {"": DIGEST}},
        {"v": 2},
        {"body": {"x": 0.5}},
        {"body": {"é": 1}},
        {"body": {"x": 2**53}},
    ],
)
def test_a_value_outside_the_format_is_refused(changes):
    """Nothing that another implementation could read differently gets into a leaf."""
    with pytest.raises(BadLeaf):
        leaf(**changes).encode()


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"d": {}},
        {"n": "1"},
        {"at": None},
        {"body": "x"},
        {"prev": DIGEST.replace("=", "")},
        {"v": 2},
    ],
)
def test_decoding_refuses_any_other_envelope(change):
    """An unknown member, a wrong type or an unknown version is no leaf."""
    value = jcs.decode(leaf().encode())
    with pytest.raises(BadLeaf):
        Leaf.decode(jcs.encode({**value, **change}))


def test_decoding_refuses_a_missing_member():
    """Every member of the envelope must be there."""
    value = jcs.decode(leaf().encode())
    for name in value:
        with pytest.raises(BadLeaf):
            Leaf.decode(jcs.encode({key: item for key, item in value.items() if key != name}))


def test_decoding_refuses_bytes_that_are_not_canonical():
    """The same value with other white space is not the same leaf."""
    with pytest.raises(BadLeaf):
        Leaf.decode(leaf().encode().replace(b",", b", ", 1))


def test_a_leaf_may_fill_the_limit_and_not_exceed_it():
    """65,535 bytes are a leaf, one more is refused with both numbers."""
    room = MAX_LEAF_BYTES - len(leaf(body={"x": ""}).encode())
    assert len(leaf(body={"x": "a" * room}).encode()) == MAX_LEAF_BYTES
    with pytest.raises(BadLeaf, match="65536 bytes is over the limit of 65535"):
        leaf(body={"x": "a" * (room + 1)}).encode()


def test_the_leaf_hash_is_rfc_6962s():
    """The hash has the leaf prefix, so that no node can pass for a leaf."""
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


def test_a_disclosure_is_digested_as_canonical_text():
    """Salt, name and value are bound together in one canonical text."""
    expected = hashlib.sha256('["c2FsdA==","name","张三"]'.encode()).digest()
    assert disclosure_digest("c2FsdA==", "name", "张三") == to_base64(expected)


@pytest.mark.parametrize("text", ["AAA", "AAB=", "A A=", "AAA=\n", "AA-_"])
def test_base64_is_read_strictly(text):
    """Another spelling of the same bytes is refused."""
    with pytest.raises(ValueError):  # noqa: PT011  # which kind of ValueError is the library's affair
        from_base64(text)
