"""Finds the directories that stand beside the package in a checkout and inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def directory(name: str) -> Path:
    """Return the directory ``name`` (``templates`` or ``migrations``).

    A wheel carries it inside the package; a checkout has it beside ``pyproject.toml``. The working
    directory is never looked at. Raises ``FileNotFoundError`` with the remedy when neither is there.
    """
    packaged = _PACKAGE / name
    if packaged.is_dir():
        return packaged
    sibling = _PACKAGE.parent / name
    if sibling.is_dir() and (_PACKAGE.parent / "pyproject.toml").is_file():
        return sibling
    msg = f"'{name}' is neither inside {_PACKAGE} nor beside its pyproject.toml: reinstall lmscompliance"
    raise FileNotFoundError(msg)
