"""Corrections and objections: reads them from an enrolment's stream and words them for the sheets."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.credit import EXCLUDE, RESTORE
from lmscompliance.rules.facts import Correction
from lmscompliance.rules.ledger_body import Body
from lmscompliance.rules.ledger_facts import CorrectionRecord, DisputeRecord, Record, TraineeRecord

EFFECTS = {EXCLUDE: "扣除", RESTORE: "恢复"}
ROLES = {"enterprise": "企业", "administrator": "平台"}
UPHELD, REJECTED = "upheld", "rejected"
"""What becomes of an objection."""
DECISIONS = {UPHELD: "成立", REJECTED: "不成立", "": "待处理"}


def read_correction(trainee: TraineeRecord, record: Record, body: Body) -> None:
    """Take a ``credit.corrected`` leaf: the session's fact changes, whatever has become of the session."""
    session = trainee.sessions.get(body.text("session"))
    if session is None:
        msg = "the session was never opened"
        raise body.refuse(msg)
    fact = Correction(
        correction=body.text("correction"),
        effect=body.text("effect"),
        start_us=body.whole("start_us"),
        end_us=body.whole("end_us"),
        at_us=body.whole("corrected_us"),
    )
    if fact.effect not in EFFECTS:
        msg = f"there is no correction {fact.effect!r}"
        raise body.refuse(msg)
    session.fact = replace(session.fact, corrections=(*session.fact.corrections, fact))
    trainee.corrections.append(
        CorrectionRecord(
            fact=fact,
            session=session.fact.session,
            role=body.text("role"),
            by=record.text("by"),
            reason=record.text("reason"),
            dispute=body.maybe_text("dispute"),
        )
    )


def read_opened(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    """Take a ``dispute.opened`` leaf."""
    trainee.disputes[body.text("dispute")] = DisputeRecord(
        body.text("session"), body.whole("start_us"), body.whole("end_us")
    )


def read_decided(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    """Take a ``dispute.decided`` leaf; each objection is decided once."""
    dispute = trainee.disputes.get(body.text("dispute"))
    if dispute is None or dispute.decision:
        msg = "the objection was never raised" if dispute is None else "the objection is decided twice"
        raise body.refuse(msg)
    dispute.decision = body.text("decision")


def of_session(trainee: TraineeRecord, session: str) -> str:
    """Return a line for each correction of a session: when, by whom, what, which stretch, why."""
    lines = []
    for one in trainee.corrections:
        if one.session == session:
            fact = one.fact
            start = words.moment(fact.start_us)
            end = words.clock(fact.end_us, relative_to=start[:10])
            by = words.named(ROLES, one.role)
            lines.append(f"{words.moment(fact.at_us)} {by}{EFFECTS[fact.effect]} {start}–{end}：{one.reason}")
    return "\n".join(lines)


def summary(trainee: TraineeRecord) -> str:
    """Return how often credit was corrected and what became of objections, as ③ has it."""
    effects = Counter(one.fact.effect for one in trainee.corrections)
    decisions = Counter(one.decision for one in trainee.disputes.values())
    parts = [f"{word} {effects[code]} 次" for code, word in EFFECTS.items() if effects[code]]
    parts += [f"异议{word} {decisions[code]} 件" for code, word in DECISIONS.items() if decisions[code]]
    return "；".join(parts)
