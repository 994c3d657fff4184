"""Files as people and attackers send them."""

from __future__ import annotations

import io
import zipfile

import pikepdf
from PIL import Image


def picture(format_: str = "PNG", size: tuple[int, int] = (90, 160), **options: object) -> bytes:
    """Return a small picture with a gradient, so that rows differ."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    target = io.BytesIO()
    image.save(target, format_, **options)
    return target.getvalue()


def located() -> bytes:
    """Return a JPEG that says where and by what it was taken, lying on its side."""
    exif = Image.Exif()
    exif[0x0110] = "Phone 13 of somebody"
    exif[0x0112] = 6
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (31.0, 27.0, 12.0)
    return picture("JPEG", (160, 90), exif=exif)


def document(**root: object) -> bytes:
    """Return a PDF of one page; ``root`` adds entries to its catalogue."""
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(595, 842))
    for name, value in root.items():
        pdf.Root[f"/{name}"] = pdf.make_indirect(value) if isinstance(value, pikepdf.Dictionary) else value
    target = io.BytesIO()
    pdf.save(target)
    return target.getvalue()


def scripted() -> bytes:
    """Return a PDF that runs a script when it is opened."""
    action = pikepdf.Dictionary(S=pikepdf.Name("/JavaScript"), JS="app.alert(1)")
    return document(OpenAction=action)


def with_attachment() -> bytes:
    """Return a PDF that carries a program."""
    pdf = pikepdf.open(io.BytesIO(document()))
    pdf.attachments["run.exe"] = b"MZ"
    target = io.BytesIO()
    pdf.save(target)
    return target.getvalue()


def encrypted() -> bytes:
    """Return a PDF with a password."""
    pdf = pikepdf.open(io.BytesIO(document()))
    target = io.BytesIO()
    pdf.save(target, encryption=pikepdf.Encryption(owner="o", user="u"))
    return target.getvalue()


def archive() -> bytes:
    """Return a ZIP."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr("payload.js", "x" * 5000)
    return target.getvalue()


def bomb(size: int = 30_000) -> bytes:
    """Return a tiny PNG whose header promises ``size`` x ``size`` pixels."""
    target = io.BytesIO()
    Image.new("1", (size, size)).save(target, "PNG", compress_level=9)
    return target.getvalue()
