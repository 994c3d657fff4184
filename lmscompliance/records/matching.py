"""Who of a class, and which lesson, a row of another system means: by a mapping file or by exact name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lmscompliance.documents import tables
from lmscompliance.identity import headings
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.records.reading import Actor, SourceEvent, folded
from lmscompliance.training.models import Lesson
from lmscompliance.training.queries import RosterEntry

_USERS: headings.Patterns = {
    "user": re.compile(
        "(外部|原系统|日志)?(用户|账号|帐号|账户|用户名|用户id|id)|user(name|id)?|account|actor|mbox"
    ),
    "number": re.compile("身份证号?码?|证件号码?|idnumber"),
    "ordinal": re.compile("(学员)?序号|编号|no\\.?|ordinal"),
}
_LESSONS: headings.Patterns = {
    "about": re.compile(
        "(外部|原系统|日志)?(内容|事件情境|活动|对象|资源|地址)(名称)?|context|activity|object(id)?|url"
    ),
    "lesson": re.compile("课时序号|课次|课序|序号|lesson|ordinal"),
}


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Somebody of the other system who is nobody of the class, as far as can be told; ``code`` says why."""

    actor: Actor
    code: str
    rows: int = 0


class People:
    """The class's people, as the other system may call them."""

    def __init__(self, roster: Sequence[RosterEntry], mapping: Path | None) -> None:
        """Raise ``InvalidInput`` naming each row of ``mapping`` that means nobody, or somebody else too."""
        self._by_name: dict[str, list[RosterEntry]] = defaultdict(list)
        for one in roster:
            self._by_name[_name(one.person.name)].append(one)
        self._mapped = {} if mapping is None else _mapped(mapping, roster)

    def match(self, actors: Iterable[Actor]) -> tuple[dict[str, RosterEntry], list[Unmatched]]:
        """Return who each actor is, by key, and those who cannot be told."""
        known = {actor.key: actor for actor in actors}
        accounts: dict[str, set[str]] = defaultdict(set)
        for actor in known.values():
            if actor.name:
                accounts[_name(actor.name)].add(actor.key)
        found: dict[str, RosterEntry] = {}
        missing: list[Unmatched] = []
        for key, actor in known.items():
            mapped = [self._mapped[folded(one)] for one in actor.handles if folded(one) in self._mapped]
            named = self._by_name.get(_name(actor.name), []) if actor.name else []
            if mapped:
                found[key] = mapped[0]
            elif not actor.name:
                missing.append(Unmatched(actor, "unnamed"))
            elif not named:
                missing.append(Unmatched(actor, "unknown_person"))
            elif len(named) > 1:
                missing.append(Unmatched(actor, "shared_name"))
            elif len(accounts[_name(actor.name)]) > 1:
                missing.append(Unmatched(actor, "several_accounts"))
            else:
                found[key] = named[0]
        return found, missing


class Lessons:
    """The plan's lessons by title, by address, and by a mapping file."""

    def __init__(self, lessons: Sequence[Lesson], mapping: Path | None) -> None:
        """Raise ``InvalidInput`` naming each row of ``mapping`` that means no lesson."""
        titles: dict[str, set[str]] = defaultdict(set)
        for one in lessons:
            for text in (one.title, one.content_url):
                if text:
                    titles[folded(text)].add(one.id)
        self._ids = {text: ids.pop() for text, ids in titles.items() if len(ids) == 1}
        if mapping is not None:
            self._ids |= _mapped_lessons(mapping, {str(one.ordinal): one.id for one in lessons})

    def of(self, event: SourceEvent) -> str:
        """Return the lesson an event belongs to; empty where nothing says so."""
        return next((self._ids[folded(text)] for text in event.about if folded(text) in self._ids), "")


def _name(text: str) -> str:
    return folded(text).replace(" ", "")


def _mapped(path: Path, roster: Sequence[RosterEntry]) -> Mapping[str, RosterEntry]:
    numbers = {
        folded(number): one for one in roster for number in (one.person.id_number, one.person.given_number)
    }
    ordinals = {str(one.ordinal): one for one in roster}
    found: dict[str, RosterEntry] = {}
    faults: list[int] = []
    for number, row in _table(path, _USERS, "user"):
        user = folded(row["user"]).removeprefix("mailto:")
        one = numbers.get(folded(row.get("number", ""))) or ordinals.get(row.get("ordinal", ""))
        if one is None or found.get(user, one).enrolment_id != one.enrolment_id:
            faults.append(number)
        else:
            found |= {user: one, f"mailto:{user}": one}
    if faults:
        raise InvalidInput("records.mapping_users", file=path.name, rows=faults)
    return found


def _mapped_lessons(path: Path, ordinals: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    faults: list[int] = []
    for number, row in _table(path, _LESSONS, "about"):
        lesson = ordinals.get(row.get("lesson", ""))
        if lesson is None:
            faults.append(number)
        else:
            found[folded(row["about"])] = lesson
    if faults:
        raise InvalidInput("records.mapping_lessons", file=path.name, rows=faults)
    return found


def _table(path: Path, patterns: headings.Patterns, key: str) -> list[tuple[int, dict[str, str]]]:
    for sheet in tables.read(path):
        heading = headings.find(sheet.rows, patterns)
        if heading is None or key not in heading.columns:
            continue
        rows = []
        for number, cells in enumerate(sheet.rows[heading.first_data :], heading.first_data + 1):
            row = {
                name: " ".join(_plain(cells[index]).split())
                for name, index in heading.columns.items()
                if index < len(cells)
            }
            if row.get(key):
                rows.append((number, row))
        if not rows:
            raise InvalidInput("documents.no_rows", file=path.name)
        return rows
    raise InvalidInput("records.mapping_heading", file=path.name)


def _plain(cell: object) -> str:
    # A spreadsheet keeps an ordinal as 3.0.
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
