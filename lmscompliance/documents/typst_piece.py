"""Typesets one piece of a long document in a process of its own, whose memory goes with it.

Run as a file, not as a module: ``python -I typst_piece.py ROOT TEMPLATE DATA OUT STANDARD SECONDS FONTS…``.
It must import nothing but typst, because every piece pays for its imports.
"""

import os
import sys
from pathlib import Path

import typst

_POLITE = 10
"""Whoever learns meanwhile comes first."""


def main() -> None:
    """Typeset and write the file, whole or not at all."""
    root, template, data, out, standard, seconds, *fonts = sys.argv[1:]
    os.nice(_POLITE)
    made = typst.compile(
        f"{root}/{template}.typ",
        root=root,
        font_paths=typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[*fonts]),
        sys_inputs={"data": Path(data).read_text(encoding="utf-8")},
        pdf_standards=[standard],  # type: ignore[list-item]  # given by documents.typeset
        timestamp=int(seconds),
        pdf_tags=False,
    )
    Path(out).write_bytes(bytes(made))


if __name__ == "__main__":
    main()
