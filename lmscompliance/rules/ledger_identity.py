"""Reads what an enrolment's stream says about who the trainee is."""

from __future__ import annotations

from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.identity import SUSPICIONS, VERDICTS, IdentityFact
from lmscompliance.rules.ledger_body import Body
from lmscompliance.rules.ledger_facts import Record, TraineeRecord
from lmscompliance.rules.merging import APART, MERGED, SECOND, YIELDS, MergeFact

SECOND_US = 1_000_000
_DETAILS = {"name": "姓名", "sex": "性别", "id_number": "身份证号", "phone": "联系电话"}
"""Details that may be corrected, by their attribute."""


def read_registered(trainee: TraineeRecord, body: Body) -> None:
    """Read the verification that stood at registration."""
    said = body.inner("verification")
    method, result, at_us = said.text("method"), said.text("result"), said.maybe_whole("at_us")
    trainee.verification = (method, result, at_us)
    _note(trainee, body, result, at_us or 0, VERDICTS)


def read_verified(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    """Read a later verification."""
    verified = (body.text("method"), body.text("result"), body.whole("at_us"))
    trainee.verified.append(verified)
    trainee.verification = verified
    _note(trainee, body, verified[1], verified[2], VERDICTS)


def read_suspicion(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    """Read what people decided about a suspicion of fraud."""
    _note(trainee, body, body.text("kind"), body.whole("at_us"), SUSPICIONS)


def read_corrected(trainee: TraineeRecord, record: Record, body: Body) -> None:
    """Read a detail that was corrected: from here on the ledger shows it."""
    said = [
        f"更正{_DETAILS[name]}（原为{record.text(f'{name}_before')}）"
        for name in _DETAILS
        if name in record.leaf.d
    ]
    _show(trainee, record)
    _amended(trainee, body, "、".join(said))


def read_merged(trainee: TraineeRecord, record: Record, body: Body) -> None:
    """Read that this record and another are one person's; whose details hold is shown from here on."""
    second = body.flag("second")
    kind = SECOND if second else MERGED
    trainee.merges.append(MergeFact(body.whole("at_us"), kind, body.text("merge")))
    which = "before" if "name" in record.leaf.d else "other"
    shown = f"{record.text(f'name_{which}')} {record.text(f'id_number_{which}')}"
    _show(trainee, record)
    said = "并入该人的登记（原登记" if which == "before" else "与同一人的登记合并（另一登记"
    _amended(trainee, body, f"{said}：{shown}）" + ("，本班重复登记不计" if second else ""))


def read_separated(trainee: TraineeRecord, record: Record, body: Body) -> None:
    """Read that such a union was taken back: the record's own details hold again."""
    merge = body.text("merge")
    if all(one.merge != merge for one in trainee.merges):
        msg = "the records were never merged"
        raise body.refuse(msg)
    trainee.merges.append(MergeFact(body.whole("at_us"), APART, merge))
    _show(trainee, record)
    _amended(trainee, body, "撤销登记合并")


def read_yields(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    """Read the stretches that yield to the same person's sessions elsewhere."""
    listed = body.tuples("stretches", str, int, int)
    if any(session not in trainee.sessions for session, _, _ in listed):
        msg = "the session was never opened"
        raise body.refuse(msg)
    stretches = tuple((session, start // SECOND_US, end // SECOND_US) for session, start, end in listed)
    trainee.merges.append(
        MergeFact(body.whole("at_us"), YIELDS, "", stretches, continues=body.whole("part") > 1)
    )


def _show(trainee: TraineeRecord, record: Record) -> None:
    for name in _DETAILS:
        if name in record.leaf.d:
            setattr(trainee, name, record.text(name))


def _amended(trainee: TraineeRecord, body: Body, said: str) -> None:
    trainee.amended.append(f"{words.moment(body.whole('at_us'))} {said}")


def _note(trainee: TraineeRecord, body: Body, kind: str, at_us: int, known: tuple[str, ...]) -> None:
    if kind not in known:
        msg = f"'{kind}' is none of {', '.join(known)}"
        raise body.refuse(msg)
    trainee.identity.append(IdentityFact(at_us, kind))
