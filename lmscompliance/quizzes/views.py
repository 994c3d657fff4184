"""HTTP of quizzes: the trainee's page of one, and the desk at which staff set them."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from lmscompliance.kernel.actor import READING, RUNNING, Role
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.quizzes import answers, setting, taking, viewing
from lmscompliance.quizzes.setting import Wanted
from lmscompliance.rules.blueprint import LEVELS
from lmscompliance.rules.marking import MACHINE_KINDS, plain
from lmscompliance.training.access import class_scope
from lmscompliance.training.own_lessons import lesson_scope
from lmscompliance.web import (
    Access,
    Routes,
    client_ip,
    current_actor,
    current_services,
    redirect_to,
    render,
    user_agent,
)

routes = Routes()

_MINE = Access(Role.TRAINEE, scope=lesson_scope)
_DIGITS = 3


@routes.get("/lessons/<class_id>/<lesson_id>/quiz", endpoint="quiz", access=_MINE)
def quiz(class_id: str, lesson_id: str) -> ResponseReturnValue:  # noqa: ARG001  # scope checks it
    """Show a lesson's quiz: what it is for, the open one, or the last one's result."""
    found = viewing.page(current_services(), current_actor(), lesson_id)
    return render("quizzes/quiz.html", page=found, plain=plain)


@routes.post("/lessons/<class_id>/<lesson_id>/quiz/begin", endpoint="quiz_begin", access=_MINE)
def quiz_begin(class_id: str, lesson_id: str) -> ResponseReturnValue:
    """Begin the lesson's quiz, or go on with the open one."""
    taking.begin(current_services(), current_actor(), lesson_id, ip=client_ip(), agent=user_agent())
    return redirect_to("quiz", class_id=class_id, lesson_id=lesson_id)


@routes.post("/lessons/<class_id>/<lesson_id>/quiz", endpoint="quiz_submit", access=_MINE)
def quiz_submit(class_id: str, lesson_id: str) -> ResponseReturnValue:
    """Hand the open quiz in; its result is what the page shows next."""
    services, actor = current_services(), current_actor()
    quiz_id = request.form.get("quiz", "")
    if not quiz_id:
        raise InvalidInput("quizzes.no_form")
    paper = taking.open_paper(services, actor, lesson_id, quiz_id)
    given = answers.read(paper, request.form.getlist)
    taking.hand_in(services, actor, lesson_id, quiz_id, given, ip=client_ip())
    return redirect_to("quiz", class_id=class_id, lesson_id=lesson_id)


@routes.get("/classes/<class_id>/quizzes", endpoint="quizzes", access=Access(*READING, scope=class_scope))
def quizzes(class_id: str) -> ResponseReturnValue:
    """List every lesson's quiz with its versions, and let staff set them."""
    return _desk(class_id)


@routes.post("/classes/<class_id>/quizzes", endpoint="quiz_set", access=Access(*RUNNING, scope=class_scope))
def quiz_set(class_id: str) -> ResponseReturnValue:
    """Set a lesson's quiz, or take it away."""
    form = request.form
    topic, level = form.get("topic", ""), form.get("level", "")
    counts = [(kind, form.get(f"count_{kind}", "").strip()) for kind in MACHINE_KINDS]
    wanted = Wanted(
        use=form.get("use", ""),
        parts=tuple(setting.part(topic, kind, _count(count), level) for kind, count in counts if count),
        named=tuple(form.get("named", "").split()),
        reason=form.get("reason", ""),
    )
    try:
        setting.set_quiz(
            current_services(), class_id, form.get("lesson_id", ""), wanted, by=current_actor().account
        )
    except InvalidInput as error:
        return _desk(class_id, error), error.status
    return redirect_to("quizzes", class_id=class_id)


def _desk(class_id: str, error: InvalidInput | None = None) -> str:
    return render(
        "quizzes/desk.html",
        class_id=class_id,
        desk=setting.desk(current_services(), class_id),
        kinds=MACHINE_KINDS,
        levels=LEVELS,
        error=error,
        may_set=current_actor().role in RUNNING,
    )


def _count(given: str) -> int:
    return int(given) if given.isascii() and given.isdigit() and len(given) <= _DIGITS else 0
