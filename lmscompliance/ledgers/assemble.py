"""Makes the files of an export in a scratch folder: data, workbook, bundle, trust."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from lmscompliance.documents import xlsx
from lmscompliance.documents.archive import write_archive
from lmscompliance.documents.font import Typeface
from lmscompliance.evidence import class_stream, reader, stamping, streams
from lmscompliance.evidence.cosigning import quorum_lines
from lmscompliance.evidence.receipts import holders_receipt
from lmscompliance.evidence.signer import Signer
from lmscompliance.evidence.succession import successions
from lmscompliance.jobs.aside import Progress
from lmscompliance.kernel.errors import Conflict, Misconfigured
from lmscompliance.ledgers.earlier import write_earlier
from lmscompliance.ledgers.gather import Cut, Gathered, HashedFile, write_evidence
from lmscompliance.ledgers.paper import Paper
from lmscompliance.policy import Notice
from lmscompliance.rules import ledger
from lmscompliance.rules.ledger_facts import ClassRecord
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.ended import ended_line
from lmscompliance.tlog.notes import Note
from lmscompliance.tlog.proof import TlogProof
from lmscompliance.verifier import bundle
from lmscompliance.verifier.bundle import FileDigest, Manifest
from lmscompliance.verifier.entries import records

MASKED = "masked.xlsx"
_NOBODYS = frozenset({"enterprise_name", "enterprise_uscc"})
"""Values that a bundle for public mirrors discloses; what is not listed here is not in it."""
_CHUNK = 1 << 20


def write_data(
    session: Session, services: Services, cut: Cut, notice: Notice, *, folder: Path, progress: Progress
) -> Gathered:
    """Write the data files of ``cut``; their digests are in the order of ``bundle.DATA_FILES``."""
    checkpoint = _write(folder, bundle.CHECKPOINT, reader.checkpoint(session, cut.size).encode("utf-8"))
    gathered = write_evidence(session, services, cut, folder, progress)
    policy = _write(folder, bundle.POLICY, notice.effective_json())
    return replace(gathered, files=[checkpoint, *gathered.files, policy])


def write_workbook(
    folder: Path,
    notice: Notice,
    data: Sequence[FileDigest],
    taken_at: datetime,
    progress: Progress,
    *,
    printed: Typeface | None = None,
    masked: bool = False,
) -> list[FileDigest]:
    """Build the sheets from the data files in ``folder``, as any verifier will, and write the workbook.

    The same rows are ``printed`` in a typeface as PDF/A as well, if one is given. A ``masked`` one, for
    public lists, is written beside it as ``MASKED`` and belongs to no bundle.
    """
    name = MASKED if masked else bundle.LEDGER
    head = Checkpoint.parse(Note.parse((folder / bundle.CHECKPOINT).read_bytes()).text)
    files = tuple(ledger.DataFile(file.name, file.sha256, file.size) for file in data)
    count = [0, 0]
    where = ledger.Provenance(head.origin, head.size, to_base64(head.root), files)
    read: list[ClassRecord] = []
    paper: Paper | None = None

    def provenance(found: ClassRecord) -> ledger.Provenance:
        count[1] = len(found.enrolments)
        read.append(found)
        return where

    def judged(one: ledger.Judged) -> None:
        count[0] += 1
        if paper is not None:
            paper.judged(one)
        progress("masked" if masked else "workbook", count[0], count[1])

    workbook = ledger.build(
        # Loosely: their form is what has just been written here.
        records(_lines(folder / bundle.ENTRIES), _lines(folder / bundle.DISCLOSURES), loose=True),
        notice,
        provenance,
        ledger.Observer(trainee=judged),
        public=masked,
    )
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    if printed is None:
        xlsx.write(path, workbook, taken_at)
        return [bundle.digest_of(name, _chunks(path))]
    with tempfile.TemporaryDirectory(dir=folder, prefix=".paper-") as scratch:
        paper = Paper(Path(scratch), workbook, notice, read[0], printed)
        xlsx.write(path, replace(workbook, rows=paper.rows()), taken_at)
        paper.write(folder / bundle.LEDGER_PDF, where, taken_at, progress)
    return [bundle.digest_of(one, _chunks(folder / one)) for one in (name, bundle.LEDGER_PDF)]


def strip(folder: Path, data: Gathered) -> Gathered:
    """Take every value that is about a person, or is a question, out of the data files in ``folder``."""
    path = folder / bundle.DISCLOSURES
    whole = path.rename(folder / "whole")
    with HashedFile(folder, bundle.DISCLOSURES) as file:
        for line in _lines(whole):
            if bundle.Disclosure.decode(line).name in _NOBODYS:
                file.write(line + b"\n")
        stripped = file.digest()
    whole.unlink()
    files = [stripped if one.name == stripped.name else one for one in data.files]
    return replace(data, files=files, packed={bundle.ENTRIES: data.packed[bundle.ENTRIES]})


def write_bundle(
    session: Session,
    signer: Signer,
    cut: Cut,
    *,
    code: str,
    recorded_n: int,
    sealed: int,
    data: Gathered,
    files: Sequence[FileDigest],
    folder: Path,
    progress: Progress,
) -> FileDigest:
    """Write the archive ``folder``/bundle around what is there, with the proof that ``files`` were recorded.

    ``recorded_n`` is the ``export.recorded`` entry of the class's stream, ``sealed`` the size of the
    checkpoint that holds it. Raises ``Conflict`` when it does not.
    """
    stream = class_stream(cut.class_id)
    index = streams.index_of(session, cut.class_id, stream, recorded_n)
    later = reader.checkpoint(session, sealed)
    head = Checkpoint.parse(Note.parse(later).text)
    if index is None or index >= head.size:
        raise Conflict("ledgers.not_sealed", stream=stream, sealed=recorded_n, recorded=recorded_n + 1)
    hashes = tuple(reader.inclusion_proof(session, index, head.size))
    consistency = reader.tree(session).consistency(cut.size, head.size)
    made = {file.name: file for file in files}
    for name, content in (
        (bundle.LOG_KEY, "".join(f"{vkey}\n" for vkey in signer.vkeys).encode()),
        (bundle.EXPORT_LEAF, streams.leaf_of(session, cut.class_id, stream, recorded_n)),
        (bundle.EXPORT_PROOF, TlogProof(index, hashes, later).encode().encode("utf-8")),
        (bundle.EXPORT_CONSISTENCY, bundle.encode_consistency(consistency)),
    ):
        made[name] = _write(folder, name, content)
    made[bundle.CHECKPOINTS] = write_earlier(
        session, folder, cut.size, head.size, first=data.first, named=data.named
    )
    names = [name for name in bundle.ORDER if name in made]
    listed = tuple(with_sm3(signer, [made[name] for name in names], folder))
    manifest = Manifest(cut.class_id, code, cut.snapshot, cut.size, ledger.EDITION, listed)
    _write(folder, bundle.MANIFEST, manifest.encode())
    session.rollback()  # nothing more is read, and a snapshot held while packing would be in others' way
    path = folder / "bundle"
    with path.open("xb") as target:
        members = [(name, data.packed.get(name, folder / name)) for name in (bundle.MANIFEST, *names)]
        whole = sum((folder / name).stat().st_size for name, _ in members)
        write_archive(target, members, lambda read: progress("bundle", read, whole + 1))
    return bundle.digest_of("bundle", _chunks(path))


def write_receipt(services: Services, class_id: str, recorded_n: int, path: Path) -> None:
    """Write the receipt of the sealed ``export.recorded`` entry: whose digests the files must have."""
    with reading(services.database) as session:
        text = holders_receipt(session, services, class_id, class_stream(class_id), recorded_n)
    if text is None:
        raise Conflict(
            "ledgers.not_sealed", stream=class_stream(class_id), sealed=recorded_n, recorded=recorded_n + 1
        )
    path.write_text(text, encoding="utf-8")


def with_sm3(signer: Signer, files: Sequence[FileDigest], folder: Path) -> list[FileDigest]:
    """Return ``files`` with their SM3 digests where the log has an SM2 key; else as they are."""
    if signer.national is None:
        return list(files)
    return [replace(file, sm3=_sm3(folder / file.name)) for file in files]


def _sm3(path: Path) -> str:
    try:
        digest = hashlib.new(bundle.SM3)
    except ValueError as error:
        raise Misconfigured("ledgers.no_sm3") from error
    for chunk in _chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def trust_text(signer: Signer, services: Services) -> str:
    """Return a trust policy (C2SP tlog-policy) for this platform's log and the witnesses it asks.

    It lists retired keys, too: an unchanged class keeps a checkpoint that only these have signed.
    """
    with reading(services.database) as session:
        former = successions(session)
    return (
        "# 学习台账核验信任文件:请经主管部门等另一渠道核对下面的公钥。\n"
        "# Trust policy for verifying ledgers: compare the keys below through another channel.\n"
        + "".join(f"log {vkey}\n" for vkey in signer.vkeys)
        + "".join(ended_line(one.last) for one in former)
        + (f"# sm2 {signer.national}\n" if signer.national else "")
        + stamping.trust_lines(services)
        + quorum_lines(services.settings.witnesses)
    )


def _write(folder: Path, name: str, data: bytes) -> FileDigest:
    with HashedFile(folder, name) as file:
        file.write(data)
        return file.digest()


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for line in file:
            yield line.removesuffix(b"\n")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
