"""What a leaf says is read strictly: nothing in it may break whoever reads it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lmscompliance.rules.ledger_body import BadFact, Body
from lmscompliance.tlog.leaf import Leaf


def _body(score: str) -> Body:
    return Body(Leaf("certificate.issued", "class", "stream", 0, "", 0, {"score": score}))


@pytest.mark.parametrize(
    "score", ["1E+900000000000000000", "0E+99999999", "1E-99999999", "NaN", "Infinity", "x"]
)
def test_a_decimal_that_cannot_be_written_out_is_refused(score: str) -> None:
    """Written without its exponent it would take all memory there is."""
    with pytest.raises(BadFact, match="not a decimal"):
        _body(score).exact("score")


@pytest.mark.parametrize("score", ["0", "0.00", "-12.5", "100", "1E+2"])
def test_decimals_of_people_are_read(score: str) -> None:
    """Whatever way they are written."""
    assert _body(score).exact("score") == Decimal(score)
