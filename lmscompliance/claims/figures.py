"""Yuan as people and lists write them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from lmscompliance.kernel.errors import InvalidInput

_PLACES = 4
_DIGITS = 12
"""Before the point. Sums are exact, and ``1e999999`` would fill a log."""


def yuan_of(text: str) -> Decimal:
    """Return the figure that ``text`` writes, of any sign; raises ``InvalidInput``."""
    try:
        figure = Decimal(text.strip())
    except InvalidOperation:
        figure = Decimal("NaN")
    exponent = figure.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_PLACES or figure.adjusted() >= _DIGITS:
        raise InvalidInput("claims.bad_figure", value=text[:20])
    return figure
