"""Lines that are put together by hand are the canonical JSON that a reader demands."""

from __future__ import annotations

import pytest

from lmscompliance.kernel import jcs
from lmscompliance.kernel.jcs import Json
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.leaf import disclosure_text, leaf_hash
from lmscompliance.verifier.bundle import Disclosure, Entry, disclosure_line

SALT = to_base64(bytes(range(16)))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_an_entrys_line(count: int) -> None:
    """Quotes, backslashes, escapes and Chinese within a leaf survive, with any number of hashes."""
    proof = tuple(leaf_hash(bytes([number])) for number in range(count))
    entry = Entry(7, '{"body":{"note":"他说\\"好\\"\\n\\u0001"}}', proof)
    assert Entry.decode(entry.encode()[:-1]) == entry


@pytest.mark.parametrize("value", ["张三, 李四", "", None, True, -3, [0, ["a,b"], {"x": [1]}], '"],[\\'])
def test_a_disclosures_line(value: Json) -> None:
    """Whatever the value holds, the line made of its canonical text is the one made of the value."""
    line = disclosure_line("enrolment/x", 5, disclosure_text(SALT, "q001", value))
    assert line == Disclosure("enrolment/x", 5, "q001", SALT, value).encode()
    assert jcs.decode(line[:-1]) == {
        "n": 5,
        "name": "q001",
        "salt": SALT,
        "stream": "enrolment/x",
        "value": value,
    }
