"""Checks that each quoted clause stands in the notice, word for word."""

from __future__ import annotations

import re

from lmscompliance.policy.notice import Notice

_SPACE = re.compile(r"\s+")


def missing_quotes(notice: Notice, text: str) -> list[str]:
    """Return the parameters whose quote is not found in ``text``, the notice's full text.

    What a layer took over from another notice is quoted from that one and left out here. So is white space:
    printed notices break lines anywhere.
    """
    searched = _SPACE.sub("", text)
    return [
        key
        for key, given in notice.parameters.items()
        if given.source.kind == "clause"
        and not given.source.document
        and _SPACE.sub("", given.source.quote) not in searched
    ]
