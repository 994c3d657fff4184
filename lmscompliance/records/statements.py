"""xAPI statements (1.0.3 and 2.0) and cmi5 statements, as a JSON array, an LRS's answer, or a line each.

A statement's ``timestamp`` is when something was done; its ``result.duration`` how long it had taken by
then. cmi5 adds sessions of its own: their time runs from ``initialized``, and what ``terminated`` states
is counted from there (cmi5 9.3; an ``abandoned`` is written by the LMS at any later time).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from lmscompliance.documents import spreadsheet
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.records.reading import Actor, Finding, Reading, SourceEvent

_VOIDED = "http://adlnet.gov/expapi/verbs/voided"
_CMI5_SESSION = "https://w3id.org/xapi/cmi5/context/extensions/sessionid"
_BY_THE_LMS = {"launched", "waived", "satisfied"}
"""cmi5 verbs that say nothing about the learner's time."""

# Some authoring tools write years and months of zero, and the standard's decimal comma.
_DURATION = re.compile(
    r"P(?:(?P<w>\d+(?:[.,]\d+)?)W|(?:0+Y)?(?:0+M)?(?:(?P<d>\d+(?:[.,]\d+)?)D)?"
    r"(?:T(?=\d)(?:(?P<h>\d+(?:[.,]\d+)?)H)?(?:(?P<m>\d+(?:[.,]\d+)?)M)?(?:(?P<s>\d+(?:[.,]\d+)?)S)?)?)"
)
_LONGEST_TEXT = 64
_YEARS = range(1971, 9999)
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_LONGEST = timedelta(days=1)


class _Bad(ValueError):
    """A statement that cannot be used: which field, what stands there, which message."""

    def __init__(self, field: str, value: object, code: str) -> None:
        super().__init__(field, value, code)
        self.field = field
        told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)[:200]
        self.value = _writable(told)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Statement:
    row: int
    raw: Mapping[str, Any]
    identity: str
    verb: str
    at: datetime
    length_s: int
    actor: Actor
    session: str


def read(path: Path, *, cmi5: bool) -> Reading:
    """Return the events of a file of statements; with ``cmi5`` each belongs to its cmi5 session.

    Raises ``InvalidInput`` when the file holds no statements at all. Statements that a later one voids
    are left out.
    """
    reading = Reading()
    found: list[_Statement] = []
    voided: dict[str, int] = {}
    for row, raw in _statements(path):
        reading.rows += 1
        if not isinstance(raw, dict):
            reading.findings.append(Finding(row, "statement", _writable(str(raw)[:200]), "no_statement"))
            continue
        try:
            if _verb(raw) == _VOIDED:
                target = _inner(raw, "object").get("id")
                voided[_writable(str(target)).lower()] = row
                reading.passed += 1
                continue
            found.append(_statement(row, raw, cmi5=cmi5))
        except _Bad as bad:
            reading.findings.append(Finding(row, bad.field, bad.value, bad.code))
    known = {one.identity for one in found}
    for target, row in voided.items():
        if target not in known:
            reading.findings.append(Finding(row, "object.id", target, "voids_unknown"))
    kept = [one for one in found if one.identity not in voided]
    reading.passed += len(found) - len(kept)
    _take(reading, kept, cmi5=cmi5)
    return reading


def seconds(duration: str) -> int | None:
    """Return the whole seconds of an ISO 8601 duration; ``None`` for another text, or one in months."""
    found = None if len(duration) > _LONGEST_TEXT else _DURATION.fullmatch(duration)
    if found is None or not any(found.groups()):
        return None
    stated = {unit: Fraction((found[unit] or "0").replace(",", ".")) for unit in _SECONDS}
    return int(sum(stated[unit] * size for unit, size in _SECONDS.items()))


def _take(reading: Reading, statements: list[_Statement], *, cmi5: bool) -> None:
    began: dict[str, datetime] = {}
    for one in statements:
        if _last_part(one.verb) == "initialized" and one.session:
            began[one.session] = min(one.at, began.get(one.session, one.at))
    for one in statements:
        verb = _last_part(one.verb)
        end, length = int(one.at.timestamp()), one.length_s
        if cmi5 and verb in _BY_THE_LMS:
            reading.passed += 1
            continue
        if cmi5 and verb in {"terminated", "abandoned"} and one.length_s and one.session in began:
            start = int(began[one.session].timestamp())
            reading.events.append(_event(one, start, max(0, min(length, end - start)), cmi5=cmi5))
            continue
        if cmi5 and verb == "abandoned":
            reading.findings.append(Finding(one.row, "verb", one.verb, "abandoned_alone"))
            continue
        reading.events.append(_event(one, end - length, length, cmi5=cmi5))


def _event(one: _Statement, at_s: int, length_s: int, *, cmi5: bool) -> SourceEvent:
    thing = _inner(one.raw, "object")
    # A question or a page within a lesson names the lesson as its parent (one object in old statements).
    context = one.raw.get("context")
    activities = context.get("contextActivities") if isinstance(context, dict) else None
    parents = activities.get("parent") if isinstance(activities, dict) else None
    about = [
        text
        for part in (thing, *(parents if isinstance(parents, list) else [parents]))
        for text in _names(part)
    ]
    return SourceEvent(
        row=one.row,
        at_s=at_s,
        length_s=length_s,
        actor=one.actor,
        about=tuple(about),
        group=one.session if cmi5 else "",
        ip="",
        identity=one.identity,
    )


