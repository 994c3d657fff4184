"""Texts for people, as data: one ``messages.toml`` a room, each key with ``zh_CN`` and ``en``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

DEFAULT_LOCALE = "zh_CN"
LOCALES = ("zh_CN", "en")


def text(code: str, locale: str = DEFAULT_LOCALE, /, **params: object) -> str:
    """Return the text of ``code`` (``room.name``) in ``locale``, placeholders filled.

    An unknown locale falls back to Chinese. An unknown code raises ``KeyError``: a missing text is a
    defect the tests must find, not something to show a trainee.
    """
    room, _, name = code.partition(".")
    entry = _catalog(room)[name]
    template = entry.get(locale) or entry[DEFAULT_LOCALE]
    return template.format(**params) if params else template


def codes(room: str) -> list[str]:
    """Return every code that ``room`` has a text for."""
    return [f"{room}.{name}" for name in _catalog(room)]


@cache
def _catalog(room: str) -> dict[str, dict[str, str]]:
    source = resources.files("lmscompliance").joinpath(room, "messages.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))
