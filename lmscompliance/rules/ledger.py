"""The learning ledger (学习台账): cover and sheets ①–⑤, every cell derived from leaf, disclosure and policy.

The product builds the workbook from its evidence log, the verifier from a bundle, both with this code, so a
cell that differs was edited. One pass over the class, one trainee in memory at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from lmscompliance.policy import Notice
from lmscompliance.rules import (
    ledger_cover,
    ledger_exam,
    ledger_learning,
    ledger_register,
    ledger_reported,
    reported,
)
from lmscompliance.rules.completion import training_verdict
from lmscompliance.rules.credit import account
from lmscompliance.rules.eligibility import eligibility
from lmscompliance.rules.exam import exam_verdict
from lmscompliance.rules.ledger_class import read_class
from lmscompliance.rules.ledger_context import Context, DataFile, Judged, Provenance
from lmscompliance.rules.ledger_facts import ClassRecord, Record, TraineeRecord
from lmscompliance.rules.ledger_table import Row, Sheet, Workbook
from lmscompliance.rules.ledger_trainee import read_trainees
from lmscompliance.tlog.leaf import Leaf

__all__ = ["EDITION", "DataFile", "Judged", "Observer", "Provenance", "Record", "build"]

EDITION = 1
"""Which edition of sheets and words this is; recorded with each export, so that old ledgers are recomputed
by the edition they were made with."""

IMPORTED = 6
"""The sheet of records from elsewhere, the last, in a class that has any."""


def _nothing(_: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Observer:
    """Told what is met on the way: leaf types nobody knows, and each trainee with every verdict."""

    unknown: Callable[[Leaf], None] = _nothing
    trainee: Callable[[Judged], None] = _nothing


def build(
    records: Iterable[Record],
    notice: Notice,
    provenance: Callable[[ClassRecord], Provenance],
    observer: Observer | None = None,
) -> Workbook:
    """Return the ledger of the class whose ``records`` come in the bundle's order.

    The class's own stream is read at once, the trainees while the rows are consumed. Raises ``BadFact`` or
    ``ValueError``, now or then, when a leaf does not say what it must or the policy is not the class's.
    """
    told = observer or Observer()
    class_part, trainee_part = _split(records)
    found = read_class(class_part, told.unknown)
    if notice.digest != found.fact.policy_digest:
        filed = found.fact.policy_digest
        msg = f"class {found.fact.code} was filed under policy digest {filed}, not {notice.digest}"
        raise ValueError(msg)
    context = Context(found, notice, provenance(found))
    trainees = read_trainees(trainee_part, found, told.unknown)
    sheets: tuple[Sheet, ...] = (
        ledger_cover.frame(context),
        ledger_register.frame(context),
        ledger_learning.detail_frame(context),
        ledger_learning.summary_frame(context),
        ledger_exam.content_frame(context),
        ledger_exam.results_frame(context),
    )
    if found.imports:
        sheets += (ledger_reported.frame(context),)
    title = f"学习台账 {found.fact.code}"
    return Workbook(title, sheets, _rows(context, trainees, told))


def judge(trainee: TraineeRecord, found: ClassRecord, notice: Notice) -> Judged:
    """Return ``trainee`` with every verdict on them."""
    sessions = [session.fact for session in trainee.sessions.values()]
    accounted = account(sessions, found.lessons, notice.credit, found.fact)
    elsewhere = [one.fact for one in trainee.reported]
    counted = reported.credited(elsewhere, accounted, found.lessons, notice, found.fact)
    counting = reported.with_reported(accounted, elsewhere, counted)
    training = training_verdict(found.fact, found.lessons, counting, notice)
    exam = exam_verdict([attempt.fact for attempt in trainee.attempts.values()], notice)
    return Judged(trainee, accounted, training, exam, eligibility(training, exam, notice), counted)


def _rows(context: Context, trainees: Iterator[TraineeRecord], told: Observer) -> Iterator[tuple[int, Row]]:
    cover, content = ledger_cover.Cover(context), ledger_exam.Content(context)
    learning = ledger_learning.Learning(context)
    imported = ledger_reported.Imported(context) if context.record.imports else None
    yield from _on(1, ledger_register.opening(context))
    yield from _on(2, learning.detail_opening())
    yield from _on(3, learning.summary_opening())
    yield from _on(5, ledger_exam.results_opening(context))
    if imported:
        yield from _on(IMPORTED, imported.opening())
    for trainee in trainees:
        judged = judge(trainee, context.record, context.notice)
        told.trainee(judged)
        cover.add(judged)
        content.add(judged)
        yield from _on(1, ledger_register.rows(judged))
        yield from _on(2, learning.detail_rows(judged))
        yield from _on(3, learning.summary_rows(judged))
        yield from _on(5, ledger_exam.results_rows(context, judged))
        if imported:
            yield from _on(IMPORTED, imported.rows(judged))
    yield from _on(2, learning.detail_closing())
    yield from _on(3, learning.summary_closing())
    if imported:
        yield from _on(IMPORTED, imported.closing())
    yield from _on(4, content.rows())
    yield from _on(0, cover.rows())


def _on(sheet: int, rows: Iterator[Row]) -> Iterator[tuple[int, Row]]:
    return ((sheet, row) for row in rows)


def _split(records: Iterable[Record]) -> tuple[Iterator[Record], Iterator[Record]]:
    """Return the class's own records and, once those are used up, the others."""
    source = iter(records)
    first_other: list[Record] = []

    def own() -> Iterator[Record]:
        for record in source:
            if not record.leaf.stream.startswith("class/"):
                first_other.append(record)
                return
            yield record

    def others() -> Iterator[Record]:
        yield from chain(first_other, source)

    return own(), others()
