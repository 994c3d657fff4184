"""Moodle's standard log as its report page exports it: csv, spreadsheet or JSON, in any of its languages."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from lmscompliance.documents import spreadsheet, tables
from lmscompliance.documents.tables import Cell
from lmscompliance.identity import headings
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.records import date_order, moodle_time
from lmscompliance.records.reading import Actor, Finding, Reading, SourceEvent

_NAMES = {
    "time": ("time 时间 時間 日時 zeit zeitpunkt date heure hora fecha data tempo tijd время 시각 시간",),
    "user": (
        "userfullname fullname 用户全名 用户姓名 使用者全名 使用者 用户",
        "フルネーム ユーザフルネーム 사용자",
        "vollständigername vollständigernamedesnutzers nomcomplet nomcompletdel'utilisateur",
        "nombrecompleto nombrecompletodelusuario nomecompleto nomecompletodousuário volledigenaam",
    ),
    "affected": (
        "affecteduser 受影响用户 受影响的用户 受影響使用者 betroffenernutzer utilisateurtouché",
        "utilisateurconcerné usuarioafectado usuárioafetado",
    ),
    "context": (
        "eventcontext context information info 信息 事件情境 事件上下文 事件背景 事件内容 事件環境",
        "ereigniskontext contextedel'événement",
        "contextodelevento contextodoevento イベントコンテクスト контекстсобытия",
    ),
    "component": ("component 组件 元件 模块 komponente composant componente コンポーネント компонент",),
    "event": (
        "eventname 事件名称 事件名稱 ereignisname nomdel'événement nombredelevento",
        "nombreevento nomedoevento イベント名 названиесобытия",
    ),
    "description": ("description 描述 说明 說明 beschreibung descripción descrição 説明 описание",),
    "origin": ("origin 来源 來源 herkunft origine origen origem オリジン источник",),
    "ip": ("ip ip地址 ip位址 ipaddress ip-adresse adresseip direcciónip endereçoip ipアドレス ip-адрес",),
}
"""What Moodle calls each column, by language; cleaned as ``headings.label`` cleans it."""
_COLUMNS: headings.Patterns = {
    column: re.compile("|".join(map(re.escape, " ".join(names).split()))) for column, names in _NAMES.items()
}
_STANDARD = tuple(_COLUMNS)
_YEAR_FIRST_SCRIPT = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LENGTH = 5
"""How many times as long as other tables a log may be: a semester of a whole site is a million rows."""
_HEAD = 64
_ACTING = re.compile(r"\s*The user with (?:the )?id '?(-?[0-9]+)'?")
_NOT_PEOPLE = {"cli", "restore"}
_NOBODY = {"", "-"}


def read(
    path: Path, zone: tzinfo, now: datetime, order: str = "", period: tuple[datetime, datetime] | None = None
) -> Reading:
    """Return the events of a log; times stand in ``zone`` unless they say otherwise.

    Raises ``InvalidInput`` when the file is no such log, or when nothing in it nor the ``period`` in which
    the class learnt decides whether the day or the month comes first and ``order`` (of
    ``moodle_time.ORDERS``) does not say it either.
    """
    rows = _rows(path)
    heading = headings.find(rows, _COLUMNS, least=3)
    usual: tuple[str, ...] = ()
    if heading is not None and {"time", "user"} <= heading.columns.keys():
        columns, first = heading.columns, heading.first_data
        usual = _usual_orders(heading)
    else:
        columns, first = _by_position(path, rows)
    body = [(number, row) for number, row in enumerate(rows[first:], first + 1) if any(map(_text, row))]
    if not body:
        raise InvalidInput("documents.no_rows", file=path.name)
    written = {number: moodle_time.read(_cell(row, columns["time"])) for number, row in body}
    known = [one for one in written.values() if one is not None]
    decided = order or date_order.order_of(known, zone, now, usual=usual, period=period)
    if decided is None:
        raise InvalidInput(
            "records.date_order", file=path.name, example=_text(_cell(body[0][1], columns["time"]))
        )
    reading = Reading(date_order=decided if any(one.numbers for one in known) else "")
    found: list[_Row] = []
    for number, cells in body:
        if heading is not None and heading.repeated_by(cells):
            continue
        reading.rows += 1
        time = written[number]
        row = {name: _text(_cell(cells, index)) for name, index in columns.items()}
        if row.get("origin", "").casefold() in _NOT_PEOPLE:
            reading.passed += 1
        elif time is None or (at := time.on(decided, zone)) is None:
            reading.findings.append(Finding(number, "time", row["time"], "bad_time"))
        else:
            found.append(_Row(number, int(at.timestamp()), *_named(row), row))
    _take(reading, found)
    return reading


@dataclass(frozen=True, slots=True)
class _Row:
    """A row whose time is known: the name in it, and the number of the user whose doing it describes."""

    number: int
    at_s: int
    name: str
    user: str
    cells: Mapping[str, str]


def _usual_orders(heading: headings.Heading) -> tuple[str, ...]:
    """Return in which orders the language of the headings writes dates of numbers."""
    if _YEAR_FIRST_SCRIPT.search("".join(heading.cells)):
        return ("ymd",)
    return ("dmy", "mdy") if heading.cells[heading.columns["time"]] == "time" else ("dmy",)


def _named(row: Mapping[str, str]) -> tuple[str, str]:
    name = "" if row["user"] in _NOBODY else row["user"]
    found = _ACTING.match(row.get("description", ""))
    return name, found[1] if found and int(found[1]) > 0 else ""


def _take(reading: Reading, rows: Sequence[_Row]) -> None:
    """Tell whose doing each row is.

    Names may be hidden and two people may share one, so the number in the description tells people apart.
    But some descriptions name no number, some that of whom it was done to, and a teacher who signs in as
    somebody else leaves that number under a name of both ("A as B"): a number's own name is the one it
    mostly has.
    """
    names: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if row.name and row.user:
            names[row.user][row.name] += 1
    own = {user: min(some, key=lambda name: (-some[name], len(name), name)) for user, some in names.items()}
    users: dict[str, set[str]] = defaultdict(set)
    for user, name in own.items():
        users[name].add(user)
    actors: dict[tuple[str, str], Actor] = {}
    for row in rows:
        user = row.user
        if row.name and own.get(user, "") != row.name:
            theirs = users.get(row.name, set())
            if user and not theirs:
                reading.findings.append(Finding(row.number, "user", f"{user} / {row.name}", "other_name"))
                continue
            user = next(iter(theirs)) if len(theirs) == 1 else ""
        if not row.name and not user:
            reading.findings.append(Finding(row.number, "user", row.cells["user"], "no_user"))
            continue
        name = row.name or own.get(user, "")
        actor = actors.setdefault(
            (user, name), Actor(user or name, name, tuple(one for one in (user, name) if one))
        )
        reading.events.append(_event(row, actor))


def _event(row: _Row, actor: Actor) -> SourceEvent:
    context = row.cells.get("context", "")
    title = re.split("[:\uff1a]", context, maxsplit=1)[-1].strip()
    # Context and event are words of whoever exported it; the description is in English wherever it stands.
    said = row.cells.get("description", "") or " ".join(
        row.cells.get(name, "") for name in ("context", "component", "event")
    )
    ip = row.cells.get("ip", "").strip("-")
    return SourceEvent(
        row=row.number,
        at_s=row.at_s,
        length_s=0,
        actor=actor,
        about=(context, title),
        group="",
        ip=ip,
        identity=json.dumps([row.at_s, title, said, ip], ensure_ascii=False),
    )


def _rows(path: Path) -> Sequence[Sequence[Cell]]:
    data = spreadsheet.load(path, factor=_LENGTH)
    if data[:_HEAD].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:1] in {b"[", b"{"}:
        return _json_rows(path, data)
    sheets = tables.parse(path.name, data, factor=_LENGTH)
    return max((sheet.rows for sheet in sheets), key=len, default=[])


def _json_rows(path: Path, data: bytes) -> Sequence[Sequence[Cell]]:
    try:
        value = json.loads(data.decode(json.detect_encoding(data)))
    except (ValueError, RecursionError) as error:
        raise InvalidInput("documents.file_unreadable", file=path.name) from error
    # Moodle writes a list of sheets of rows, without headings; other tools write objects.
    while isinstance(value, list) and len(value) == 1 and isinstance(value[0], list) and value[0]:
        if not isinstance(value[0][0], list | dict):
            break
        value = value[0]
    if not isinstance(value, list) or not value:
        raise InvalidInput("records.no_log", file=path.name)
    if isinstance(value[0], dict):
        names = list(dict.fromkeys(name for row in value if isinstance(row, dict) for name in row))
        return [
            names,
            *([_plain(row.get(name, "")) for name in names] for row in value if isinstance(row, dict)),
        ]
    return [[_plain(cell) for cell in row] for row in value if isinstance(row, list)]


def _plain(value: object) -> str:
    # Moodle's web export may leave links around a name.
    text = re.sub(r"<[^>]*>", "", "" if value is None else str(value))
    # JSON can hold half a character, which nothing could store.
    return text.encode("utf-8", "replace").decode("utf-8")


def _by_position(path: Path, rows: Sequence[Sequence[Cell]]) -> tuple[dict[str, int], int]:
    """Return the standard columns and the first row, where no known heading stands but rows of a log do."""
    for first, row in enumerate(rows[:3]):
        if len(row) == len(_STANDARD) and moodle_time.read(row[0]) is not None:
            return {name: index for index, name in enumerate(_STANDARD)}, first
    raise InvalidInput("records.no_log", file=path.name)


def _cell(row: Sequence[Cell], index: int) -> Cell:
    return row[index] if index < len(row) else ""


def _text(cell: Cell) -> str:
    return " ".join(str(cell).split())