def _names(activity: object) -> list[str]:
    """Return the id of an activity and its names in every language."""
    if not isinstance(activity, dict):
        return []
    definition = activity.get("definition")
    names = definition.get("name") if isinstance(definition, dict) else None
    told = [activity.get("id"), *(names.values() if isinstance(names, dict) else ())]
    return [text for text in told if isinstance(text, str)]


def _statement(row: int, raw: Mapping[str, Any], *, cmi5: bool) -> _Statement:
    _inner(raw, "object")  # what it was about is read later, when nothing is refused any more
    time = raw.get("timestamp", raw.get("stored"))
    try:
        at = datetime.fromisoformat(str(time))
    except ValueError:
        raise _Bad("timestamp", time, "bad_time") from None
    if at.year not in _YEARS:
        raise _Bad("timestamp", time, "bad_time")
    if at.tzinfo is None:
        raise _Bad("timestamp", time, "no_zone")
    result = raw.get("result")
    stated = result.get("duration") if isinstance(result, dict) else None
    length = 0 if stated is None else seconds(str(stated))
    if length is None or length > _LONGEST.total_seconds():
        raise _Bad("result.duration", stated, "bad_duration")
    context = raw.get("context")
    extensions = context.get("extensions") if isinstance(context, dict) else None
    session = extensions.get(_CMI5_SESSION) if isinstance(extensions, dict) else None
    if cmi5 and not (isinstance(session, str) and session):
        raise _Bad("context.extensions", session, "no_session")
    identity = raw.get("id")
    try:
        plain = json.dumps(raw, sort_keys=True, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        # Half of a character's two escapes: no text, and nothing could store it.
        raise _Bad("statement", json.dumps(raw)[:200], "no_text") from None
    if not isinstance(identity, str):
        identity = hashlib.sha256(plain).hexdigest()
    return _Statement(
        row,
        raw,
        identity.lower(),
        _verb(raw),
        at,
        length,
        _actor(raw),
        session if isinstance(session, str) else "",
    )


def _actor(raw: Mapping[str, Any]) -> Actor:
    actor = _inner(raw, "actor")
    if actor.get("objectType", "Agent") != "Agent":
        raise _Bad("actor", actor, "no_user")
    name = actor.get("name")
    name = name if isinstance(name, str) else ""
    account = actor.get("account")
    handles: list[str] = []
    if isinstance(account, dict) and isinstance(account.get("name"), str):
        handles = [f"{account.get('homePage', '')}|{account['name']}", account["name"]]
    for field in ("mbox", "mbox_sha1sum", "openid"):
        if isinstance(actor.get(field), str):
            handles += [actor[field], actor[field].removeprefix("mailto:")]
    if not handles and not name:
        raise _Bad("actor", actor, "no_user")
    return Actor(
        handles[0] if handles else name, name, tuple(dict.fromkeys([*handles, name] if name else handles))
    )


def _verb(raw: Mapping[str, Any]) -> str:
    verb = _inner(raw, "verb").get("id")
    if not isinstance(verb, str):
        raise _Bad("verb.id", verb, "no_verb")
    return verb


def _inner(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = raw.get(name)
    if not isinstance(value, dict):
        raise _Bad(name, value, "no_part")
    return value


def _last_part(verb: str) -> str:
    return verb.rstrip("/").rpartition("/")[2]


def _statements(path: Path) -> Iterator[tuple[int, object]]:
    """Yield each statement with its row: the line it stands on, or its place in the array.

    A line that is no JSON is yielded as its text.
    """
    try:
        data = _without_attachments(spreadsheet.load(path))
        text = data.decode(json.detect_encoding(data))
    except UnicodeDecodeError as error:
        raise InvalidInput("documents.file_unreadable", file=path.name) from error
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        # Not ``splitlines``: a name in a statement may hold what that takes for the end of a line (U+2028).
        ends = re.split(r"\r\n?|\n", text)
        lines = [(row, _line(line)) for row, line in enumerate(ends, 1) if line.strip()]
    else:
        if isinstance(value, dict) and isinstance(value.get("statements"), list):
            value = value["statements"]
        lines = list(enumerate(value if isinstance(value, list) else [value], 1))
    if not lines:
        raise InvalidInput("documents.no_rows", file=path.name)
    if not isinstance(lines[0][1], dict) or "actor" not in lines[0][1]:
        raise InvalidInput("records.no_statements", file=path.name)
    yield from lines


def _writable(text: str) -> str:
    """Return a text for a report; half of a character's two escapes can be written nowhere."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _line(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _without_attachments(data: bytes) -> bytes:
    """Return the statements of an LRS's multipart answer: its first part; anything else as it is."""
    if not data.startswith(b"--"):
        return data
    boundary, _, rest = data.partition(b"\n")
    first = rest.partition(boundary.rstrip())[0].replace(b"\r\n", b"\n")
    return first.partition(b"\n\n")[2]
