"""Judges a PDF/A file: what it claims, what that demands of it, and what qpdf says of its structure."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pikepdf


def assert_pdfa(path: Path, part: str, conformance: str) -> None:
    """Hold the file to the claims that a full validator would look at first."""
    with pikepdf.open(path) as pdf:
        assert pdf.check_pdf_syntax() == []
        metadata = pdf.open_metadata()
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == (part, conformance)
        (intent,) = pdf.Root.OutputIntents
        assert intent.S == "/GTS_PDFA1"
        assert intent.DestOutputProfile.read_bytes()[36:40] == b"acsp"
        assert not pdf.is_encrypted
        assert len(list(pdf.trailer.ID)) == 2
        for page in pdf.pages:
            for face in page.resources.get("/Font", {}).values():
                assert face.ToUnicode
                (inner,) = face.DescendantFonts
                assert inner.FontDescriptor.keys() & {"/FontFile2", "/FontFile3"}
    if shutil.which("qpdf"):
        subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)
