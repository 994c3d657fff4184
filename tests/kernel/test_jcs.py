"""Canonical JSON against an independent implementation of RFC 8785, and everything outside the profile."""

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.kernel import jcs
from lmscompliance.kernel.jcs import MAX_SAFE_INTEGER, NotCanonical

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text(st.characters(max_codepoint=127))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)


@given(VALUES)
def test_the_bytes_are_those_of_rfc_8785(value):
    """For every value of the profile, another implementation of the RFC writes the same bytes."""
    assert jcs.encode(value) == rfc8785.dumps(value)


@given(VALUES)
def test_what_is_encoded_decodes_to_itself(value):
    """Decoding gives the value back."""
    assert jcs.decode(jcs.encode(value)) == value


def test_the_rfcs_own_strings():
    """The string of RFC 8785, section 3.2.2, is escaped as the RFC prints it."""
    source = {"string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/"}
    assert jcs.encode(source) == '{"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'.encode()
    assert jcs.encode(source) == rfc8785.dumps(source)


@pytest.mark.parametrize(
    "value",
    [
        0.5,
        1.0,
        float("nan"),
        float("inf"),
        MAX_SAFE_INTEGER + 1,
        -MAX_SAFE_INTEGER - 1,
        "\ud800",
        {"é": 1},
        {1: 1},
        {"a": [{"b": 0.1}]},
        b"bytes",
        {1, 2},
        pytest.param(object(), id="object"),
    ],
    ids=repr,
)
def test_values_outside_the_profile_are_refused(value):
    """What could be read differently elsewhere is never written."""
    with pytest.raises(NotCanonical):
        jcs.encode(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"{} ",
        b' {"a":1}',
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":1e2}',
        b'{"a":-0}',
        b'{"a":01}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":9007199254740992}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\/"}',
        b'{"a":"\\u000A"}',
        b'{"a":"\\ud800"}',
        b'{"\xc3\xa9":1}',
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b"[" * 65 + b"]" * 65,
        b"[" * 994 + b"]" * 994,
        b"1" * 5000,
    ],
    ids=lambda data: repr(data[:24]),
)
def test_bytes_that_are_not_canonical_are_refused(data):
    """One value has one spelling; any other, however valid as JSON, is not read."""
    with pytest.raises(NotCanonical):
        jcs.decode(data)


def test_nesting_has_a_limit_that_does_not_depend_on_the_stack():
    """64 levels are read, one more is refused, wherever the reader is called from."""
    deepest = b"[" * 64 + b"]" * 64
    assert jcs.encode(jcs.decode(deepest)) == deepest
    with pytest.raises(NotCanonical):
        jcs.encode(json.loads(b"[" + deepest + b"]"))


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(data):
    """Reading never fails in another way, and what is read is exactly what was there."""
    try:
        value = jcs.decode(data)
    except NotCanonical:
        return
    assert jcs.encode(value) == data


@pytest.mark.parametrize("number", [2**53, 10**16 - 1, 10**16, 10**40, -(2**53), 9_007_199_254_740_992])
def test_integers_beyond_the_profile_are_refused_in_bytes(number):
    """However long it is, alone or among others, an integer that others would round is refused."""
    for data in (f"{number}", f'{{"a":[1,{number}]}}', f'{{"a":"é","b":{number}}}'):
        with pytest.raises(NotCanonical):
            jcs.decode(data.encode())


@pytest.mark.parametrize(
    "value",
    [MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER, 9 * 10**15, "9" * 40, "\x7f", "é", [[[]] * 40], {"": "\x00"}],
)
def test_values_at_the_edge_of_the_profile_decode(value):
    """What only looks as if it were beyond the profile is read like anything else."""
    assert jcs.decode(jcs.encode(value)) == value


@pytest.mark.parametrize("levels", [jcs.MAX_DEPTH, jcs.MAX_DEPTH + 1])
def test_depth_is_limited_to_the_level(levels):
    """Sixty-four levels are read, one more is not."""
    data = b"[" * levels + b"]" * levels
    if levels > jcs.MAX_DEPTH:
        with pytest.raises(NotCanonical, match="nested"):
            jcs.decode(data)
    else:
        assert jcs.encode(jcs.decode(data)) == data
