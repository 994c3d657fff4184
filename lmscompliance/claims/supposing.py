"""Trying out another value of a parameter: which ones, and how what people type is read."""

from __future__ import annotations

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.policy import Notice, schema

WHAT_IF = tuple(
    key for key in schema.PARAMETERS if key.startswith(("subsidy.", "hours.min", "exam.pass_mark"))
)
"""Terms that can be tried out: those that decide whom the money goes to and how much."""


def supposed(notice: Notice, key: str, value: str) -> dict[str, object]:
    """Return the parameter as ``Notice.supposing`` takes it; raises ``InvalidInput`` for a bad value."""
    bad = InvalidInput("claims.bad_supposition", key=key, value=value[:100])
    if key not in WHAT_IF:
        raise bad
    found = {key: _raw(key, value.strip())}
    try:
        notice.supposing(found)
    except schema.BadValue:
        raise bad from None
    return found


def _raw(key: str, value: str) -> object:
    """Return what was typed as TOML would give it."""
    kind = schema.PARAMETERS[key].kind
    if kind == "integer" and value.isdecimal():
        return int(value)
    if kind == "boolean" and value in {"true", "false"}:
        return value == "true"
    if kind == "texts":
        return [part.strip() for part in value.split(",") if part.strip()]
    return value
