"""A small bank: a few questions of the first lesson's topic, so that a check can ask about it."""

from __future__ import annotations

from pathlib import Path

from lmscompliance import demo
from lmscompliance.questions.service import import_paths
from lmscompliance.services import Services


def fill(services: Services) -> None:
    """Import the demo's own questions."""
    import_paths(services, [Path(demo.__file__).parent / "data" / "questions"])
