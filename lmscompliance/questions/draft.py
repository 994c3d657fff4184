"""What a reader makes of a file: drafts of questions, and refusals, each with where it stood and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.messages import DEFAULT_LOCALE, text

SINGLE = "single"
MULTIPLE = "multiple"
TRUE_FALSE = "true_false"
FILL_IN = "fill_in"
NUMERIC = "numeric"
MATCHING = "matching"
ESSAY = "essay"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was refused or needs a person's eye; the text stands in ``messages.toml``."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)

    def text(self, locale: str = DEFAULT_LOCALE) -> str:
        """Return the reason for people, in ``locale``."""
        return text(f"questions.{self.code}", locale, **self.params)

    def to_json(self) -> Json:
        """Return the form kept beside a question, so that its text can be shown in any language later."""
        return {"code": self.code, "params": {name: str(value) for name, value in self.params.items()}}

    @classmethod
    def from_json(cls, kept: Json) -> Reason:
        """Return what ``to_json`` kept."""
        if not isinstance(kept, dict) or not isinstance(params := kept.get("params"), dict):
            msg = f"not a kept reason: {kept!r}"
            raise TypeError(msg)
        return cls(str(kept["code"]), params)


def reason(code: str, /, **params: object) -> Reason:
    """Return the reason ``code`` of this room, with its placeholders."""
    return Reason(code, params)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a row stood. ``row`` counts from 1 as a spreadsheet does; in a text file it is the line."""

    file: str
    sheet: str
    row: int

    def to_json(self) -> dict[str, Json]:
        """Return the form that reports and the bank keep."""
        return {"file": self.file, "sheet": self.sheet, "row": self.row}

    @classmethod
    def from_json(cls, kept: Mapping[str, Json]) -> Source:
        """Return what ``to_json`` kept."""
        return cls(str(kept["file"]), str(kept["sheet"]), int(str(kept["row"])))


@dataclass(frozen=True, slots=True)
class Draft:
    """A question as its file has it, judged but not yet stored.

    ``key`` by kind: single and multiple the indexes of the right options, true/false ``[True]``, fill-in
    the accepted texts, numeric ``[value, tolerance]`` pairs as decimal strings, matching ``[left, right]``
    pairs (``options`` then holds every right side, those that fit nothing included), essay at most one text:
    what a good answer holds. ``category`` is the path a GIFT file puts it under. ``flags`` say why a person
    must confirm it first. ``extras`` keep what the file said beyond that: weights, feedback, the answer cell
    as it was typed.
    """

    source: Source
    kind: str
    stem: str
    key: list[Json]
    options: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    chapter: str = ""
    title: str = ""
    difficulty: str = ""
    flags: tuple[Reason, ...] = ()
    extras: Mapping[str, Json] = field(default_factory=dict)
    pictures: tuple[bytes, ...] = ()
    """What is shown below the stem: as the file has them, then as ``pictures.png`` keeps them."""
    option_pictures: tuple[bytes, ...] = ()
    """Of each option its picture, empty for none; nothing at all where no option has one."""

    def flagged(self, *reasons: Reason) -> Draft:
        """Return this draft with further reasons for a person to look at it."""
        return replace(self, flags=(*self.flags, *(r for r in reasons if r not in self.flags)))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that does not become a question."""

    source: Source
    reason: Reason


@dataclass(frozen=True, slots=True)
class FileReading:
    """Everything one file holds. ``rows`` is counted by the reader, headers and empty rows aside.

    ``exported`` says that the file came out of a bank: what it repeats, the bank knows better.
    """

    file: str
    bank: str
    rows: int
    drafts: tuple[Draft, ...]
    refusals: tuple[Refusal, ...]
    exported: bool = False
