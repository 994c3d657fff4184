"""Strict access to what a leaf says: a value of the wrong kind names its entry instead of breaking a rule."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from lmscompliance.kernel.jcs import Json
from lmscompliance.tlog.leaf import Leaf

_MOST_DIGITS = 100
"""Before or behind a decimal's point: far more than any score or time has."""


class BadFact(ValueError):
    """A leaf does not say what its type must say; names the entry."""

    def __init__(self, leaf: Leaf, reason: str) -> None:
        """Keep which entry it is."""
        super().__init__(f"{leaf.stream} #{leaf.n} ({leaf.t}): {reason}")
        self.leaf = leaf
        self.reason = reason


class Body:
    """Typed access to a leaf's body; methods raise ``BadFact`` for what is missing or of another kind."""

    def __init__(self, leaf: Leaf, body: Mapping[str, Json] | None = None) -> None:
        """Read ``body``, or the leaf's own."""
        self._leaf = leaf
        self._body = leaf.body if body is None else body

    def text(self, name: str) -> str:
        """Return the text ``name``."""
        return self._typed(name, str)  # type: ignore[no-any-return]  # _typed checks it

    def whole(self, name: str) -> int:
        """Return the integer ``name``."""
        return self._typed(name, int)  # type: ignore[no-any-return]  # _typed checks it

    def flag(self, name: str) -> bool:
        """Return the boolean ``name``."""
        return self._typed(name, bool)  # type: ignore[no-any-return]  # _typed checks it

    def maybe_whole(self, name: str) -> int | None:
        """Return the integer ``name``, or ``None`` where there is none."""
        return None if self._body.get(name) is None else self.whole(name)

    def maybe_wholes(self, name: str) -> list[int]:
        """Return the integers in the list ``name``, none where there is no such list."""
        if self._body.get(name) is None:
            return []
        entries: list[Any] = self._typed(name, list)
        if not all(type(entry) is int for entry in entries):
            raise BadFact(self._leaf, f"'{name}' is not a list of integers")
        return entries

    def texts(self, name: str) -> list[str]:
        """Return the texts in the list ``name``."""
        entries: list[Any] = self._typed(name, list)
        if not all(type(entry) is str for entry in entries):
            raise BadFact(self._leaf, f"'{name}' is not a list of texts")
        return entries

    def maybe_text(self, name: str) -> str:
        """Return the text ``name``, or an empty one where there is none."""
        return "" if self._body.get(name) is None else self.text(name)

    def exact(self, name: str) -> Decimal:
        """Return the decimal that ``name`` writes as text."""
        try:
            value = Decimal(self.text(name))
        except InvalidOperation:
            value = Decimal("NaN")
        # Written out, 1E+999999999 takes all memory there is.
        if not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS:
            raise BadFact(self._leaf, f"'{name}' is not a decimal")
        return value

    def inner(self, name: str) -> Body:
        """Return the object ``name``."""
        return Body(self._leaf, self._typed(name, dict))

    def items(self, name: str) -> list[Body]:
        """Return the objects in the list ``name``."""
        entries = self._typed(name, list)
        if not all(isinstance(entry, dict) for entry in entries):
            raise BadFact(self._leaf, f"'{name}' is not a list of objects")
        return [Body(self._leaf, entry) for entry in entries]

    def tuples(self, name: str, *types: type) -> list[list[Any]]:
        """Return the lists in the list ``name``, each of exactly these ``types``."""
        entries = self._typed(name, list)
        for entry in entries:
            if type(entry) is not list or tuple(map(type, entry)) != types:
                raise BadFact(self._leaf, f"'{name}' has an entry of the wrong form")
        return entries  # type: ignore[no-any-return]  # each entry was checked just above

    def refuse(self, reason: str) -> BadFact:
        """Return the error to raise for this leaf."""
        return BadFact(self._leaf, reason)

    def _typed(self, name: str, wanted: type) -> Any:
        value = self._body.get(name)
        if type(value) is not wanted:
            raise BadFact(self._leaf, f"'{name}' is missing or of the wrong kind")
        return value
