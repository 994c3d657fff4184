"""One sheet of the ledger while it is being filled."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from lmscompliance.rules.ledger_context import Context, Judged
from lmscompliance.rules.ledger_table import Row, Sheet


class Part(ABC):
    """A sheet: what stands before the first trainee, what each of them adds, what follows the last.

    All sheets are filled in one pass over the class, so a part keeps sums and never trainees.
    """

    def __init__(self, context: Context) -> None:
        """Begin with what is known before the first trainee."""
        self.context = context

    def applies(self) -> bool:
        """Tell whether this class's ledger has the sheet."""
        return True

    @abstractmethod
    def frame(self) -> Sheet:
        """Return the sheet's frame."""

    def opening(self) -> Iterator[Row]:
        """Yield title and headings."""
        yield from ()

    def rows(self, judged: Judged) -> Iterator[Row]:
        """Count one trainee and yield their rows."""
        yield from ()

    def closing(self) -> Iterator[Row]:
        """Yield the sums, or the whole of a sheet that needs everybody first."""
        yield from ()
