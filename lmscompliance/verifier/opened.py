"""An XLSX file that is open for reading: the archive, its sheets' names and their rows."""

from __future__ import annotations

import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from lmscompliance.verifier.parts import NotOurWorkbook, ReadCell, SheetTail


class OpenWorkbook(ABC):
    """An open workbook. Several sheets may be read side by side."""

    sheet_names: list[str]
    """The tabs in their order."""

    def __init__(self, path: Path) -> None:
        """Open ``path``; raises ``NotOurWorkbook`` when it is no archive or not what this reader reads."""
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            msg = f"not a workbook: {error}"
            raise NotOurWorkbook(msg) from error
        try:
            self._prepare(path)
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    @abstractmethod
    def rows(self, number: int, tail: SheetTail) -> Iterator[tuple[int, dict[int, ReadCell]]]:
        """Yield ``(row from 1, {column from 0: cell})`` of sheet ``number`` (from 0).

        A reader that looks at a sheet's tail fills ``tail`` while it goes.
        """

    @abstractmethod
    def _prepare(self, path: Path) -> None:
        """Check the archive, set ``sheet_names`` and read what the rows need; raise ``NotOurWorkbook``."""
