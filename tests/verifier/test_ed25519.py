"""Signatures: our own verifier and ``cryptography`` accept the same ones, those of RFC 8032 among them."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from lmscompliance.verifier import ed25519, edwards

VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]
"""RFC 8032, 7.1: key, message, signature of its first three tests."""

LOW_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
]
ORDER = 2**252 + 27742317777372353535851937790883648493

keys = st.binary(min_size=32, max_size=32).map(Ed25519PrivateKey.from_private_bytes)


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_standards_vectors(key, message, signature):
    """Both accept them, and neither accepts them for another message."""
    parts = bytes.fromhex(key), bytes.fromhex(signature)
    for verify in (ed25519.verify, edwards.verify):
        assert verify(*parts, bytes.fromhex(message))
        assert not verify(*parts, bytes.fromhex(message) + b"\0")


@settings(max_examples=60)
@given(keys, st.binary(max_size=200), st.integers(0, 95), st.integers(1, 255))
def test_one_altered_byte(key, message, place, mask):
    """Both accept what was signed; a byte altered in key or signature is refused by both."""
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert ed25519.verify(public, signature, message)
    assert edwards.verify(public, signature, message)
    altered = bytearray(public + signature)
    altered[place] ^= mask
    parts = bytes(altered[:32]), bytes(altered[32:])
    assert not ed25519.verify(*parts, message)
    assert not edwards.verify(*parts, message)


@given(st.binary(max_size=70), st.binary(max_size=70))
def test_any_bytes_are_refused_without_a_crash(key, signature):
    """Whatever stands in a note is no signature."""
    assert not ed25519.verify(key, signature, b"message")
    assert not edwards.verify(key, signature, b"message")


def test_the_second_spelling_of_a_signature():
    """S + L is the same number to lax libraries: a signature would have two forms."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    signature = key.sign(b"m")
    larger = int.from_bytes(signature[32:], "little") + ORDER
    twin = signature[:32] + larger.to_bytes(32, "little")
    for verify in (ed25519.verify, edwards.verify):
        assert verify(key.public_key().public_bytes_raw(), signature, b"m")
        assert not verify(key.public_key().public_bytes_raw(), twin, b"m")


@pytest.mark.parametrize("key", LOW_ORDER)
def test_a_key_of_small_order(key):
    """For such a key a constant would be a signature of every message."""
    point = bytes.fromhex(key)
    for commitment in (point, bytes.fromhex(LOW_ORDER[0])):
        signature = commitment + bytes(32)
        assert not ed25519.verify(point, signature, b"anything")
        assert not edwards.verify(point, signature, b"anything")


def test_a_point_spelt_beyond_the_field():
    """A point y = p + 1 is the neutral point in another spelling; only one spelling is read."""
    spelt = (2**255 - 19 + 1).to_bytes(32, "little")
    assert not edwards.well_formed(spelt, bytes(64))
