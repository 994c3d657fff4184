"""What a form posts besides texts: days, and lists as files."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from flask import request

from lmscompliance.kernel.errors import InvalidInput


def posted_day(name: str, problem: str) -> date:
    """Return the day in the form's field ``name``; raises ``InvalidInput(problem)`` when there is none."""
    try:
        return date.fromisoformat(request.form.get(name, "").strip())
    except ValueError:
        raise InvalidInput(problem) from None


@contextmanager
def posted_list(problem: str) -> Iterator[Path]:
    """Yield the uploaded ``file`` on disk for the block; raises ``InvalidInput(problem)`` without one.

    Its name is only shown in messages; what the file is, its bytes tell.
    """
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise InvalidInput(problem)
    with tempfile.TemporaryDirectory(prefix="posted-") as scratch:
        path = Path(scratch) / (re.sub(r"[^\w.-]", "_", upload.filename)[-80:] or "list")
        upload.save(path)
        yield path
