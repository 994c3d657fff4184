"""Reads the disclosures in step with the entries they belong to."""

from __future__ import annotations

from collections.abc import Container
from typing import Protocol, TypeVar

from lmscompliance.verifier.bundle import DISCLOSURES, MAX_LINE, BadBundle, Disclosure
from lmscompliance.verifier.loose import AnyArchive
from lmscompliance.verifier.report import Step

T_co = TypeVar("T_co", covariant=True)


class _Decode(Protocol[T_co]):
    def __call__(self, line: bytes, *, loose: bool = False) -> T_co: ...


def decode_line(decode: _Decode[T_co], line: bytes, number: int, step: Step) -> T_co | None:
    """Return what stands in ``line``; a line not of its form is reported, and read as far as it can be."""
    try:
        return decode(line)
    except BadBundle as error:
        step.fail("bad_line", line=number, reason=str(error))
    try:
        return decode(line, loose=True)
    except BadBundle:
        return None


class OpenedDisclosures:
    """The disclosures in step with the entries."""

    def __init__(self, archive: AnyArchive, step: Step) -> None:
        """Read those of ``archive``; what is wrong with them is reported to ``step``."""
        self._lines = enumerate(archive.lines(DISCLOSURES, MAX_LINE), start=1)
        self._step = step
        self._next: Disclosure | None = None
        self._advance()

    def take(self, stream: str, n: int, seen: Container[str]) -> list[Disclosure]:
        """Return those of entry ``n`` of ``stream``; report those that no entry can claim any more."""
        taken = []
        while (one := self._next) is not None:
            if (one.stream, one.n) == (stream, n):
                taken.append(one)
            elif (one.stream == stream and one.n < n) or (one.stream != stream and one.stream in seen):
                self._step.fail("disclosure_orphan", stream=one.stream, n=one.n, name=one.name)
            else:
                break
            self._advance()
        return taken

    def finish(self) -> None:
        """Report what is left."""
        while (one := self._next) is not None:
            self._step.fail("disclosure_orphan", stream=one.stream, n=one.n, name=one.name)
            self._advance()

    def _advance(self) -> None:
        self._next = None
        for number, line in self._lines:
            self._next = decode_line(Disclosure.decode, line, number, self._step)
            if self._next is not None:
                return
