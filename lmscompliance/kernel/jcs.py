"""Canonical JSON: RFC 8785 under a restricted profile, so that the same value is the same bytes.

The profile: ASCII object keys, integers within ±(2^53−1), no floats, no lone surrogates, at most 64 levels
(so that no reader's verdict depends on how deep its stack already is). With ASCII keys
RFC 8785's UTF-16 ordering is plain code-point ordering, and without floats its number grammar is that of
``int``, so the standard library's encoder produces exactly the RFC's bytes.
"""

from __future__ import annotations

import json
import re

MAX_SAFE_INTEGER = 2**53 - 1
MAX_DEPTH = 64
_BEYOND = re.compile(rb"9[0-9]{15}")
_DIGITS = bytes(ord("0") if byte in b"0123456789" else ord(" ") for byte in range(256))
_TOO_LONG = b"0" * 17

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]


class NotCanonical(ValueError):
    """The value lies outside the profile, or the bytes are not its canonical form."""


def encode(value: object) -> bytes:
    """Return the canonical bytes of ``value``; raise ``NotCanonical`` for anything outside the profile."""
    _check(value, 0)
    return _ENCODER.encode(value).encode("utf-8")


def decode(data: bytes) -> Json:
    """Return the value of ``data``, which must be canonical to the byte."""
    try:
        value: Json = _DECODER.decode(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        msg = f"not JSON of the profile: {error}"
        raise NotCanonical(msg) from error
    # A lone surrogate could only be passed where it was escaped, which is another form then.
    again = _ENCODER.encode(value).encode("utf-8", "surrogatepass") if _is_plain(data) else encode(value)
    if again != data:
        msg = "not in canonical form (RFC 8785)"
        raise NotCanonical(msg)
    return value


def _is_plain(data: bytes) -> bool:
    """Tell at a glance that what was read from ``data`` is within the profile; most data is.

    Where every byte is ASCII so are keys and texts, unless they are escaped, which the canonical form does
    not do; an integer beyond 2^53-1 has 17 digits or begins with a 9; nothing is nested deeper than there
    are brackets; and the parser makes no other kinds of values.
    """
    return (
        data.isascii()
        and data.count(b"[") + data.count(b"{") <= MAX_DEPTH
        and _TOO_LONG not in data.translate(_DIGITS)
        and not _BEYOND.search(data)
    )


def _refuse(text: str) -> Json:
    msg = f"the number {text} is not an integer"
    raise NotCanonical(msg)


# Made once: making one costs more than using it.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False)
_DECODER = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse)


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
