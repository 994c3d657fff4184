"""The editions of the house values: what the product does where a notice is silent."""

from __future__ import annotations

import tomllib
from importlib import resources
from importlib.resources.abc import Traversable


def editions() -> dict[int, Traversable]:
    """Return the editions of the house values that this release carries.

    An edition is never edited after a release: a notice names the one it was written against, so its
    digest stays what classes recorded. New house values make a new edition.
    """
    found: dict[int, Traversable] = {}
    for entry in resources.files("lmscompliance.policy").iterdir():
        if entry.name.startswith("defaults") and entry.name.endswith(".toml"):
            found[int(tomllib.loads(entry.read_text(encoding="utf-8"))["edition"])] = entry
    return found
