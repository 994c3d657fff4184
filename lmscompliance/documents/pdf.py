"""Writes a workbook of any length as one PDF/A: cover, table of contents, every sheet, page X of Y.

The pieces are typeset in short-lived processes, two at a time, and joined; page numbers are written on at
the end, when it is known how many there are. The same rows, time and fonts give the same bytes.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

import pikepdf

from lmscompliance.documents import typst_piece
from lmscompliance.documents.font import Typeface
from lmscompliance.documents.pdf_numbers import number_pages
from lmscompliance.documents.pdf_rows import PIECE_ROWS, Piece, Spool
from lmscompliance.documents.typeset import PLAIN, templates, typeset
from lmscompliance.kernel.jcs import Json

_AT_ONCE = 2
_AHEAD = 4
"""Pieces that wait on disk for a process."""
_MARK = "part:"


@dataclass(frozen=True, slots=True)
class Cover:
    """What the first page says. ``seals`` are labels beside which room is left for a stamp."""

    title: str
    over: str
    heading: str
    fields: Sequence[tuple[str, str]]
    seals: Sequence[str]
    note: str


def write(
    path: Path,
    cover: Cover,
    spool: Spool,
    created: datetime,
    progress: Callable[[int, int], None] | None = None,
    *,
    piece_rows: int = PIECE_ROWS,
) -> None:
    """Write the sheets in ``spool`` to ``path``; ``created`` is the only time in the file.

    What the spool's typeface lacks is spelled by number (``spelled``): an archive has to be complete.
    ``progress`` is told the pieces done and begun. The file is complete only when this returns. Raises
    ``RuntimeError`` with the typesetter's words when a piece cannot be typeset.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".pdf-") as scratch:
        folder = Path(scratch)
        starts: dict[int, int] = {}
        joined = pikepdf.new()
        for piece, made in _typeset(spool, folder, cover.title, created, progress, piece_rows=piece_rows):
            _join(joined, piece, made, starts)
        names = [spool.typeface.spelled(sheet.name) for sheet in spool.sheets]
        with _front(cover, names, starts, created, spool.typeface) as whole:
            offset = len(whole.pages)
            whole.pages.extend(joined.pages)
            _link(whole, offset, starts)
            with whole.open_outline() as outline:
                outline.root.extend(
                    pikepdf.OutlineItem(name, offset + starts[number]) for number, name in enumerate(names)
                )
            number_pages(whole, created)
            whole.save(
                path,
                deterministic_id=True,
                object_stream_mode=pikepdf.ObjectStreamMode.generate,
                fix_metadata_version=False,
            )
        joined.close()


def _typeset(
    spool: Spool,
    folder: Path,
    title: str,
    created: datetime,
    progress: Callable[[int, int], None] | None,
    *,
    piece_rows: int,
) -> Iterator[tuple[Piece, Path]]:
    """Yield each piece's file in order, some being made while one is taken."""
    waiting: list[tuple[Piece, Path, Future[None]]] = []
    begun = done = 0
    pieces, typeface = spool.pieces(piece_rows), spool.typeface
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            while True:
                for piece in islice(pieces, _AHEAD - len(waiting)):
                    source, target = folder / f"{begun:06}.json", folder / f"{begun:06}.pdf"
                    data: Json = {"title": typeface.spelled(title), "blocks": piece.blocks}
                    source.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
                    piece.blocks.clear()
                    waiting.append((piece, target, pool.submit(_run, source, target, created, typeface)))
                    begun += 1
                if not waiting:
                    return
                piece, target, running = waiting.pop(0)
                running.result()
                done += 1
                if progress is not None:
                    progress(done, begun)
                yield piece, target
        finally:
            pool.shutdown(cancel_futures=True)


def _run(source: Path, target: Path, created: datetime, typeface: Typeface) -> None:
    command = [sys.executable, "-I", str(Path(typst_piece.__file__)), str(templates())]
    command += ["rows", str(source), str(target), PLAIN, str(int(created.timestamp())), *typeface.folders]
    environment = {
        name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ
    }
    # Processors enough are at it with two pieces: threads besides would be more of the lowest priority that
    # have their turns while people who learn wait.
    environment["RAYON_NUM_THREADS"] = "1"
    done = subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603  # our own file
    if done.returncode:
        raise RuntimeError(
            done.stderr.decode("utf-8", "replace").strip() or f"typesetting: {done.returncode}"
        )
    source.unlink()


def _join(joined: pikepdf.Pdf, piece: Piece, path: Path, starts: dict[int, int]) -> None:
    """Append the pages of ``piece`` and note on which page (from 0) each sheet starts."""
    # From memory: a source must stay readable until the whole is saved, and files would be too many.
    pdf = pikepdf.open(io.BytesIO(path.read_bytes()))
    before = len(joined.pages)
    for number, page in enumerate(pdf.pages):
        for _, target in marks(page):
            starts.setdefault(piece.sheets[target], before + number)
        if "/Annots" in page:
            del page.Annots
    joined.pages.extend(pdf.pages)
    path.unlink()


def _front(
    cover: Cover, names: Sequence[str], starts: dict[int, int], created: datetime, typeface: Typeface
) -> pikepdf.Pdf:
    """Return cover and contents; twice typeset, because the contents' own length moves the pages."""
    spelled = typeface.spelled

    def made(offset: int) -> pikepdf.Pdf:
        contents: list[Json] = [
            {"name": name, "page": str(offset + starts[number] + 1)} for number, name in enumerate(names)
        ]
        data: dict[str, Json] = {
            "title": spelled(cover.title),
            "over": spelled(cover.over),
            "heading": spelled(cover.heading),
            "fields": [[spelled(label), spelled(value)] for label, value in cover.fields],
            "seals": list(cover.seals),
            "note": spelled(cover.note),
            "contents": contents,
        }
        return pikepdf.open(io.BytesIO(typeset("front", data, created, typeface, PLAIN)))

    with made(0) as first:
        offset = len(first.pages)
    return made(offset)


def _link(whole: pikepdf.Pdf, offset: int, starts: dict[int, int]) -> None:
    """Let the lines of the contents lead to their pages."""
    for page in whole.pages[:offset]:
        for annotation, target in marks(page):
            place = whole.pages[offset + starts[target]].obj
            del annotation.A
            annotation.Dest = pikepdf.Array([place, pikepdf.Name.Fit])


def marks(page: pikepdf.Page) -> Iterator[tuple[pikepdf.Object, int]]:
    """Yield the links ``part:N`` that templates leave on a page, with their numbers."""
    for annotation in page.get("/Annots", []):
        action = annotation.get("/A")
        if action is not None and str(action.get("/URI", "")).startswith(_MARK):
            yield annotation, int(str(action.URI).removeprefix(_MARK))
