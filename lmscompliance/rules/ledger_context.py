"""What every sheet of a ledger is built from: the class, the policy, where it stands in the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lmscompliance.policy import Notice
from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.account import Account
from lmscompliance.rules.attendance import Attendance
from lmscompliance.rules.completion import TrainingVerdict
from lmscompliance.rules.exam import ExamVerdict
from lmscompliance.rules.ledger_facts import AttemptRecord, ClassRecord, TraineeRecord
from lmscompliance.rules.verdict import Verdict


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of the bundle that holds what the sheets were derived from, named on the cover."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the leaves stand: the log, its size and base64 root at the data checkpoint, and the files."""

    origin: str
    size: int
    root: str
    files: tuple[DataFile, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What is known before the first trainee is read."""

    record: ClassRecord
    notice: Notice
    provenance: Provenance
    public: bool = False
    """Whether this is the masked copy for public lists."""

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics of the plan in its order, then required ones the plan lacks."""
        named = dict.fromkeys(lesson.topic for lesson in self.record.lessons)
        return tuple(dict.fromkeys([*named, *self.notice.topics.required]))

    @property
    def policy(self) -> str:
        """The policy as people cite it, with its status when it is not in force."""
        status = "" if self.notice.status == "in-force" else f"（{self.status}）"
        return f"{self.notice.document}{status}"

    @property
    def status(self) -> str:
        """The policy's status in words."""
        return words.named(words.POLICY_STATUSES, self.notice.status)

    @property
    def as_of(self) -> str:
        """When the snapshot was taken: the ledger's 生成时间."""
        return words.moment(self.record.snapshot.at_us if self.record.snapshot else None)

    def note(self, text: str) -> str:
        """Return the line under a sheet's title."""
        fact = self.record.fact
        head = (
            f"批次：{fact.code}　企业：{self.record.enterprise_name}　政策：{self.policy}　截至：{self.as_of}"
        )
        return f"{head}\n{text}" if text else head

    def footer(self, sheet: str) -> str:
        """Return a printed footer: which ledger, which page."""
        code = self.record.fact.code[:40].replace("&", "&&")
        return f"&L {code} {sheet}&C第 &P 页 / 共 &N 页&R {self.as_of}"


@dataclass(frozen=True, slots=True)
class Judged:
    """A trainee with every verdict on them."""

    trainee: TraineeRecord
    account: Account
    attendance: Attendance
    training: TrainingVerdict
    exam: ExamVerdict
    eligible: Verdict
    reported: Mapping[str, int] = field(default_factory=dict)
    """Seconds that count of each session that another system reported, by its record."""
    complete_at_unlock: bool = False
    """Whether the training is complete, or was when the exam was unlocked, before later corrections."""

    @property
    def attempts(self) -> list[AttemptRecord]:
        """The attempts by number, failed ones included."""
        return sorted(self.trainee.attempts.values(), key=lambda one: (one.fact.number, one.fact.opened_us))
