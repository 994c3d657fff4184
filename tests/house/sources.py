"""What the rooms' files import and call, read from their text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
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


def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path) -> Iterator[str]:
    """Yield each module that ``path`` imports when it runs (not for the type checker alone)."""
    for node in ast.walk(_WithoutTypes().visit(tree(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def calls(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything ``path`` calls, as it is written."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


class _WithoutTypes(ast.NodeTransformer):
    def visit_If(self, node: ast.If) -> ast.AST | None:  # ast's own naming
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)
