"""Parses XML of strangers: no entities, nothing fetched, no absurd depth, and each element knows its line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.questions.formats.decoding import decode

_DEEPEST = 100
_MOST = 1_000_000
"""Elements of a document: each costs half a kilobyte in memory, and a question has about thirty."""
_LINE = "\0line"
"""No attribute of a file can have this name."""


def parse(file: str, data: bytes) -> Element:
    """Return the root of the document ``data``; tags and attributes without their namespaces.

    Raises ``InvalidInput`` naming ``file`` when it is not well-formed, declares entities, nests deeper than
    any question does, or has more elements than any bank.
    """
    builder = _Builder(file)
    parser = DefusedXMLParser(target=builder, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    builder.expat = parser.parser
    try:
        # As text, because expat knows neither GBK nor a declaration that does not tell the truth.
        parser.feed(decode(data))
        root: Element = parser.close()
    except DefusedXmlException as error:
        raise InvalidInput("questions.xml_entities", file=file) from error
    except (ParseError, ValueError) as error:
        line = getattr(error, "position", (builder.expat.CurrentLineNumber, 0))[0]
        raise InvalidInput("questions.xml_broken", file=file, line=line) from error
    return root


def line_of(element: Element) -> int:
    """Return the line that ``element`` begins on."""
    return int(element.attrib[_LINE])


def local(name: str) -> str:
    """Return ``name`` without its namespace."""
    return name.rpartition("}")[2]


def child(element: Element, *path: str) -> Element | None:
    """Return the first descendant down ``path``, or ``None``."""
    found: Element | None = element
    for name in path:
        found = next((one for one in found if one.tag == name), None) if found is not None else None
    return found


def children(element: Element, name: str) -> Iterator[Element]:
    """Yield the children called ``name``."""
    return (one for one in element if one.tag == name)


def text_of(element: Element, *path: str) -> str:
    """Return the text of the element down ``path``, empty when there is none."""
    found = child(element, *path)
    return (found.text or "").strip() if found is not None else ""


class _Builder(TreeBuilder):
    """Builds the tree and refuses what is nested too deep for anybody who walks it."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self._file = file
        self._depth = self._count = 0
        self.expat: Any = None

    def start(self, tag: str, attrs: dict[str, str]) -> Element:
        self._depth += 1
        self._count += 1
        if self._depth > _DEEPEST or self._count > _MOST:
            raise InvalidInput("questions.xml_broken", file=self._file, line=self.expat.CurrentLineNumber)
        named = {local(name): value for name, value in attrs.items()}
        return super().start(local(tag), named | {_LINE: str(self.expat.CurrentLineNumber)})

    def end(self, tag: str) -> Element:
        self._depth -= 1
        return super().end(local(tag))
