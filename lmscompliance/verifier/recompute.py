"""Recomputes the ledger from the entries: scores, rules, and every cell of the workbooks at hand."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.policy import Notice
from lmscompliance.rules import ledger
from lmscompliance.rules.ledger_facts import ClassRecord
from lmscompliance.rules.ledger_table import Workbook
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.verifier import bundle
from lmscompliance.verifier.bundle import FileDigest
from lmscompliance.verifier.claims import ClaimCheck
from lmscompliance.verifier.entries import records
from lmscompliance.verifier.loose import AnyArchive
from lmscompliance.verifier.report import Remark, Report, Step
from lmscompliance.verifier.trainees import TraineeCheck
from lmscompliance.verifier.workbook import WorkbookCheck, compare, is_masked


@dataclass(slots=True)
class Recomputation:
    """The last steps. ``outside`` is a workbook that came without the bundle, or nothing."""

    archive: AnyArchive
    report: Report
    recorded: tuple[FileDigest, ...] | None
    edition: int
    outside: Path | None
    _trainees: TraineeCheck | None = field(init=False, default=None)
    _claims: ClaimCheck | None = field(init=False, default=None)

    def run(self, head: Checkpoint, notice: Notice | None) -> None:
        """Take the steps ``grades``, ``rules``, ``workbook`` and, if there is one to compare, ``outside``."""
        grades, rules, sheets = (self.report.step(name) for name in ("grades", "rules", "workbook"))
        outside = self.report.step("outside") if self.outside else None
        steps = [step for step in (grades, rules, sheets, outside) if step is not None]
        if notice is None or self.recorded is None:
            for step in steps:
                step.skip("earlier_failure")
            return
        if self.edition != ledger.EDITION:
            known = {"edition": self.edition, "known": ledger.EDITION}
            for step in steps:
                step.skip("unknown_edition", **known)
            self.report.unverifiable.append(Remark("unknown_edition", known))
            return
        with tempfile.TemporaryDirectory(prefix="lmsev-") as scratch:
            try:
                checks = [WorkbookCheck(sheets, self._extract(Path(scratch)))]
                copy = self._copy(outside)
                if copy is not None and not copy.public:
                    checks.append(copy)
                self._compare(checks, head, notice, grades, rules)
                if copy is not None and copy.public:
                    compare([copy], lambda: self._build(head, notice, None, public=True))
            except (ValueError, ArithmeticError, ComplianceError) as error:
                sheets.fail("cannot_recompute", reason=str(error))
                for step in steps:
                    if step is not sheets:
                        # Trainees behind the damage were not looked at, so these have not passed.
                        step.skip("earlier_failure")

    def _copy(self, step: Step | None) -> WorkbookCheck | None:
        """Return the comparison with the workbook outside the bundle, if there is one to be read."""
        if step is None or self.outside is None or not self._is_there(self.outside, step):
            return None
        return WorkbookCheck(step, self.outside, public=is_masked(self.outside))

    def _extract(self, folder: Path) -> Path:
        path = folder / "ledger.xlsx"
        with path.open("wb") as file:
            for chunk in self.archive.chunks(bundle.LEDGER):
                file.write(chunk)
        return path

    def _is_there(self, path: Path, step: Step) -> bool:
        try:
            path.open("rb").close()
        except OSError as error:
            why = {"path": str(path), "reason": error.strerror or str(error)}
            step.skip("unreadable", **why)
            self.report.unverifiable.append(Remark("unreadable", why))
            return False
        return True

    def _compare(
        self, checks: list[WorkbookCheck], head: Checkpoint, notice: Notice, grades: Step, rules: Step
    ) -> None:
        def build() -> Workbook:
            # A second reading of the same entries has nothing new to say about the trainees.
            if self._trainees:
                return self._build(head, notice, None)
            self._trainees = TraineeCheck(notice, 0, grades, rules, self.report)
            self._claims = ClaimCheck(notice, rules, self.report)
            return self._build(head, notice, self._trainees)

        compare(checks, build)
        if undisclosed := checks[0].undisclosed:
            self.report.find("cells_withheld", count=undisclosed)
        if self._trainees and self._claims:
            self._claims.end()
            self._trainees.end()

    def _build(
        self, head: Checkpoint, notice: Notice, check: TraineeCheck | None, *, public: bool = False
    ) -> Workbook:
        files = tuple(
            ledger.DataFile(file.name, file.sha256, file.size)
            for file in self.recorded or ()
            if file.name in bundle.DATA_FILES
        )

        def provenance(found: ClassRecord) -> ledger.Provenance:
            as_of_us = found.snapshot.at_us if found.snapshot else 0
            if check:
                check.as_of_us = as_of_us
                check.listen(found)
                if self._claims:
                    self._claims.listen(found)
            self.report.subject |= {"title": found.fact.title, "snapshot_us": str(as_of_us)}
            return ledger.Provenance(head.origin, head.size, to_base64(head.root), files)

        def judged(trainee: ledger.Judged) -> None:
            if check and self._claims:
                check.check(trainee)
                self._claims.check(trainee)

        observer = ledger.Observer(
            unknown=lambda leaf: self.report.find("unknown_type", type=leaf.t, stream=leaf.stream, n=leaf.n),
            trainee=judged,
        ) if check else None  # fmt: skip
        entries = self.archive.lines(bundle.ENTRIES, bundle.MAX_LINE)
        disclosures = self.archive.lines(bundle.DISCLOSURES, bundle.MAX_LINE)
        read = records(entries, disclosures, loose=True)
        return ledger.build(read, notice, provenance, observer, public=public)
