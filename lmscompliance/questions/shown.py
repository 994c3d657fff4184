"""Frozen questions as pages show them: their pictures, and what the bank says to explain them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.files import service as files
from lmscompliance.kernel.jcs import Json
from lmscompliance.questions.models import Question
from lmscompliance.services import Services


def pictures(session: Session, services: Services, questions: Iterable[Mapping[str, Json]]) -> dict[str, str]:
    """Return the pictures of ``questions`` by digest, as data URIs."""
    named = {
        str(one)
        for question in questions
        for one in (*_list(question.get("pictures")), *_list(question.get("option_pictures")))
        if one
    }
    found = {}
    for digest in sorted(named):
        content = files.read(session, services, digest)
        found[digest] = f"data:{content.kind.value};base64,{base64.b64encode(content.data).decode()}"
    return found


def explanations(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Return by id what the banks say to explain questions (解析); those without are left out."""
    rows = session.execute(select(Question.id, Question.extras).where(Question.id.in_(list(ids))))
    found = {id_: extras.get("explanation") or extras.get("general_feedback") for id_, extras in rows}
    return {id_: text for id_, text in found.items() if isinstance(text, str) and text}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
