"""What somebody states is one line, neither empty nor endless."""

from __future__ import annotations

import pytest

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.kernel.words import stated


def test_idle_space_goes():
    """Line breaks and runs of blanks, also full-width ones, become one blank."""
    assert stated("  a\n b\u3000 c ", 5, "retention.reason") == "a b c"


@pytest.mark.parametrize("text", ["", " \n\u3000", "abcdef"])
def test_nothing_and_too_much_are_refused(text):
    """The error says what was asked for and how long it may be."""
    with pytest.raises(InvalidInput) as refused:
        stated(text, 5, "retention.reason")
    assert refused.value.code == "retention.reason"
    assert refused.value.params == {"most": 5}
