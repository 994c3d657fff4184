"""Policies for people and programs: the list, one policy in full, and the check of a file.

Each report has ``to_json()`` for programs and ``lines(locale)`` for a terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.messages import text
from lmscompliance.policy import schema
from lmscompliance.policy.catalogue import Catalogue
from lmscompliance.policy.loader import Find, load_file
from lmscompliance.policy.notice import Notice
from lmscompliance.policy.quotes import missing_quotes
from lmscompliance.policy.reading import PolicyInvalid, Problem, Reading


@dataclass(frozen=True, slots=True)
class PolicyList:
    """Every notice of a catalogue."""

    notices: Sequence[Notice]

    def to_json(self) -> list[Json]:
        """Return the head of each notice."""
        return [dict(_head(notice)) for notice in self.notices]

    def lines(self, locale: str = "zh_CN") -> list[str]:
        """Return a line for each notice: id, version, status, period, document and title."""
        return [
            f"{notice.id}  v{notice.version}  {text('policy.status_' + notice.status, locale)}  "
            f"{_period(notice)}  {notice.document}  {notice.title}"
            for notice in self.notices
        ]


@dataclass(frozen=True, slots=True)
class PolicyView:
    """One notice in full: each value with where it comes from."""

    notice: Notice

    def to_json(self) -> dict[str, Json]:
        """Return the head and every parameter, those that keep their ``absent`` value included."""
        parameters: dict[str, Json] = {}
        for key, parameter in schema.PARAMETERS.items():
            source = self.notice.source(key)
            given = self.notice.parameters.get(key)
            parameters[key] = {
                "value": schema.to_json(given.value if given else parameter.absent_value),
                "stated": given is not None,
                "source": source.kind,
                "clause": source.clause,
                "quote": source.quote,
                "rationale": source.rationale,
                "document": (source.document or self.notice.document) if source.kind == "clause" else "",
            }
        return {**_head(self.notice), "parameters": parameters}

    def lines(self, locale: str = "zh_CN") -> list[str]:
        """Return the head, then two lines for each stated parameter: the value, and its source."""
        notice = self.notice
        lines = [
            f"{notice.id} v{notice.version}  {text('policy.status_' + notice.status, locale)}",
            f"{notice.document}  {notice.title}",
            f"{text('policy.shown_period', locale)} {_period(notice)}",
            f"{text('policy.shown_digest', locale)} {notice.digest}",
        ]
        if notice.base:
            districts = notice.districts
            lines.append(text("policy.shown_layer", locale, base=notice.base, districts=districts))
        if notice.supersedes:
            lines.append(text("policy.shown_supersedes", locale, ids=", ".join(notice.supersedes)))
        for key in schema.PARAMETERS:
            given = notice.parameters.get(key)
            if given is None:
                continue
            source = given.source
            origin = f"「{source.quote}」" if source.kind == "clause" else source.rationale
            lines += [f"{key} = {_shown(given.value)}", f"    {notice.cite(key, locale)}  {origin}"]
        return lines


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """What is wrong with a policy file; ``notice`` is there when nothing is."""

    path: str
    problems: Sequence[Problem]
    notice: Notice | None = None

    @property
    def ok(self) -> bool:
        """Whether the file can be used."""
        return not self.problems

    def to_json(self) -> dict[str, Json]:
        """Return the verdict, the head of a good notice and the problems of a bad one."""
        return {
            "file": self.path,
            "ok": self.ok,
            "policy": dict(_head(self.notice)) if self.notice and self.ok else None,
            "problems": [
                {
                    "line": problem.line,
                    "key": problem.key,
                    "code": problem.code,
                    "message": problem.message("en"),
                    "message_zh": problem.message("zh_CN"),
                }
                for problem in self.problems
            ],
        }

    def lines(self, locale: str = "zh_CN") -> list[str]:
        """Return a line for each problem, or one that says the file is good."""
        if self.problems:
            count = text("policy.invalid", locale, file=self.path, count=len(self.problems))
            return [count, *(problem.message(locale) for problem in self.problems)]
        assert self.notice is not None, "a file without problems is a notice"  # noqa: S101  # for the type checker
        return [
            text(
                "policy.good",
                locale,
                file=self.path,
                id=self.notice.id,
                version=self.notice.version,
                digest=self.notice.digest,
            )
        ]


def list_policies(catalogue: Catalogue, on: date | None = None) -> PolicyList:
    """Return every notice of ``catalogue``, or those in force on a day."""
    return PolicyList([notice for notice in catalogue.all() if on is None or notice.in_force_on(on)])


def show_policy(catalogue: Catalogue, policy_id: str, version: int | None = None) -> PolicyView:
    """Return one notice in full; raises ``NotFound``."""
    return PolicyView(catalogue.get(policy_id, version))


def check_file(path: Path, notice_text: Path | None = None, find: Find | None = None) -> PolicyCheck:
    """Check a policy file; with the notice's full text, also that every quote stands in it.

    ``find`` knows the notices that a layer may be over.
    """
    try:
        notice = load_file(path, find)
        full_text = None if notice_text is None else notice_text.read_text(encoding="utf-8")
    except PolicyInvalid as error:
        return PolicyCheck(str(path), error.problems)
    except (OSError, UnicodeDecodeError) as error:
        unreadable = Problem(str(notice_text), 1, "", "policy.unreadable", {"detail": str(error)})
        return PolicyCheck(str(path), [unreadable])
    if full_text is None:
        return PolicyCheck(str(path), [], notice)
    reading = Reading(str(path), path.read_text(encoding="utf-8"))
    for key in missing_quotes(notice, full_text):
        reading.refuse(f"{key}.quote", "quote_not_found")
    return PolicyCheck(str(path), reading.problems, notice)


def _head(notice: Notice) -> dict[str, Json]:
    return {
        "id": notice.id,
        "version": notice.version,
        "status": notice.status,
        "title": notice.title,
        "document": notice.document,
        "effective_from": notice.effective_from.isoformat(),
        "effective_to": notice.effective_to.isoformat() if notice.effective_to else None,
        "digest": notice.digest,
        "supersedes": list(notice.supersedes),
        "base": notice.base,
        "districts": list(notice.districts),
    }


def _period(notice: Notice) -> str:
    return f"{notice.effective_from} – {notice.effective_to or ''}".rstrip()


def _shown(value: schema.Value) -> str:
    shown = schema.to_json(value)
    if isinstance(shown, list):
        return "[" + ", ".join(str(item) for item in shown) + "]"
    if isinstance(shown, bool):
        return str(shown).lower()
    return " ".join(str(shown).split())
