"""Texts for people, as data: one ``messages.toml`` a room, each key with ``zh_CN`` and ``en``."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from io import TextIOWrapper
from typing import Protocol, runtime_checkable

DEFAULT_LOCALE = "zh_CN"
LOCALES = ("zh_CN", "en")
_COMMA = {"zh_CN": "、", "en": ", "}
_SEMICOLON = {"zh_CN": "；", "en": "; "}


@runtime_checkable
class Sayable(Protocol):
    """What has words of its own in each language: a verdict, a fault, a remark."""

    def message(self, locale: str = ...) -> str:
        """Return it in ``locale``."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A text by its code, so that it can be said in the reader's language."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)

    def message(self, locale: str = DEFAULT_LOCALE) -> str:
        """Return the remark in ``locale``."""
        return text(self.code, locale, **self.params)


class Sentences(tuple[Sayable, ...]):
    """Several sayings in one text, parted as sentences are."""

    __slots__ = ()

    def message(self, locale: str = DEFAULT_LOCALE) -> str:
        """Return all of them in ``locale``."""
        return _in(locale, _SEMICOLON).join(one.message(locale) for one in self)


def text(code: str, locale: str = DEFAULT_LOCALE, /, **params: object) -> str:
    """Return the text of ``code`` (``room.name``) in ``locale``, placeholders filled.

    Parameters that have words of their own are said in ``locale`` too (see ``said``). An unknown locale falls
    back to Chinese. An unknown code raises ``KeyError``: a missing text is a defect the tests must find, not
    something to show a trainee.
    """
    room, _, name = code.partition(".")
    entry = _catalog(room)[name]
    template = _in(locale, entry)
    if not params:
        return template
    return template.format(**{name: said(value, locale) for name, value in params.items()})


def said(value: object, locale: str = DEFAULT_LOCALE) -> object:
    """Return a text's parameter for a reader of ``locale``: sayings in words, a list with its commas."""
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, Sayable):
        return value.message(locale)
    if isinstance(value, (list, tuple)):
        return _in(locale, _COMMA).join(str(said(one, locale)) for one in value)
    return value


def terminal_locale(environment: Mapping[str, str]) -> str:
    """Return ``en`` when the environment asks for English (LC_ALL, LC_MESSAGES, LANG), else ``zh_CN``.

    ``C`` and ``POSIX`` ask for no language at all, so they get the default.
    """
    set_ones = (environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name))
    asked = next(set_ones, "")
    return "en" if asked.lower().startswith("en") else DEFAULT_LOCALE


def show_anything() -> None:
    """Let the standard streams show as an escape what they cannot encode, instead of ending in a traceback.

    Names redirected to a file on a machine with an old code page, and octets of a file that is no UTF-8.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def codes(room: str) -> list[str]:
    """Return every code that ``room`` has a text for."""
    return [f"{room}.{name}" for name in _catalog(room)]


def _in(locale: str, words: Mapping[str, str]) -> str:
    return words.get(locale) or words[DEFAULT_LOCALE]


@cache
def _catalog(room: str) -> dict[str, dict[str, str]]:
    source = resources.files("lmscompliance").joinpath(room, "messages.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))
