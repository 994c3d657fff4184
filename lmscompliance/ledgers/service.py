"""Exports a class's ledger: workbook, bundle and trust file, each whole under its final name or not there.

The order makes the proof: what the class's log holds is listed (snapshot) and sealed; the sheets are built
from those leaves alone; the files' digests are recorded and sealed in turn, and that later checkpoint goes
into the bundle. An unchanged class gives the same workbook and the same data files, byte for byte.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.documents.font import Typeface
from lmscompliance.evidence import stamping
from lmscompliance.evidence.cosigning import meets_trust
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.evidence.signer import Signer
from lmscompliance.jobs import aside
from lmscompliance.jobs.aside import Aside, Progress
from lmscompliance.kernel.errors import NotFound
from lmscompliance.ledgers import assemble
from lmscompliance.ledgers.gather import Cut, Gathered
from lmscompliance.ledgers.models import FULL, PUBLIC, LedgerExport
from lmscompliance.ledgers.placing import kept_directory, place, scratch
from lmscompliance.policy import Notice
from lmscompliance.rules import ledger
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.platform import declare_platform
from lmscompliance.verifier import bundle
from lmscompliance.verifier.bundle import FileDigest

BY_COMMAND = "command-line"
"""Who asked for an export that no signed-in user asked for."""

_UNSAFE = re.compile(r"[^\w.-]+")
_STEM_LENGTH = 60


def _nothing_else(_session: Session) -> None:
    pass


@dataclass(frozen=True, slots=True)
class How:
    """How an export is made: under which id, where the bulk of the work is done, and what counts with it."""

    export_id: str
    aside: Aside = aside.here
    closing: Callable[[Session], None] = _nothing_else
    """Called in the transaction that makes the export count, first; what it raises leaves no export."""


@dataclass(frozen=True, slots=True)
class Export:
    """A finished export and where its files stand; ``size`` is the log's at the data checkpoint."""

    id: str
    class_id: str
    workbook: Path
    bundle: Path
    trust: Path
    receipt: Path
    snapshot: str
    size: int
    pdf: Path | None = None


def export(
    services: Services,
    signer: Signer,
    class_id: str,
    out_dir: Path,
    progress: Progress | None = None,
    *,
    requested_by: str = BY_COMMAND,
    pdf: bool = False,
    form: str = FULL,
) -> Export:
    """Export the class's ledger into ``out_dir``: ``CODE`` with ``.xlsx``, ``.lmsev.zip`` and two more.

    These are ``.trust`` and ``.tlog-proof``, the receipt; with ``pdf`` also ``.pdf``, the archive copy. In
    the form ``PUBLIC`` the workbook is masked, the bundle holds nobody's values and a workbook without them,
    and the names begin with ``CODE.public``.
    Raises ``NotFound`` for an unknown class and ``Conflict`` when its evidence cannot be sealed. Safe to
    repeat: whatever is interrupted leaves at most an entry in the log that no file refers to, and files of
    an earlier export are replaced only by whole ones, the bundle last.
    """
    told = progress or _silent
    run = _Run(services, signer, class_id, told, requested_by, pdf, form, How(services.ids.new()))
    return run.into(out_dir, kept=False)


