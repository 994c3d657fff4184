"""What a case of the tamper corpus is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.verifier.tamper import Files


@dataclass(frozen=True)
class Expected:
    """The exit status, the step that must fail, and what its Chinese sentences must name.

    Without a step, a finding or a reason why nothing can be told must name it.
    """

    exit: int
    step: str = ""
    named: str = ""

    def missing_in(self, report: dict) -> str:
        """Return what the report does not say of it, or nothing."""
        if report["exit"] != self.exit:
            return f"the verdict is {report['verdict']}"
        remarks = report["findings"] + report["unverifiable"]
        if self.step:
            [step] = [one for one in report["steps"] if one["name"] == self.step]
            if step["status"] != "fail":
                return f"the step {self.step} is {step['status']}"
            remarks = step["problems"]
        if any(self.named in remark["zh"] for remark in remarks) or not self.named:
            return ""
        return f"'{self.named}' is not in {[remark['zh'] for remark in remarks]}"


@dataclass(frozen=True)
class Change:
    """A bundle's files after tampering; a ``careful`` attacker also fixes the manifest's digests."""

    name: str
    files: Files
    expected: Expected
    careful: bool = True


@dataclass(frozen=True)
class Case:
    """One bundle with what a caller would hand in beside it."""

    name: str
    bundle: Path
    trust: str | None
    expected: Expected
    workbook: Path | None = None

    def __str__(self) -> str:
        return self.name
