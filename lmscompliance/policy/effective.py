"""Reads back ``Notice.effective_json``: how the verifier gets the policy a class was bound to."""

from __future__ import annotations

from datetime import date
from typing import Any

from lmscompliance.kernel import jcs
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.policy import schema
from lmscompliance.policy.notice import FORMAT, STATUSES, Given, Notice, Source

_MEMBERS = {
    "format",
    "id",
    "version",
    "status",
    "title",
    "document",
    "effective_from",
    "effective_to",
    "defaults",
    "parameters",
}
_OPTIONAL = {"base", "districts", "supersedes"}


def decode(data: bytes) -> Notice:
    """Return the notice of ``data``; raise ``InvalidInput`` unless it re-encodes to the same bytes."""
    try:
        content: Any = jcs.decode(data)
        if (
            not isinstance(content, dict)
            or content.keys() - _OPTIONAL != _MEMBERS
            or content["format"] != FORMAT
        ):
            msg = "not an effective policy of format 1"
            raise ValueError(msg)  # noqa: TRY301  # one refusal below
        if content["status"] not in STATUSES:
            msg = f"unknown status {content['status']!r}"
            raise ValueError(msg)  # noqa: TRY301  # one refusal below
        end = content["effective_to"]
        notice = Notice(
            id=_text(content["id"]),
            version=_integer(content["version"]),
            status=content["status"],
            title=_text(content["title"]),
            document=_text(content["document"]),
            effective_from=date.fromisoformat(content["effective_from"]),
            effective_to=None if end is None else date.fromisoformat(end),
            defaults_edition=_integer(content["defaults"]),
            parameters={key: _given(key, entry) for key, entry in content["parameters"].items()},
            supersedes=tuple(map(_text, content.get("supersedes", ()))),
            base=_text(content.get("base", "")),
            districts=tuple(map(_text, content.get("districts", ()))),
        )
        if notice.effective_json() != data:
            msg = "it does not encode to the same bytes"
            raise ValueError(msg)  # noqa: TRY301  # one refusal below
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidInput("policy.not_effective", detail=f"{type(error).__name__}: {error}") from error
    return notice


def _given(key: str, entry: dict[str, Any]) -> Given:
    if entry.keys() - {"value", "source", "clause", "quote", "rationale", "document"}:
        msg = f"{key} holds an unknown field"
        raise ValueError(msg)
    if entry["source"] not in {"clause", "house"}:
        msg = f"{key} has no source"
        raise ValueError(msg)
    return Given(
        value=schema.PARAMETERS[key].read(entry["value"]),
        source=Source(
            kind=entry["source"],
            clause=entry.get("clause", ""),
            quote=entry.get("quote", ""),
            rationale=entry.get("rationale", ""),
            document=entry.get("document", ""),
        ),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        msg = f"{value!r} is no text"
        raise TypeError(msg)
    return value


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        msg = f"{value!r} is no integer"
        raise TypeError(msg)
    return value
