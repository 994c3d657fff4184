"""Moodle's standard log as its report page exports it: csv, spreadsheet or JSON, in any of its languages."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path

from lmscompliance.documents import spreadsheet, tables
from lmscompliance.documents.tables import Cell
from lmscompliance.identity import headings
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.records import moodle_time
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
        "eventcontext 事件情境 事件上下文 事件背景 事件内容 事件環境",
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
_ACTING = re.compile(r"\s*The user with id '(-?[0-9]+)'")
_NOT_PEOPLE = {"cli", "restore"}
_NOBODY = {"", "-"}


def read(path: Path, zone: tzinfo, now: datetime, order: str = "") -> Reading:
    """Return the events of a log; times stand in ``zone`` unless they say otherwise.

    Raises ``InvalidInput`` when the file is no such log, or when nothing in it decides whether the day or
    the month comes first and ``order`` (of ``moodle_time.ORDERS``) does not say it either.
    """
    rows = _rows(path)
    heading = headings.find(rows, _COLUMNS, least=4)
    if heading is not None and {"time", "user"} <= heading.columns.keys():
        columns, first = heading.columns, heading.first_data
        hint = "ymd" if _YEAR_FIRST_SCRIPT.search("".join(heading.cells)) else ""
    else:
        columns, first, hint = _by_position(path, rows), 0, ""
    body = [(number, row) for number, row in enumerate(rows[first:], first + 1) if any(map(_text, row))]
    written = {number: moodle_time.read(_cell(row, columns["time"])) for number, row in body}
    known = [one for one in written.values() if one is not None]
    decided = order or moodle_time.order_of(known, zone, now, hint)
    if decided is None:
        raise InvalidInput(
            "records.date_order", file=path.name, example=_text(_cell(body[0][1], columns["time"]))
        )
    reading = Reading()
    for number, row in body:
        if heading is not None and heading.repeated_by(row):
            continue
        reading.rows += 1
        time = written[number]
        at = None if time is None else time.on(decided, zone)
        _take(reading, number, {name: _text(_cell(row, index)) for name, index in columns.items()}, at)
    return reading


def _take(reading: Reading, number: int, row: dict[str, str], at: datetime | None) -> None:
    if row.get("origin", "").casefold() in _NOT_PEOPLE:
        reading.passed += 1
        return
    if at is None:
        reading.findings.append(Finding(number, "time", row["time"], "bad_time"))
        return
    actor = _actor(row)
    if actor is None:
        reading.findings.append(Finding(number, "user", row["user"], "no_user"))
        return
    context = row.get("context", "")
    title = re.split("[:\uff1a]", context, maxsplit=1)[-1].strip()
    shared = ("context", "component", "event", "description", "ip")
    identity = [at.isoformat(), actor.key, *(row.get(name, "") for name in shared)]
    reading.events.append(
        SourceEvent(
            row=number,
            at_s=int(at.timestamp()),
            length_s=0,
            actor=actor,
            about=(context, title),
            group="",
            ip=row.get("ip", "").strip("-"),
            identity=json.dumps(identity, ensure_ascii=False),
        )
    )


def _actor(row: dict[str, str]) -> Actor | None:
    # Names may be hidden, or two people may share one; the id in the description tells them apart.
    name = "" if row["user"] in _NOBODY else row["user"]
    found = _ACTING.match(row.get("description", ""))
    id_ = found[1] if found and int(found[1]) > 0 else ""
    if not name and not id_:
        return None
    return Actor(id_ or name, name, tuple(one for one in (id_, name) if one))


def _rows(path: Path) -> Sequence[Sequence[Cell]]:
    data = spreadsheet.load(path)
    if data.lstrip()[:1] in {b"[", b"{"} or data[:4] == b"\xef\xbb\xbf[":
        return _json_rows(path, data)
    sheets = tables.read(path)
    return max((sheet.rows for sheet in sheets), key=len, default=[])


def _json_rows(path: Path, data: bytes) -> Sequence[Sequence[Cell]]:
    try:
        value = json.loads(data.decode("utf-8-sig"))
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
    return re.sub(r"<[^>]*>", "", "" if value is None else str(value))


def _by_position(path: Path, rows: Sequence[Sequence[Cell]]) -> dict[str, int]:
    """Return the standard columns where no known heading stands but the rows look like a log's."""
    for row in rows[:3]:
        if len(row) == len(_STANDARD) and moodle_time.read(row[0]) is not None:
            return {name: index for index, name in enumerate(_STANDARD)}
    raise InvalidInput("records.no_log", file=path.name)


def _cell(row: Sequence[Cell], index: int) -> Cell:
    return row[index] if index < len(row) else ""


def _text(cell: Cell) -> str:
    return " ".join(str(cell).split())
