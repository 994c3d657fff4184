"""Reads exam attempts from an enrolment's stream: paper, answers and how they came about, marks, voiding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from lmscompliance.kernel.jcs import Json
from lmscompliance.policy.terms import ExamTerms
from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.facts import AttemptFact
from lmscompliance.rules.ledger_body import Body
from lmscompliance.rules.ledger_facts import (
    WITHHELD,
    AttemptRecord,
    MarkRecord,
    Record,
    RegradeRecord,
    TraineeRecord,
    VoidRecord,
)
from lmscompliance.rules.timeline import FLAGS, joined, saves


def read_accommodation(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    """Take a ``presence.accommodation`` leaf: whether more time is granted from here on."""
    trainee.longer = body.flag("granted")


def read_opened(trainee: TraineeRecord, record: Record, body: Body) -> None:
    """Take an ``attempt.opened`` leaf with the frozen paper."""
    attempt = body.text("attempt")
    if attempt in trainee.attempts:
        msg = "the attempt is opened twice"
        raise body.refuse(msg)
    fact = AttemptFact(attempt, body.whole("number"), body.whole("opened_us"), body.whole("deadline_us"))
    trainee.attempts[attempt] = AttemptRecord(
        fact,
        record.text("ip"),
        frozen_items(record, body),
        longer=trainee.longer,
        extra_seconds=body.maybe_whole("extra_seconds") or 0,
        blueprint_version=body.whole("blueprint_version"),
        photos=_moments(record, body),
    )


def _moments(record: Record, body: Body) -> Sequence[int] | None:
    """Return the moments drawn for photos: none where none were drawn, ``None`` where they are withheld."""
    if "photos" not in record.leaf.d:
        return ()
    moments = record.values.get("photos")
    if "photos" not in record.values:
        return None
    if not isinstance(moments, list) or not all(type(one) is int for one in moments):
        msg = "the moments of its photos are not a list of instants"
        raise body.refuse(msg)
    return [one for one in moments if isinstance(one, int)]


def read_photo(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    """Take an ``attempt.photo`` leaf: one answer to a photo whose drawn moment had come."""
    attempt = _attempt(trainee, body)
    n, due_us = body.whole("n"), body.whole("due_us")
    if n in attempt.photographed:
        msg = f"photo {n} is answered twice"
        raise body.refuse(msg)
    if attempt.photos is not None and (not 0 < n <= len(attempt.photos) or attempt.photos[n - 1] != due_us):
        msg = f"photo {n} was not drawn for this moment when the attempt was opened"
        raise body.refuse(msg)
    if body.whole("asked_us") < due_us:
        msg = f"photo {n} was asked for before its moment"
        raise body.refuse(msg)
    attempt.photographed.add(n)


def frozen_items(record: Record, body: Body) -> list[Mapping[str, Json] | None]:
    """Return the frozen questions a leaf commits to, in order; ``None`` for each that is not disclosed."""
    names = sorted(name for name in record.leaf.d if len(name) == 4 and name[0] == "q")  # noqa: PLR2004  # q001
    items: list[Mapping[str, Json] | None] = []
    for name in names:
        value = record.values.get(name)
        if name in record.values and not isinstance(value, dict):
            msg = f"the question {name} is not an object"
            raise body.refuse(msg)
        items.append(value if isinstance(value, dict) else None)
    return items


def read_submitted(trainee: TraineeRecord, record: Record, body: Body) -> None:
    """Take an ``attempt.submitted`` leaf: the answers, and every save that led to them."""
    attempt = _attempt(trainee, body)
    attempt.fact = replace(
        attempt.fact, submitted_us=body.whole("submitted_us"), closed_by=body.text("closed_by")
    )
    answers = record.values.get("answers")
    if "answers" in record.values and not isinstance(answers, list):
        msg = "the answers are not a list"
        raise body.refuse(msg)
    attempt.answers = answers if isinstance(answers, list) else None
    if body.maybe_whole("saves") is not None:
        noticed = body.inner("flags")
        attempt.flags = {name: noticed.whole(name) for name in FLAGS}
    try:
        timeline = joined(record.leaf.d, record.values)
        attempt.saves = None if timeline is None else list(saves(timeline))
    except (TypeError, ValueError) as error:
        raise body.refuse(str(error)) from error
    if attempt.saves is not None and len(attempt.saves) != body.maybe_whole("saves"):
        msg = "it counts other saves than its timeline holds"
        raise body.refuse(msg)


def read_graded(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    """Take an ``attempt.graded`` leaf."""
    attempt = _attempt(trainee, body)
    if attempt.graded is not None:
        msg = "the attempt is graded twice"
        raise body.refuse(msg)
    attempt.graded = (body.exact("score"), body.flag("passed"))
    attempt.graded_us = body.whole("graded_us")
    attempt.fact = replace(attempt.fact, score=attempt.graded[0], passed=attempt.graded[1])


def read_marked(trainee: TraineeRecord, record: Record, body: Body) -> None:
    """Take an ``attempt.marked`` leaf: what one person gave for one essay."""
    attempt = _attempt(trainee, body)
    item, marks = body.whole("item"), attempt.marks.setdefault(body.whole("item"), [])
    if attempt.fact.submitted_us is None or attempt.graded is not None or not 0 < item <= len(attempt.items):
        msg = "the attempt was not waiting for marks, or has no such question"
        raise body.refuse(msg)
    if body.whole("n") != len(marks) + 1:
        msg = f"mark {body.whole('n')} follows {len(marks)} marks"
        raise body.refuse(msg)
    marks.append(MarkRecord(body.exact("points"), body.whole("marked_us"), record.text("by")))


def read_regraded(trainee: TraineeRecord, record: Record, body: Body) -> None:
    """Take an ``attempt.regraded`` leaf: a wrong key was corrected, the latest score holds."""
    attempt = _attempt(trainee, body)
    if attempt.graded is None or not 1 <= body.whole("item") <= len(attempt.items):
        msg = "the attempt was never graded, or has no such question"
        raise body.refuse(msg)
    entry = RegradeRecord(
        item=body.whole("item"),
        at_us=body.whole("regraded_us"),
        score_before=body.exact("score_before"),
        score=body.exact("score"),
        passed=body.flag("passed"),
        key=record.values.get("key"),
        by=record.text("by"),
        why=record.text("why"),
    )
    attempt.regrades.append(entry)
    attempt.fact = replace(attempt.fact, score=entry.score, passed=entry.passed)


def read_void_requested(trainee: TraineeRecord, record: Record, body: Body) -> None:
    """Take an ``attempt.void_requested`` leaf; only one request waits at a time."""
    attempt = _attempt(trainee, body)
    if attempt.void is not None and attempt.void.confirmed is not False:
        msg = "the attempt is voided already, or about to be"
        raise body.refuse(msg)
    attempt.void = VoidRecord(body.whole("requested_us"), record.text("by"), record.text("reason"))


def read_void_decided(trainee: TraineeRecord, record: Record, body: Body) -> None:
    """Take an ``attempt.void_decided`` leaf, which answers a request."""
    attempt = _attempt(trainee, body)
    if attempt.void is None or attempt.void.confirmed is not None:
        msg = "nobody had asked to void the attempt, or it is decided already"
        raise body.refuse(msg)
    attempt.void.confirmed = body.flag("confirmed")
    attempt.void.decided_by = record.text("by")
    if attempt.void.confirmed:
        attempt.fact = replace(attempt.fact, voided_us=body.whole("decided_us"))


def marked(attempt: AttemptRecord, terms: ExamTerms) -> Iterator[str]:
    """Yield a line for each essay of a graded attempt, as sheet ⑤ has it: who gave what, what it came to."""
    if attempt.graded is None:
        # Who has still to mark may read the ledger.
        return
    given = attempt.given(terms)
    for number, marks in sorted(attempt.marks.items()):
        told = "、".join(f"{words.decimal(one.points)} 分（{one.by or WITHHELD}）" for one in marks)
        points = words.decimal(given[number]) if number in given else WITHHELD
        yield f"第 {number} 题评阅：{told}，得 {points} 分"


def voided(attempt: AttemptRecord) -> str:
    """Return a line about a voided attempt, as sheet ⑤ has it; empty for one that counts."""
    fact, void = attempt.fact, attempt.void
    if fact.voided_us is None or void is None:
        return ""
    score = "" if fact.score is None else f"，得分 {words.decimal(fact.score)}"
    return (
        f"第{fact.number}张答卷（{fact.attempt}，{words.moment(fact.opened_us)} 开考{score}）"
        f"已于 {words.moment(fact.voided_us)} 作废：{void.reason}"
    )


def _attempt(trainee: TraineeRecord, body: Body) -> AttemptRecord:
    attempt = trainee.attempts.get(body.text("attempt"))
    if attempt is None:
        msg = "the attempt was never opened"
        raise body.refuse(msg)
    return attempt
