"""Reads a PDF as poppler does, as an independent judge of what was written."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def words_of(path: Path, page: int | None = None) -> str:
    """Return the text of the file, or of one page, without blanks and places to break lines.

    Skips the test where poppler is missing, which under CI=true is a failure.
    """
    if shutil.which("pdftotext") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("pdftotext is missing (apt-get install poppler-utils)")
        pytest.skip("pdftotext is missing (apt-get install poppler-utils)")
    pages = [] if page is None else ["-f", str(page), "-l", str(page)]
    command = ["pdftotext", *pages, "-layout", path, "-"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return "".join(done.stdout.split()).replace("\u200b", "")
