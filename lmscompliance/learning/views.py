"""HTTP of learning: sessions and beats for the tracker, and our own lesson page.

Beats and the end of a session are authenticated by the session token alone, so that ``sendBeacon`` (which
sends no headers of ours and calls its JSON text/plain) works while a page is going away.
"""

from __future__ import annotations

from http import HTTPStatus
from itertools import pairwise
from typing import Annotated, Literal, Self

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from lmscompliance.kernel.actor import RUNNING, Role
from lmscompliance.kernel.errors import Unauthenticated
from lmscompliance.learning import beats, nonces, progress, service, shown, steps
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.presence import grants
from lmscompliance.learning.presence import service as presence
from lmscompliance.learning.sent import LateBeat, SentBeat
from lmscompliance.learning.tracker import compliance_tracker
from lmscompliance.rules.facts import OFFLINE
from lmscompliance.training.access import class_scope, enrolment_scope
from lmscompliance.training.own_lessons import lesson_scope
from lmscompliance.web import (
    TOKEN,
    Access,
    Body,
    Routes,
    client_ip,
    current_actor,
    current_services,
    json_body,
    redirect_to,
    render,
    t,
    url,
    user_agent,
)

routes = Routes()

_SCHEME = "Session "
_LONGEST_TOKEN = 512
_LONGEST_ANSWER = 240 * 1024
_MOST_LATE = 200
"""Late beats in one delivery; together they stay well below what a leaf may hold."""


class StartBody(Body):
    """Which lesson to open a session in; ``takeover`` ends another device's claim.

    ``again`` says that this page has asked for one and read no answer.
    """

    lesson_id: Annotated[str, Field(min_length=1, max_length=26)]
    takeover: bool = False
    again: bool = False


_KIND = "numbers_not_ascending"
_State = Literal["playing", "paused", "hidden", "ended"]
_Number = Annotated[int, Field(ge=1, lt=2**31)]
_Position = Annotated[int, Field(ge=0, lt=2**40)]
_Late = tuple[_Number, Annotated[int, Field(ge=0, lt=2**40)], _Position, _State]


class BeatBody(Body):
    """A beat. The token may come in the header ``Authorization: Session …`` instead."""

    token: Annotated[str, Field(max_length=_LONGEST_TOKEN)] = ""
    seq: _Number
    position_ms: _Position
    state: _State
    nonce: Annotated[str, Field(max_length=nonces.LENGTH, pattern="^[0-9a-f]*$")] = ""
    acked: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    late: Annotated[tuple[_Late, ...], Field(max_length=_MOST_LATE)] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        acked = self.seq - 1 if self.acked is None else self.acked
        numbers = [acked, *(one[0] for one in self.late), self.seq]
        if any(before >= after for before, after in pairwise(numbers)):
            raise PydanticCustomError(_KIND, "acked, late and seq must ascend")
        return self


class TokenBody(Body):
    """Whose session it is; the token may come in the header instead."""

    token: Annotated[str, Field(max_length=_LONGEST_TOKEN)] = ""


class AnswerBody(TokenBody):
    """An answer to a presence check: option numbers as shown, one text, ``[true]``, or a base64 photo."""

    check: Annotated[str, Field(min_length=1, max_length=26)]
    answer: Annotated[
        list[bool | int | Annotated[str, Field(max_length=_LONGEST_ANSWER)]], Field(max_length=64)
    ]


class StepBody(Body):
    """One event of a simulation; its id is the page's own."""

    id: Annotated[str, Field(pattern="^[0-9a-f]{1,32}$")]
    name: Annotated[str, Field(min_length=1, max_length=64)]
    detail: Annotated[str, Field(max_length=2000)] = ""


class StepsBody(Body):
    """Events of a simulation, in their order."""

    token: Annotated[str, Field(max_length=_LONGEST_TOKEN)]
    events: Annotated[list[StepBody], Field(min_length=1, max_length=20)]


@routes.post("/api/sessions", endpoint="session_start", access=Access(Role.TRAINEE))
def session_start() -> ResponseReturnValue:
    """Open a session in a lesson of the actor's own."""
    sent = json_body(StartBody)
    started = service.start(
        current_services(),
        current_actor(),
        sent.lesson_id,
        Origin(client_ip(), user_agent()),
        takeover=sent.takeover,
        again=sent.again,
    )
    body = {
        "session": started.session,
        "token": started.token,
        "nonce": started.nonce,
        "beat_seconds": started.beat_seconds,
        "planned_seconds": started.planned_seconds,
        "resume_position_ms": started.resume_position_ms,
        "credited_seconds": started.credited_seconds,
        "presence": started.presence,
        "late_seconds": started.late_seconds,
    }
    return jsonify(body), HTTPStatus.CREATED


@routes.post("/api/beats", endpoint="beat", access=TOKEN)
def beat() -> ResponseReturnValue:
    """Keep one beat; the reference for the lane in front of Flask (``learning.fastlane``)."""
    token, sent = _sent_beat()
    ack = beats.accept(current_services(), token, sent, client_ip(), user_agent())
    return Response(ack.to_json(), mimetype="application/json")


