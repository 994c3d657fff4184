"""Texts for people: each error has one in both languages, and each text's placeholders agree."""

from __future__ import annotations

import ast
import string
import tomllib
from pathlib import Path

import pytest

from tests.house.sources import PACKAGE, modules, name_of, tree

CATALOGS = sorted(PACKAGE.glob("*/messages.toml"))


def _fields(text: str) -> set[str]:
    # A text without parameters is shown as it stands and may hold braces of its own.
    names = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    return {name for name in names if name.isidentifier()}


@pytest.mark.parametrize("catalog", CATALOGS, ids=lambda path: path.parent.name)
def test_every_text_stands_in_both_languages_with_the_same_placeholders(catalog: Path) -> None:
    """A reader of either language gets every fact the other gets."""
    for name, entry in tomllib.loads(catalog.read_text(encoding="utf-8")).items():
        assert set(entry) == {"zh_CN", "en"}, name
        assert _fields(entry["zh_CN"]) == _fields(entry["en"]), name


def _literal_codes(path: Path, errors: set[str]) -> set[str]:
    """Return the message codes that ``path`` gives as a literal first argument of an error or ``t``."""
    found = set()
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        first = node.args[0]
        if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
            continue
        called = ast.unparse(node.func).rpartition(".")[2]
        if called in errors | {"t", "say", "note", "text"} and "." in first.value:
            found.add(first.value)
    return found


def _errors() -> set[str]:
    """Return the names of all error classes that take a code: the kernel's, and what derives from them."""
    found = {"ComplianceError"}
    classes = [node for path in modules() for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)]
    while True:
        more = {
            node.name
            for node in classes
            if found & {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        }
        if more <= found:
            return found
        found |= more


def test_every_code_that_is_raised_has_a_text() -> None:
    """An error without a text would be a KeyError in front of a person."""
    known = {
        f"{catalog.parent.name}.{name}"
        for catalog in CATALOGS
        for name in tomllib.loads(catalog.read_text(encoding="utf-8"))
    }
    errors = _errors()
    missing = {
        f"{name_of(path)}: {code}" for path in modules() for code in _literal_codes(path, errors) - known
    }
    assert missing == set()
