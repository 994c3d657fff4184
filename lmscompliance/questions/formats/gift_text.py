r"""The text level of GIFT: escapes, text formats, and the plain text a question is shown in.

Escapes are replaced by characters that no text has (Unicode non-characters) before anything is split, and
put back once the pieces are known, so an escaped sign never acts as a control character. GIFT knows
``\~ \= \# \{ \} \: \n \\``; ``\+`` is read as a plus sign because Chinese banks write it, although Moodle
itself keeps the backslash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from lmscompliance.questions.formats.text import clean

_ESCAPED = {"\\": "\\", "~": "~", "=": "=", "#": "#", "{": "{", "}": "}", ":": ":", "n": "\n", "+": "+"}
_HELD = {sign: chr(0xFDD0 + index) for index, sign in enumerate(_ESCAPED)}
_BACK = str.maketrans({held: _ESCAPED[sign] for sign, held in _HELD.items()})
_TAKEN = re.compile("[\ufdd0-\ufdef]")
_ESCAPE = re.compile(r"\\([\\~=#{}:n+])")
_FORMAT = re.compile(r"\s*\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
_TAGS = re.compile(
    r"</?(?:p|br|b|i|u|em|strong|span|div|sub|sup|ul|ol|li|table|tr|td|th|tbody|thead|img|font|h[1-6]|a|pre|code)\b",
    re.IGNORECASE,
)
_MARKDOWN_PICTURE = re.compile(r"!\[[^\]]*\]\(\s*<?([^)\s>]*)>?[^)]*\)")
_BLOCKS = frozenset({"p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "table"})
_SILENT = frozenset({"script", "style"})
_OTHER = frozenset({"img", "object", "svg", "video", "audio", "math", "iframe", "embed"})


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it is shown; ``images`` are the sources of its pictures, ``other`` says what else it held.

    That is a video, a formula, or a picture that names no source: nothing that can be had.
    """

    text: str
    images: tuple[str, ...] = ()
    other: bool = False

    @property
    def pictured(self) -> bool:
        """Tell whether anything but text belonged to it."""
        return bool(self.images) or self.other


def hold(source: str) -> str:
    """Return ``source`` with every escape replaced by a character that cannot be mistaken for a sign."""
    return _ESCAPE.sub(lambda found: _HELD[found[1]], _TAKEN.sub("\ufffd", source))


def release(held: str) -> str:
    """Return ``held`` with the escaped signs put back."""
    return held.translate(_BACK)


def take_format(held: str, inherited: str) -> tuple[str, str]:
    """Return the text format that ``held`` begins with, else ``inherited``, and the text behind it."""
    found = _FORMAT.match(held)
    return (found[1].lower(), held[found.end() :]) if found else (inherited, held)


def shown(held: str, inherited: str = "moodle") -> Text:
    """Return the plain text of ``held`` (escapes still held), by its own or the inherited format."""
    kind, body = take_format(held, inherited)
    return rendered(release(body), kind)


def rendered(text: str, kind: str) -> Text:
    """Return the plain text of ``text``, whose format is ``html``, ``moodle``, ``markdown`` or ``plain``."""
    if kind == "html" or (kind == "moodle" and _TAGS.search(text)):
        reader = _Plain()
        reader.feed(text)
        reader.close()
        shown = clean(re.sub(r"[ \t]*\n\s*", "\n", "".join(reader.parts)))
        return Text(shown, tuple(reader.images), reader.other)
    if kind == "markdown":
        sources = _MARKDOWN_PICTURE.findall(text)
        kept = tuple(source for source in sources if source)
        return Text(clean(_MARKDOWN_PICTURE.sub("", text)), kept, len(kept) < len(sources))
    return Text(clean(text))


class _Plain(HTMLParser):
    """Collects what a reader of the page would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.images: list[str] = []
        self.other = False
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        source = dict(attrs).get("src") if tag == "img" else None
        if source and self._silent <= 0:
            self.images.append(source)
        elif tag in _OTHER:
            self.other = True
        self._silent += tag in _SILENT
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if self._silent <= 0:
            self.parts.append(data)
