"""HTTP of exams: the gate, the paper, saving, handing in. Keys never leave while an attempt is open."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from flask import Response, jsonify
from flask.typing import ResponseReturnValue
from pydantic import Field

from lmscompliance.exams import receipts, service
from lmscompliance.exams.access import attempt_scope, class_scope, own_enrolment
from lmscompliance.exams.sheets import Change
from lmscompliance.exams.starting import Sitter
from lmscompliance.exams.viewing import ClosedPaper, OpenPaper
from lmscompliance.kernel.actor import Role
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.marking import plain
from lmscompliance.web import (
    Access,
    Body,
    Routes,
    client_ip,
    current_actor,
    current_services,
    json_body,
    render,
    user_agent,
)

routes = Routes()

_CLASS = Access(Role.TRAINEE, scope=class_scope)
_ATTEMPT = Access(Role.TRAINEE, scope=attempt_scope)
_WRITING = Access(Role.TRAINEE)
"""Whose attempt it is, the service asks under the row's lock: a save is too frequent to ask twice."""

Answer = Annotated[list[bool | int | str | None], Field(max_length=64)]
Answers = Annotated[dict[str, Answer | None], Field(max_length=400)]


Noticed = dict[Literal["left", "away_ms", "copied", "pasted"], Annotated[int, Field(ge=0, lt=2**31)]]


class SaveBody(Body):
    """A save: its number, one more than the last, answers that may have changed, what the page noticed."""

    seq: Annotated[int, Field(ge=0, lt=2**31)]
    answers: Answers = Field(default_factory=dict)
    flags: Noticed = Field(default_factory=dict)


@routes.get("/classes/<class_id>/exam", endpoint="exam", access=_CLASS)
def exam(class_id: str) -> ResponseReturnValue:
    """Show where the trainee stands with the exam, and why it is closed if it is."""
    services = current_services()
    enrolment = own_enrolment(services, current_actor().account, class_id)
    now = service.situation(services, class_id, enrolment)
    return render("exams/gate.html", now=now, notice=now.notice, plain=plain)


@routes.post("/api/exams/<class_id>/attempts", endpoint="attempt_start", access=_CLASS)
def attempt_start(class_id: str) -> ResponseReturnValue:
    """Open the next attempt and return its paper."""
    services, account = current_services(), current_actor().account
    attempt_id = service.start(
        services,
        class_id=class_id,
        enrolment_id=own_enrolment(services, account, class_id),
        sitter=Sitter(account, client_ip(), user_agent()),
    )
    return jsonify(_state(service.paper(services, attempt_id, account))), HTTPStatus.CREATED


@routes.get("/api/attempts/<attempt_id>", endpoint="attempt_state", access=_ATTEMPT)
def attempt_state(attempt_id: str) -> ResponseReturnValue:
    """Return an attempt: the open paper, or the closed one's result."""
    return jsonify(_state(service.paper(current_services(), attempt_id, current_actor().account)))


@routes.put("/api/attempts/<attempt_id>/answers", endpoint="attempt_save", access=_WRITING)
def attempt_save(attempt_id: str) -> ResponseReturnValue:
    """Save answers; the answer is sent once they are durable."""
    services = current_services()
    seq = service.save(
        services, attempt_id=attempt_id, account=current_actor().account, change=_change(attempt_id)
    )
    # By hand: two numbers need no encoder, and this is the most frequent answer of an exam.
    said = f'{{"seq":{seq},"now_us":{to_micros(services.clock.now())}}}\n'
    return Response(said, content_type="application/json")


@routes.post("/api/attempts/<attempt_id>/submit", endpoint="attempt_submit", access=_WRITING)
def attempt_submit(attempt_id: str) -> ResponseReturnValue:
    """Hand the paper in and return its result."""
    result = service.submit(
        current_services(),
        attempt_id=attempt_id,
        account=current_actor().account,
        change=_change(attempt_id),
    )
    return jsonify(_result(result))


@routes.get("/attempts/<attempt_id>", endpoint="attempt", access=_ATTEMPT)
def attempt(attempt_id: str) -> ResponseReturnValue:
    """Show the paper, or its result once it is closed."""
    services, account = current_services(), current_actor().account
    paper = service.paper(services, attempt_id, account)
    if isinstance(paper, OpenPaper):
        return render("exams/paper.html", paper=paper, now_us=to_micros(paper.now), us=to_micros)
    now = service.situation(services, paper.class_id, own_enrolment(services, account, paper.class_id))
    return render(
        "exams/result.html",
        paper=paper,
        result=paper.result,
        notice=now.notice,
        plain=plain,
        sealed=receipts.sealed(services, attempt_id, account),
    )


@routes.get("/attempts/<attempt_id>/receipt/<fact>", endpoint="attempt_receipt", access=_ATTEMPT)
def attempt_receipt(attempt_id: str, fact: str) -> ResponseReturnValue:
    """Hand out a receipt (C2SP tlog-proof) of the paper handed in, or of its mark."""
    text = receipts.receipt(current_services(), attempt_id, current_actor().account, fact)
    kept = {
        "Content-Disposition": f'attachment; filename="{fact}-{attempt_id}.tlog-proof"',
        "Cache-Control": "no-store",
    }
    return Response(text, headers=kept, content_type="text/plain; charset=utf-8")


def _change(attempt_id: str) -> Change:
    try:
        body = json_body(SaveBody)
    except InvalidInput:
        # Somebody else's attempt is 404 whatever is sent to it.
        attempt_scope(current_services(), current_actor(), {"attempt_id": attempt_id})
        raise
    answers: dict[str, Json] = {
        number: None if answer is None else list(answer) for number, answer in body.answers.items()
    }
    return Change(body.seq, answers, client_ip(), {str(name): count for name, count in body.flags.items()})


def _state(paper: OpenPaper | ClosedPaper) -> dict[str, object]:
    if isinstance(paper, OpenPaper):
        return {
            "attempt": paper.attempt,
            "number": paper.number,
            "state": "open",
            "opened_us": to_micros(paper.opened_at),
            "deadline_us": to_micros(paper.deadline_at),
            "now_us": to_micros(paper.now),
            "seq": paper.seq,
            "answers": paper.answers,
            "items": list(paper.items),
        }
    return {
        **_result(paper.result),
        "attempt": paper.result.attempt,
        "state": "closed",
        "opened_us": to_micros(paper.opened_at),
        "submitted_us": to_micros(paper.submitted_at),
        "answered": paper.answered,
        "review": [_reviewed(one) for one in paper.review],
    }


def _result(result: service.Result) -> dict[str, object]:
    return {
        "number": result.number,
        "score": None if result.score is None else plain(result.score),
        "full": plain(result.full),
        "passed": result.passed,
        "closed_by": result.closed_by,
        "voided": result.voided,
        "attempts_left": result.attempts_left,
    }


def _reviewed(one: service.Reviewed) -> dict[str, object]:
    question = one.question
    return {
        "no": one.no,
        **{name: question[name] for name in ("topic", "kind", "stem", "options", "key", "points")},
        **{name: question[name] for name in ("pictures", "option_pictures") if question.get(name)},
        "answer": one.answer,
        "correct": one.mark.correct,
        "earned": plain(one.mark.points),
    }