@routes.post("/api/sessions/end", endpoint="session_end", access=TOKEN)
def session_end() -> ResponseReturnValue:
    """Keep a last beat and close the session."""
    token, sent = _sent_beat()
    ended = service.end(current_services(), token, sent, Origin(client_ip(), user_agent()))
    return jsonify({"state": ended.state, "credited_seconds": ended.credited_seconds})


@routes.post("/api/presence", endpoint="presence", access=TOKEN)
def presence_standing() -> ResponseReturnValue:
    """Tell how the trainee of a session stands with presence checks, and show the open one."""
    sent = json_body(TokenBody)
    return jsonify(presence.current(current_services(), _token(sent.token)).to_json())


@routes.post("/api/presence/answer", endpoint="presence_answer", access=TOKEN)
def presence_answer() -> ResponseReturnValue:
    """Judge the answer to the open check."""
    sent = json_body(AnswerBody)
    sender = Origin(client_ip(), user_agent())
    stands = presence.answer(current_services(), _token(sent.token), sent.check, [*sent.answer], sender)
    return jsonify(stands.to_json())


@routes.post("/api/presence/ask", endpoint="presence_ask", access=TOKEN)
def presence_ask() -> ResponseReturnValue:
    """Raise a make-up check."""
    sent = json_body(TokenBody)
    return jsonify(presence.ask(current_services(), _token(sent.token)).to_json())


@routes.post("/api/sessions/steps", endpoint="session_steps", access=TOKEN)
def session_steps() -> ResponseReturnValue:
    """Keep what a simulation says the learner did."""
    sent = json_body(StepsBody)
    kept = steps.keep(
        current_services(), sent.token, [steps.StepEvent(one.id, one.name, one.detail) for one in sent.events]
    )
    return jsonify({"state": kept.state, "done": sorted(kept.done)})


@routes.post(
    "/classes/<class_id>/trainees/<enrolment_id>/presence",
    endpoint="presence_accommodate",
    access=Access(*RUNNING, scope=enrolment_scope),
)
def presence_accommodate(class_id: str, enrolment_id: str) -> ResponseReturnValue:
    """Grant a trainee more time for each check, or withdraw it, with the reason."""
    granted = request.form.get("granted") == "yes"
    reason = request.form.get("reason", "")
    grants.accommodate(
        current_services(), current_actor(), class_id, enrolment_id, granted=granted, reason=reason
    )
    return redirect_to("trainee_record", class_id=class_id, enrolment_id=enrolment_id)


@routes.post(
    "/classes/<class_id>/presence",
    endpoint="presence_consent",
    access=Access(Role.TRAINEE, scope=class_scope),
)
def presence_consent(class_id: str) -> ResponseReturnValue:
    """Keep a trainee's separate consent to a way of checking presence, or its withdrawal."""
    agree = request.form.get("agree") == "yes"
    grants.consent(current_services(), current_actor(), class_id, request.form.get("method", ""), agree=agree)
    return redirect_to("trainee_class", class_id=class_id)


@routes.get(
    "/api/progress/<class_id>/<lesson_id>",
    endpoint="lesson_progress",
    access=Access(Role.TRAINEE, scope=lesson_scope),
)
def lesson_progress(class_id: str, lesson_id: str) -> ResponseReturnValue:
    """Tell what counts of a lesson so far, whether a live one is held now, and what quiz it waits for."""
    found = progress.lesson_progress(current_services(), current_actor(), lesson_id)
    told: dict[str, object] = {
        "credited_seconds": found.credited_seconds,
        "planned_seconds": found.planned_seconds,
    }
    if found.live is not None:
        text = t(f"learning.live_{found.live.state}", starts=found.live.starts)
        told["live"] = {"state": found.live.state, "text": text}
    if found.quiz is not None and found.quiz.releases and not found.quiz.passed:
        told["quiz"] = {
            "text": t("quizzes.card_waiting"),
            "open": t("quizzes.card_open"),
            "url": url("quiz", class_id=class_id, lesson_id=lesson_id),
        }
    return jsonify(told)


@routes.get(
    "/lessons/<class_id>/<lesson_id>", endpoint="lesson", access=Access(Role.TRAINEE, scope=lesson_scope)
)
def lesson_page(class_id: str, lesson_id: str) -> ResponseReturnValue:
    """Show a lesson with its player or text, and track it."""
    services = current_services()
    view = progress.lesson_view(services, current_actor(), lesson_id)
    if view.mode == OFFLINE:
        return redirect_to("attend", class_id=class_id, lesson_id=lesson_id)
    return render(
        "learning/lesson.html",
        lesson=view,
        shown=shown.of(services, view),
        tracker=compliance_tracker(class_id, lesson_id),
    )


def _sent_beat() -> tuple[str, SentBeat]:
    sent = json_body(BeatBody)
    return _token(sent.token), SentBeat(
        sent.seq,
        sent.position_ms,
        sent.state,
        sent.nonce,
        -1 if sent.acked is None else sent.acked,
        tuple(LateBeat(*one) for one in sent.late),
    )


def _token(token: str) -> str:
    if not token:
        header = request.headers.get("Authorization", "")
        token = header.removeprefix(_SCHEME) if header.startswith(_SCHEME) else ""
    if not token or len(token) > _LONGEST_TOKEN:
        raise Unauthenticated("learning.bad_token")
    return token
