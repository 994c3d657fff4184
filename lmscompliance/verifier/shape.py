"""Which elements a part of our workbooks has, where they stand and what their attributes may say.

A list of what is written, not of what is dangerous: a spreadsheet program knows more ways of showing
something else than anybody can list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from lmscompliance.verifier.parts import NotOurWorkbook

Shape = Mapping[str, Mapping[str, str]]
"""``parent/element`` (the root alone by its name), and a pattern for each attribute it may have."""

COUNT = "[0-9]{1,9}"
LENGTH = r"[0-9]{1,5}(\.[0-9]{1,17})?"


class Shaped:
    """Follows the elements of one part; called for each start and end."""

    def __init__(self, part: str, shape: Shape) -> None:
        """Follow ``part``, which has to be of ``shape``."""
        self._part = part
        self._shape = shape
        self._open: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> str:
        """Return ``parent/element``; raises ``NotOurWorkbook`` for what our writer does not write there."""
        place = f"{self._open[-1]}/{name}" if self._open else name
        allowed = self._shape.get(place)
        if allowed is None:
            msg = f"{self._part} holds a <{name}>, which a ledger never has"
            raise NotOurWorkbook(msg)
        for attribute, value in attributes.items():
            pattern = allowed.get(attribute)
            if pattern is None or not _compiled(pattern).fullmatch(value):
                msg = f"{self._part}: <{name}> says {attribute}={value}, as a ledger's never does"
                raise NotOurWorkbook(msg)
        self._open.append(name)
        return place

    def end(self, name: str) -> None:
        """Close ``name``."""
        self._open.pop()


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
