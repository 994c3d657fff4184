"""Files that entries name by digest: which there are, under which names they are packed, and their check.

A bundle holds digests alone, since a class's scans and photos may be many gigabytes. Who is given the files
as well, in a folder or a ZIP, has each hashed and held against the entries; nothing is unpacked.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from lmscompliance.kernel.jcs import Json
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.verifier.loose import check_method
from lmscompliance.verifier.report import Remark, Report, Step

MAX_FILE = 1 << 30
"""Bytes of one file; what inflates to more is refused, not hashed on."""
_CHUNK = 1 << 20
CLASS = 0
"""Stands for a trainee's number in the names of files that are about the class."""
_SIGN_IN = "sign_in_sheet"
_NAME = re.compile(r"(?P<ordinal>[0-9]{5,})-(?P<kind>[a-z_]{1,32})-(?P<sha256>[0-9a-f]{64})\.[a-z]{1,8}\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_ORIGINAL = "original_sha256"
_NAMED_BY: Mapping[str, tuple[str, ...]] = {
    "proof.added": ("sha256", _ORIGINAL),
    "filing.document_added": ("sha256", _ORIGINAL),
    "attendance.scanned": ("sha256", _ORIGINAL),
    "attempt.photo": ("sha256", _ORIGINAL),
    "identity.verified": ("photo",),
    "claim.list_imported": ("sha256",),
    "records.imported": ("source_sha256",),
    "filing.dispatched": ("sha256", "listing_sha256"),
    "filing.project_chosen": ("catalogue_sha256",),
    "plan.mapped": ("standard_sha256",),
    "lesson.content_changed": ("content_sha256",),
    "certificate.issued": ("pdf_sha256",),
    "export.signed": ("sha256",),
}
"""Every digest of a file in a leaf of each type; lessons of a plan and files of an export stand in lists."""
_LISTED_BY: Mapping[str, tuple[str, str]] = {
    "plan.published": ("lessons", "content_sha256"),
    "export.recorded": ("files", "sha256"),
}
_ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file that is handed out beside a bundle: a proof, a stamped document, a scanned sign-in sheet."""

    sha256: str
    kind: str
    ending: str

    def name(self, ordinal: int) -> str:
        """Return its name in the pack; ``ordinal`` is the trainee's number, 0 for the class's own."""
        return f"{ordinal:05}-{self.kind}-{self.sha256}.{self.ending}"


PACKED = ("proof.added", "filing.document_added", "attendance.scanned")
"""Types of leaves whose files a pack holds."""


def packed(leaf: Leaf) -> PackedFile | None:
    """Return the file that ``leaf`` names and a pack holds, or nothing.

    Photos of faces are in no pack: they are looked at one by one, each look with its reason.
    """
    if leaf.t not in PACKED:
        return None
    kind = _SIGN_IN if leaf.t == "attendance.scanned" else str(leaf.body.get("kind"))
    ending = _ENDINGS.get(str(leaf.body.get("media_type")), "bin")
    return PackedFile(str(leaf.body.get("sha256")), kind, ending)


def _named(leaf: Leaf) -> Iterator[str]:
    for member in _NAMED_BY.get(leaf.t, ()):
        yield from _digest(leaf.body.get(member))
    if leaf.t in _LISTED_BY:
        name, member = _LISTED_BY[leaf.t]
        lines = leaf.body.get(name)
        for line in lines if isinstance(lines, list) else []:
            if isinstance(line, dict):
                yield from _digest(line.get(member))


def _digest(value: Json) -> Iterator[str]:
    if isinstance(value, str) and _DIGEST.match(value):
        yield value


@dataclass(slots=True)
class _Given:
    """A file that was given, and what entries have said of it so far."""

    name: str
    claims: tuple[int, str, str] | None
    """The trainee's number, kind and digest that its name states, if it is a pack's name."""
    known: bool = False
    fits: bool = False
    told: bool = False


@dataclass(slots=True)
class FileCheck:
    """Holds the files in ``paths``, folders and ZIPs, against the entries that are read meanwhile.

    Memory grows with what was given, not with the class.
    """

    paths: Sequence[Path]
    report: Report
    _step: Step = field(default_factory=lambda: Step(0, "files"))
    _by_digest: dict[str, list[_Given]] = field(default_factory=dict)
    _altered: dict[str, list[_Given]] = field(default_factory=dict)
    """By the digest in a file's name, where the file has another."""
    _ordinals: dict[str, int] = field(default_factory=dict)
    _packed: int = 0
    _missing: int = 0
    _hashed: int = 0

    def read(self) -> None:
        """Hash everything that was given."""
        for path in self.paths:
            try:
                for name, digest in _hashes(path, self._step):
                    self._take(name, digest)
            except OSError as error:
                why = {"path": str(path), "reason": error.strerror or str(error)}
                self._step.skip("unreadable", **why)
                self.report.unverifiable.append(Remark("unreadable", why))
            except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
                self._step.fail("files_unreadable", name=str(path), reason=str(error))

    def see(self, index: int, leaf: Leaf) -> None:
        """Take note of the files that an entry names; the class's own entries come first."""
        if leaf.t == "enrolment.created":
            enrolment, ordinal = leaf.body.get("enrolment"), leaf.body.get("ordinal")
            if isinstance(enrolment, str) and isinstance(ordinal, int):
                self._ordinals[f"enrolment/{enrolment}"] = ordinal
        one = packed(leaf)
        self._packed += one is not None
        if not self.paths:
            return
        ordinal = self._ordinals.get(leaf.stream, CLASS)
        there = False
        for digest in _named(leaf):
            for given in self._by_digest.get(digest, ()):
                there = given.known = True
                given.fits |= one is not None and given.claims == (ordinal, one.kind, one.sha256)
        if one is None:
            return
        for given in self._altered.get(one.sha256, ()):
            if not given.told:
                given.told = True
                self._step.fail("file_altered", name=given.name, index=index)
        if not there:
            self._missing += 1
            self.report.find("file_missing", name=one.name(ordinal), index=index)

    def end(self) -> None:
        """Take the step ``files`` if any were given, else say how many could be."""
        if not self.paths:
            if self._packed:
                self.report.owes.append(Remark("owe_files", {"count": self._packed}))
            return
        step = self.report.step("files")
        step.say("files_detail", given=self._hashed, packed=self._packed, missing=self._missing)
        if self._step.because is not None:
            step.skip(self._step.because.code, **self._step.because.params)
        step.absorb(self._step)
        for digest, many in self._by_digest.items():
            for given in many:
                if not given.known and not given.told:
                    step.fail("file_foreign", name=given.name, sha256=digest)
                elif given.known and given.claims is not None and not given.fits:
                    step.fail("file_misnamed", name=given.name)

    def _take(self, name: str, digest: str) -> None:
        self._hashed += 1
        found = _NAME.match(name.rpartition("/")[2])
        claims = (int(found["ordinal"]), found["kind"], found["sha256"]) if found else None
        given = _Given(name, claims)
        self._by_digest.setdefault(digest, []).append(given)
        if claims is not None and claims[2] != digest:
            self._altered.setdefault(claims[2], []).append(given)


def _hashes(path: Path, step: Step) -> Iterator[tuple[str, str]]:
    """Yield names and digests of the files in a folder or a ZIP, or of ``path`` itself."""
    if path.is_dir():
        for folder, folders, names in os.walk(path, onerror=_give_up):
            folders.sort()
            for name in sorted(names):
                one = Path(folder, name)
                # A link may lead anywhere, and a device has no end.
                if one.is_symlink() or not one.is_file():
                    step.fail("file_not_plain", name=str(one.relative_to(path)))
                    continue
                with one.open("rb") as file:
                    yield from _hash(one.relative_to(path).as_posix(), file, step)
    elif zipfile.is_zipfile(path) and path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    yield from _zipped(archive, info, step)
    else:
        with path.open("rb") as file:
            yield from _hash(path.name, file, step)


def _give_up(error: OSError) -> None:
    # Otherwise a folder that cannot be listed would count as an empty one.
    raise error


def _zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, step: Step) -> Iterator[tuple[str, str]]:
    try:
        check_method(info)
        with archive.open(info) as file:
            yield from _hash(info.filename, file, step)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        # One damaged or encrypted member; the others may be sound.
        step.fail("files_unreadable", name=info.filename, reason=str(error))


def _hash(name: str, file: IO[bytes], step: Step) -> Iterator[tuple[str, str]]:
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if size > MAX_FILE:
            step.fail("file_too_large", name=name, most=MAX_FILE)
            return
    yield name, digest.hexdigest()