def export_for_download(
    services: Services,
    signer: Signer,
    class_id: str,
    progress: Progress | None = None,
    *,
    requested_by: str = BY_COMMAND,
    pdf: bool = False,
    form: str = FULL,
    how: How | None = None,
) -> Export:
    """Export into the export directory, from where the class's ledger page offers it for download.

    Whatever is raised, nothing is left there. Dying leaves a folder that ``placing.sweep`` removes.
    """
    how = how or How(services.ids.new())
    told = progress or _silent
    run = _Run(services, signer, class_id, told, requested_by, pdf, form, how)
    folder = kept_directory(services, class_id, how.export_id)
    try:
        return run.into(folder, kept=True)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _silent(_phase: str, _done: int, _total: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class _Subject:
    """What an export is of."""

    cut: Cut
    code: str
    notice: Notice
    taken_at: datetime
    form: str

    @property
    def stem(self) -> str:
        """The class's code as part of a file name."""
        stem = _UNSAFE.sub("-", self.code).strip(".-")[:_STEM_LENGTH] or self.cut.class_id
        return stem if self.form == FULL else f"{stem}.{self.form}"


@dataclass(frozen=True, slots=True)
class _Made:
    """The data, all files that are recorded, and the workbook among them that is handed out."""

    data: Gathered
    files: list[FileDigest]
    workbook: FileDigest


@dataclass(frozen=True, slots=True)
class _Run:
    """One export on its way."""

    services: Services
    signer: Signer
    class_id: str
    progress: Progress
    requested_by: str
    pdf: bool
    form: str
    how: How

    def into(self, out_dir: Path, *, kept: bool) -> Export:
        """Make all files aside and put them in place."""
        out_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with scratch(out_dir) as folder:
            subject = self._snapshot()
            cut, stem = subject.cut, subject.stem
            done = Export(
                id=self.how.export_id,
                class_id=self.class_id,
                workbook=out_dir / f"{stem}.xlsx",
                bundle=out_dir / f"{stem}.lmsev.zip",
                trust=out_dir / f"{stem}.trust",
                receipt=out_dir / f"{stem}.tlog-proof",
                snapshot=cut.snapshot,
                size=cut.size,
                pdf=out_dir / f"{stem}.pdf" if self.pdf else None,
            )
            # What writes to the database stays in this process, see ``jobs.aside``.
            made = self.how.aside(partial(self._data, folder, subject), self.progress)
            files, workbook = made.files, made.workbook
            recorded_n = self._record(subject, files, workbook, kept=kept)
            # Dying from here on leaves digests in the log without files; asking again makes both anew.
            sealed = seal_all(self.services, self.signer).size
            stamped_at = stamping.stamp(self.services, sealed)
            packing = partial(self._bundle, folder, subject, made, recorded_n=recorded_n, sealed=sealed)
            digest = self.how.aside(packing, self.progress)
            assemble.write_receipt(self.services, self.class_id, recorded_n, folder / "receipt")
            (folder / "trust").write_text(assemble.trust_text(self.signer, self.services), encoding="utf-8")
            paper = {folder / bundle.LEDGER_PDF: done.pdf} if done.pdf else {}
            place(
                {
                    **paper,
                    folder / workbook.name: done.workbook,
                    folder / "trust": done.trust,
                    folder / "receipt": done.receipt,
                    folder / "bundle": done.bundle,
                }
            )
            self.progress("bundle", 1, 1)
        self._finish(digest, stamped_at, kept=kept)
        return done

    def _data(self, folder: Path, subject: _Subject, progress: Progress) -> _Made:
        """Write the data files and the workbooks."""
        progress("entries", 0, 1)
        with reading(self.services.database) as session:
            data = assemble.write_data(
                session, self.services, subject.cut, subject.notice, folder=folder, progress=progress
            )
        masked: list[FileDigest] = []
        if self.form == PUBLIC:
            # Masked from the whole data, which is also what it can be checked with; then these go.
            masked = self._workbook(folder, subject, data.files, progress, masked=True)
            data = assemble.strip(folder, data)
        made = self._workbook(folder, subject, data.files, progress)
        files = assemble.with_sm3(self.signer, data.files + made, folder)
        return _Made(data, files, (masked or made)[0])

    def _bundle(
        self,
        folder: Path,
        subject: _Subject,
        made: _Made,
        progress: Progress,
        *,
        recorded_n: int,
        sealed: int,
    ) -> FileDigest:
        progress("bundle", 0, 1)
        with reading(self.services.database) as session:
            return assemble.write_bundle(
                session,
                self.signer,
                subject.cut,
                code=subject.code,
                recorded_n=recorded_n,
                sealed=sealed,
                data=made.data,
                files=made.files,
                folder=folder,
                progress=progress,
            )

    def _workbook(
        self,
        folder: Path,
        subject: _Subject,
        files: Sequence[FileDigest],
        progress: Progress,
        *,
        masked: bool = False,
    ) -> list[FileDigest]:
        return assemble.write_workbook(
            folder,
            subject.notice,
            files,
            subject.taken_at,
            progress,
            printed=Typeface(self.services.settings.fonts_dir) if self.pdf and not masked else None,
            masked=masked,
        )

    def _snapshot(self) -> _Subject:
        """List the class's streams, seal them, and choose the data checkpoint."""
        # Read before anything is locked: a new process takes long for the first rows it ever reads, and on
        # SQLite every beat would wait for it.
        with reading(self.services.database) as session:
            found = queries.class_by_id(session, self.class_id)
            notice = queries.notice_of(session, found)
        with transaction(self.services.database) as session:
            declare_platform(session, self.services, self.class_id)
            taken = evidence.snapshot(session, self.services, self.class_id, "export")
            # The same snapshot keeps the checkpoint of its first export, so that its files stay the same,
            # unless it is of the log's former name or lacks the witnesses that are now demanded.
            size = session.scalar(
                select(LedgerExport.data_size)
                .where(LedgerExport.class_id == self.class_id, LedgerExport.snapshot == taken.id)
                .order_by(LedgerExport.recorded_n)
                .limit(1)
            )
        sealed = seal_all(self.services, self.signer)
        if size is None or not meets_trust(self.services, size):
            size = sealed.size
        cut = Cut(self.class_id, taken.id, taken.first_n + taken.pages, size)
        return _Subject(cut, found.code, notice, taken.taken_at, self.form)

    def _record(
        self, subject: _Subject, files: Sequence[FileDigest], workbook: FileDigest, *, kept: bool
    ) -> int:
        """Put the files' digests into the log, and the export into the list, in one transaction."""
        cut, now = subject.cut, self.services.clock.now()
        with transaction(self.services.database) as session:
            recorded = evidence.record(
                session,
                self.services,
                class_id=self.class_id,
                stream=evidence.class_stream(self.class_id),
                type="export.recorded",
                at=now,
                body=bundle.export_body(ledger.EDITION, cut.snapshot, cut.size, files),
            )
            session.add(
                LedgerExport(
                    class_id=self.class_id,
                    id=self.how.export_id,
                    snapshot=cut.snapshot,
                    data_size=cut.size,
                    taken_at=subject.taken_at,
                    recorded_at=now,
                    recorded_n=recorded.n,
                    requested_by=self.requested_by,
                    form=self.form,
                    stem=subject.stem,
                    kept=kept,
                    workbook_sha256=workbook.sha256,
                    workbook_size=workbook.size,
                )
            )
        return recorded.n

    def _finish(self, digest: FileDigest, stamped_at: datetime | None, *, kept: bool) -> None:
        """Let the export count: from this commit on it is offered, and its job is done; or neither is."""
        with transaction(self.services.database) as session:
            self.how.closing(session)
            counts = session.execute(
                update(LedgerExport)
                .where(
                    LedgerExport.class_id == self.class_id,
                    LedgerExport.id == self.how.export_id,
                    # The class may have been purged meanwhile.
                    LedgerExport.kept.is_(kept),
                )
                .values(
                    bundle_sha256=digest.sha256,
                    bundle_size=digest.size,
                    finished_at=self.services.clock.now(),
                    stamped_at=stamped_at,
                )
                .returning(LedgerExport.id)
            )
            if counts.first() is None:
                raise NotFound("ledgers.purged_meanwhile")
