"""Pictures of frozen questions, as pages show them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from lmscompliance.files import service as files
from lmscompliance.kernel.jcs import Json
from lmscompliance.services import Services


def of(session: Session, services: Services, questions: Iterable[Mapping[str, Json]]) -> dict[str, str]:
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


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
