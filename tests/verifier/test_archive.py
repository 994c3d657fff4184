"""The archive has one reading: every departure from the canonical form is refused, with its reason."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from lmscompliance.documents import archive as writer
from lmscompliance.documents.archive import write_archive
from lmscompliance.verifier import archive as reader
from lmscompliance.verifier.archive import CENTRAL, END, LOCAL64, Archive, NotCanonical, TooLong


def _made(folder: Path, **files: bytes) -> bytes:
    members = []
    for name, data in files.items():
        part = folder / name
        part.write_bytes(data)
        members.append((name, part))
    out = io.BytesIO()
    write_archive(out, members)
    return out.getvalue()


def _read(data: bytes, folder: Path) -> dict[str, bytes]:
    path = folder / "archive.zip"
    path.write_bytes(data)
    with Archive(path) as archive:
        return {name: archive.read(name, 1 << 30) for name in archive.members}


@pytest.fixture
def made(tmp_path: Path) -> bytes:
    """Return an archive of two files."""
    return _made(tmp_path, a=b"alpha" * 100, b=b"")


def test_what_is_written_is_read(made: bytes, tmp_path: Path) -> None:
    """Names, contents and order survive; the standard library agrees."""
    assert _read(made, tmp_path) == {"a": b"alpha" * 100, "b": b""}
    with zipfile.ZipFile(io.BytesIO(made)) as other:
        assert other.testzip() is None
        assert other.namelist() == ["a", "b"]
        assert other.read("a") == b"alpha" * 100


def test_the_same_files_give_the_same_bytes(made: bytes, tmp_path: Path) -> None:
    """Neither clock nor user nor umask is in it."""
    assert _made(tmp_path, a=b"alpha" * 100, b=b"") == made


def test_every_single_byte_counts(made: bytes, tmp_path: Path) -> None:
    """Whichever byte is flipped, the archive is refused or another file is read, never the same one."""
    whole = _read(made, tmp_path)
    for place in range(len(made)):
        changed = bytearray(made)
        changed[place] ^= 0x01
        try:
            assert _read(bytes(changed), tmp_path) != whole, place
        except NotCanonical:
            continue


def test_every_truncation_is_refused(made: bytes, tmp_path: Path) -> None:
    """No prefix of an archive is an archive."""
    for length in range(len(made)):
        with pytest.raises(NotCanonical):
            _read(made[:length], tmp_path)


@pytest.mark.parametrize("junk", [b"x", b"PK\x05\x06" + b"\0" * 18])
def test_data_around_the_archive(made: bytes, tmp_path: Path, junk: bytes) -> None:
    """Nothing may stand before the first entry or behind the end."""
    for data in (junk + made, made + junk):
        with pytest.raises(NotCanonical):
            _read(data, tmp_path)


def test_an_ordinary_zip_is_refused(tmp_path: Path) -> None:
    """Another writer's headers are another reading."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"alpha" * 100)
    with pytest.raises(NotCanonical, match="canonical form"):
        _read(out.getvalue(), tmp_path)


def test_data_behind_a_deflated_stream(made: bytes, tmp_path: Path) -> None:
    """An entry's deflated bytes end where its stream ends."""
    with pytest.raises(NotCanonical, match=r"behind the end|too early"):
        _read(_with_member(zlib.compress(b"alpha", 9)[2:-4] + b"hidden", b"alpha"), tmp_path)


def test_a_bomb(tmp_path: Path) -> None:
    """A size that few bytes can only reach by bombing is refused before anything is inflated."""
    content = b"\0" * (300 << 20)
    with pytest.raises(NotCanonical, match="claim to inflate"):
        _read(_with_member(zlib.compress(content, 9)[2:-4], content), tmp_path)


def test_names(tmp_path: Path) -> None:
    """A name that leads out of the archive, or stands there twice, is never written or read."""
    part = tmp_path / "x"
    part.write_bytes(b"x")
    for names in (["../x"], ["/x"], ["x/"], ["é"], ["x", "x"], [""], ["a//b"], ["x\n"]):
        with pytest.raises(ValueError, match=r"unique|plain ASCII"):
            write_archive(io.BytesIO(), [(name, part) for name in names])
    for evil in (b"../x", b"x\0y", b"a//b"):
        with pytest.raises(NotCanonical, match="not allowed"):
            _read(_with_member(zlib.compress(b"x")[2:-4], b"x", evil), tmp_path)


@pytest.mark.parametrize("limit", [499, 500])
def test_a_file_beyond_4_gib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """A size that its field cannot say, and no other, stands in the ZIP64 field; others read it too."""
    for module in (reader, writer):
        monkeypatch.setattr(module, "MAX_SIZE", limit)
    content = b"alpha" * 100
    made = _made(tmp_path, a=b"before", b=content, c=b"behind")
    assert _read(made, tmp_path) == {"a": b"before", "b": content, "c": b"behind"}
    deflate = zlib.compressobj(writer.LEVEL, zlib.DEFLATED, -15)
    packed = len(deflate.compress(content) + deflate.flush())
    assert (LOCAL64.pack(1, 16, 500, packed) in made) == (limit < 500)
    with zipfile.ZipFile(io.BytesIO(made)) as other:
        assert other.testzip() is None
        assert other.read("b") == content
        assert [one.extract_version for one in other.infolist()] == [20, 45 if limit < 500 else 20, 20]
    monkeypatch.setattr(reader, "MAX_SIZE", 999 - limit)
    with pytest.raises(NotCanonical, match="canonical form"):
        _read(made, tmp_path)


def test_every_byte_counts_beyond_4_gib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ZIP64 fields are no place for another reading either."""
    for module in (reader, writer):
        monkeypatch.setattr(module, "MAX_SIZE", 400)
    test_every_single_byte_counts(_made(tmp_path, a=b"alpha" * 100, b=b""), tmp_path)


def test_an_archive_beyond_4_gib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be too large as a whole is not written."""
    monkeypatch.setattr(writer, "MAX_SIZE", 100)
    with pytest.raises(writer.ArchiveTooLarge, match="c"):
        _made(tmp_path, a=b"alpha", b=b"beta" * 9, c=b"gamma")


def test_lines(tmp_path: Path) -> None:
    """Lines come whole, whatever the chunks; one that is too long or unfinished is refused."""
    path = tmp_path / "archive.zip"
    lines = [b"x" * length for length in (0, 1, 70_000, 3)]
    path.write_bytes(_made(tmp_path, a=b"".join(line + b"\n" for line in lines), b=b"no end"))
    with Archive(path) as archive:
        assert list(archive.lines("a", 100_000)) == lines
        with pytest.raises(TooLong):
            list(archive.lines("a", 1000))
        with pytest.raises(NotCanonical, match="does not end"):
            list(archive.lines("b", 1000))


def _with_member(deflated: bytes, content: bytes, name: bytes = b"a") -> bytes:
    """Return an archive of one entry with freely chosen deflated bytes."""
    sizes = (zlib.crc32(content), len(deflated), len(content))
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0x21, *sizes, len(name), 0) + name
    central = CENTRAL.pack(
        b"PK\x01\x02", 20, 20, 0, 8, 0, 0x21, *sizes, len(name), 0, 0, 0, 0, 0, 0
    ) + name  # fmt: skip
    offset = len(local) + len(deflated)
    return local + deflated + central + END.pack(b"PK\x05\x06", 0, 0, 1, 1, len(central), offset, 0)
