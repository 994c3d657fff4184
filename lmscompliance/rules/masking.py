"""How personal values are shown to those who may not see them whole: pure, so the verifier masks alike."""

from __future__ import annotations

_MIDDLE_DOT = "·"
_HEAD = 6
_TAIL = 4
_PHONE_HEAD = 3


def mask_number(number: str) -> str:
    """Show the first six and the last four characters of an ID number (``610104********3501``)."""
    return _middle(number, _HEAD, _TAIL)


def mask_phone(phone: str) -> str:
    """Show the first three and the last four digits of a phone number (``138****8000``)."""
    return _middle(phone, _PHONE_HEAD, _TAIL)


def mask_name(name: str) -> str:
    """Show the first character of a name and where its middle dots stand (``阿***·***``)."""
    return name[:1] + "".join(char if char == _MIDDLE_DOT else "*" for char in name[1:])


def mask_address(address: str) -> str:
    """Show the first half of an IPv4 address or the first two groups of an IPv6 one (``203.0.*.*``)."""
    if ":" in address:
        return ":".join(address.split(":")[:2]) + ":*"
    parts = address.split(".")
    return ".".join([*parts[:2], "*", "*"]) if len(parts) == 4 else address  # noqa: PLR2004  # an IPv4 address


def _middle(text: str, head: int, tail: int) -> str:
    # Too short to hide anything in the middle: nothing at all is shown.
    if len(text) <= head + tail:
        return "*" * len(text)
    return text[:head] + "*" * (len(text) - head - tail) + text[-tail:]
