"""Canonical JSON: RFC 8785 under a restricted profile, so that the same value is the same bytes.

The profile: ASCII object keys, integers within ±(2^53−1), no floats, no lone surrogates, at most 64 levels
(so that no reader's verdict depends on how deep its stack already is). With ASCII keys
RFC 8785's UTF-16 ordering is plain code-point ordering, and without floats its number grammar is that of
``int``, so the standard library's encoder produces exactly the RFC's bytes.
"""

from __future__ import annotations

import json

MAX_SAFE_INTEGER = 2**53 - 1
MAX_DEPTH = 64

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]


class NotCanonical(ValueError):
    """The value lies outside the profile, or the bytes are not its canonical form."""


def encode(value: object) -> bytes:
    """Return the canonical bytes of ``value``; raise ``NotCanonical`` for anything outside the profile."""
    _check(value, 0)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode("utf-8")


def decode(data: bytes) -> Json:
    """Return the value of ``data``, which must be canonical to the byte."""
    try:
        value: Json = json.loads(data, parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        msg = f"not JSON of the profile: {error}"
        raise NotCanonical(msg) from error
    if encode(value) != data:
        msg = "not in canonical form (RFC 8785)"
        raise NotCanonical(msg)
    return value


def _refuse(text: str) -> Json:
    msg = f"the number {text} is not an integer"
    raise NotCanonical(msg)


def _check(value: object, depth: int) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if abs(value) > MAX_SAFE_INTEGER:
            msg = f"the integer {value} is beyond 2^53-1"
            raise NotCanonical(msg)
    elif isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            msg = "a lone surrogate cannot be encoded"
            raise NotCanonical(msg) from error
    elif isinstance(value, (list, tuple, dict)):
        _check_members(value, depth + 1)
    else:
        msg = f"{type(value).__name__} has no place in canonical JSON"
        raise NotCanonical(msg)


def _check_members(value: list[object] | tuple[object, ...] | dict[object, object], depth: int) -> None:
    if depth > MAX_DEPTH:
        msg = f"the value is nested deeper than {MAX_DEPTH} levels"
        raise NotCanonical(msg)
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str) or not key.isascii():
                msg = f"the object key {key!r} is not ASCII text"
                raise NotCanonical(msg)
    for item in value.values() if isinstance(value, dict) else value:
        _check(item, depth)
