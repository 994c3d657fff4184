"""What a verification found: numbered steps, problems, findings, and what the caller still owes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.messages import said, text
from lmscompliance.verifier.reasons import in_chinese

_KEPT = 20
"""Problems named per step; the rest is counted."""


class Exit(IntEnum):
    """The process's exit status for each verdict."""

    VALID = 0
    INVALID = 1
    UNVERIFIABLE = 2
    VALID_WITH_FINDINGS = 3


class Verdict(StrEnum):
    """The answer."""

    VALID = "valid"
    INVALID = "invalid"
    UNVERIFIABLE = "unverifiable"
    VALID_WITH_FINDINGS = "valid-with-findings"

    @property
    def exit(self) -> Exit:
        """The exit status that goes with it."""
        return Exit[self.name]


class Status(StrEnum):
    """How a step ended."""

    PASS = "pass"  # noqa: S105  # a step's outcome, not a secret
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to say: a code of ``messages.toml`` and its parameters."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)

    def message(self, locale: str = "zh_CN") -> str:
        """Return the sentence."""
        params = dict(self.params)
        if locale == "zh_CN" and "reason" in params:
            params["reason"] = in_chinese(str(params["reason"]))
        return text(f"verifier.{self.code}", locale, **params)

    def to_json(self) -> dict[str, Json]:
        """Return code, parameters and both texts."""
        params: dict[str, Json] = {
            name: value if isinstance(value, (str, int)) else str(said(value))
            for name, value in self.params.items()
        }
        return {"code": self.code, "params": params, "zh": self.message(), "en": self.message("en")}


@dataclass(slots=True)
class Step:
    """One numbered step. A skipped one says why in ``because``."""

    number: int
    name: str
    status: Status = Status.PASS
    problems: list[Remark] = field(default_factory=list)
    problem_count: int = 0
    detail: Remark | None = None
    because: Remark | None = None

    def fail(self, code: str, /, **params: object) -> None:
        """Name a problem; the step has failed."""
        self.status = Status.FAIL
        self.problem_count += 1
        if len(self.problems) < _KEPT:
            self.problems.append(Remark(code, params))

    def absorb(self, other: Step) -> None:
        """Take over the problems that ``other`` collected."""
        for problem in other.problems:
            self.fail(problem.code, **problem.params)
        self.problem_count += other.problem_count - len(other.problems)

    def skip(self, code: str, /, **params: object) -> None:
        """Say why the step could not be taken; a failure already named stands."""
        if self.status is not Status.FAIL:
            self.status = Status.SKIP
        self.because = Remark(code, params)

    def say(self, code: str, /, **params: object) -> None:
        """Say what was checked."""
        self.detail = Remark(code, params)

    def title(self, locale: str = "zh_CN") -> str:
        """Return the step's name for people."""
        return text(f"verifier.step_{self.name}", locale)


@dataclass(slots=True)
class Report:
    """The whole result."""

    subject: dict[str, str] = field(default_factory=dict)
    """What was verified: class, code, log, size, snapshot, as far as it could be read."""
    steps: list[Step] = field(default_factory=list)
    findings: list[Remark] = field(default_factory=list)
    owes: list[Remark] = field(default_factory=list)
    unverifiable: list[Remark] = field(default_factory=list)
    """Why nothing can be said, if nothing can: no trust in the log, an unreadable file."""
    trainees: dict[str, int] = field(default_factory=dict)
    """Enrolment → number in the class, as the entries say: what samples are drawn from. It is not told."""
    _found: dict[str, int] = field(default_factory=dict)

    @property
    def problems(self) -> list[Remark]:
        """All problems of all steps, in order."""
        return [problem for step in self.steps for problem in step.problems]

    @property
    def verdict(self) -> Verdict:
        """The answer: what is wrong outweighs what cannot be told, and that outweighs findings."""
        if any(step.status is Status.FAIL for step in self.steps):
            return Verdict.INVALID
        if self.unverifiable:
            return Verdict.UNVERIFIABLE
        return Verdict.VALID_WITH_FINDINGS if self.findings else Verdict.VALID

    def step(self, name: str) -> Step:
        """Begin the next step."""
        step = Step(len(self.steps) + 1, name)
        self.steps.append(step)
        return step

    def find(self, code: str, /, **params: object) -> None:
        """Note a finding: a fact about the evidence that does not make it false."""
        self._found[code] = self._found.get(code, 0) + 1
        if self._found[code] <= _KEPT:
            self.findings.append(Remark(code, params))

    @property
    def told(self) -> list[Remark]:
        """The findings as they are told: where one kind is too many, the rest of it is counted."""
        rest = [count - _KEPT for count in self._found.values() if count > _KEPT]
        return self.findings + [Remark("more_findings", {"count": count}) for count in rest]

    def to_json(self) -> dict[str, Json]:
        """Return everything for a program."""
        return {
            "verdict": self.verdict.value,
            "exit": int(self.verdict.exit),
            "subject": dict(self.subject),
            "steps": [_step_json(step) for step in self.steps],
            "findings": [remark.to_json() for remark in self.told],
            "finding_counts": dict(self._found),
            "unverifiable": [remark.to_json() for remark in self.unverifiable],
            "owes": [remark.to_json() for remark in self.owes],
        }

    def lines(self, locale: str = "zh_CN") -> list[str]:
        """Return the report for people, line by line."""
        marks = {Status.PASS: "✓", Status.FAIL: "✗", Status.SKIP: "–"}
        out = []
        for step in self.steps:
            detail = step.because or step.detail
            tail = f"  {detail.message(locale)}" if detail else ""
            out.append(f"{marks[step.status]} {step.number:>2}. {step.title(locale)}{tail}")
            out += [f"      ✗ {problem.message(locale)}" for problem in step.problems]
            if step.problem_count > len(step.problems):
                out.append(
                    "      … " + text("verifier.more", locale, count=step.problem_count - len(step.problems))
                )
        for title, remarks in (
            ("unverifiable_title", self.unverifiable),
            ("findings_title", self.told),
            ("owes_title", self.owes),
        ):
            if remarks:
                out.append(text(f"verifier.{title}", locale))
                out += [f"  - {remark.message(locale)}" for remark in remarks]
        verdict = self.verdict
        out.append(text(f"verifier.verdict_{verdict.name.lower()}", locale))
        return out


def _step_json(step: Step) -> dict[str, Json]:
    return {
        "number": step.number,
        "name": step.name,
        "status": step.status.value,
        "title": {"zh": step.title(), "en": step.title("en")},
        "detail": step.detail.to_json() if step.detail else None,
        "because": step.because.to_json() if step.because else None,
        "problems": [problem.to_json() for problem in step.problems],
        "problem_count": step.problem_count,
    }
