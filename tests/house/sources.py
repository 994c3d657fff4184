"""What the rooms' files import and call, read from their text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "lmscompliance"


def modules(*rooms: str) -> list[Path]:
    """Return every Python file of ``rooms`` (of the whole package when none is named)."""
    if not rooms:
        return sorted(PACKAGE.rglob("*.py"))
    return sorted(path for room in rooms for path in (PACKAGE / room).rglob("*.py"))


def name_of(path: Path) -> str:
    """Return a file's path as messages name it."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a file, to be read and not changed: many tests look at it."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Return each module that ``path`` imports when it runs (not for the type checker alone)."""
    return tuple(_imported(tree(path)))


@cache
def calls(path: Path) -> tuple[str, ...]:
    """Return the dotted name of everything ``path`` calls, as it is written."""
    return tuple(ast.unparse(node.func) for node in ast.walk(tree(path)) if isinstance(node, ast.Call))


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
    elif not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
        for child in ast.iter_child_nodes(node):
            yield from _imported(child)
