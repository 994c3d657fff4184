"""Correcting a question's key by hand: a new version of it, as if its file had been corrected."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.questions import digest, pools
from lmscompliance.questions.draft import FILL_IN, MATCHING, NUMERIC, Reason
from lmscompliance.questions.formats.exported_sheet import key_of
from lmscompliance.questions.models import Question, QuestionVersion
from lmscompliance.questions.storing import history
from lmscompliance.rules.pictured import offered, worded
from lmscompliance.services import Services


@dataclass(frozen=True, slots=True)
class Corrected:
    """A version of a question with the key it should have had; ``key_version`` holds it in the bank."""

    id: str
    version: int
    kind: str
    stem: str
    options: tuple[str, ...]
    """In words; those that are pictures as ``rules.pictured.worded`` names them."""
    old_key: list[Json]
    key: list[Json]
    key_version: int


def corrected(
    session: Session, question_id: str, key: str, version: int | None = None, *, lock: bool = False
) -> Corrected:
    """Read ``key`` for a version of a question (the present one if not given); nothing is stored.

    ``key`` is written as an exported workbook writes it: ``A、C`` (for matching the option of each left side
    in order), 正确, ``37.3±0.2``; several accepted texts or numbers are separated by ``|``. Raises
    ``NotFound``, ``InvalidInput`` when it cannot be read, ``Conflict`` when nothing would change.
    """
    row = session.get(Question, question_id, with_for_update=lock)
    if row is None:
        raise NotFound("questions.no_question", question=question_id)
    kind, stem, old = row.kind, row.stem, list(row.key)
    options = tuple(worded(row.options, row.option_pictures or ()))
    if version is not None and version != row.version:
        former = session.get(QuestionVersion, (question_id, version))
        if former is None:
            raise NotFound("questions.no_version", question=question_id, version=version)
        kind, stem = str(former.content["kind"]), str(former.content["stem"])
        old = _list(former.content["key"])
        options = tuple(offered(former.content))
    read = key_of(kind, _given(kind, key), options, _lefts(kind, old))
    if isinstance(read, Reason):
        raise InvalidInput("questions.key_unreadable", key=key, reason=read.text())
    if kind != row.kind:
        raise InvalidInput("questions.kind_changed", question=question_id)
    present = version is None or version == row.version
    if present and read == old:
        raise Conflict("questions.key_unchanged", question=question_id, key=key)
    return Corrected(
        question_id, row.version if present else version or 0, kind, stem, options, old, read,
        row.version + 1 if present else row.version,
    )  # fmt: skip


def rekey(session: Session, services: Services, correction: Corrected) -> None:
    """Give the bank the corrected key as a new version; a former version's correction leaves it alone.

    Raises ``Conflict`` when the bank holds the corrected question already.
    """
    row = session.get_one(Question, correction.id)
    if correction.version != row.version:
        return
    options = worded(row.options, row.option_pictures or ())
    normal = digest.normal(row.kind, row.stem, options, correction.key, row.pictures or ())
    twin = select(Question.id).where(Question.topic == row.topic, Question.normal_digest == normal)
    if (other := session.scalars(twin).first()) is not None:
        raise Conflict("questions.key_of_another", question=row.id, other=other)
    session.add(history(row, services))
    row.version, row.key, row.normal_digest = correction.key_version, list(correction.key), normal
    pools.note(session, [row.topic])


def _given(kind: str, key: str) -> list[str]:
    texts = key.split("|") if kind in {FILL_IN, NUMERIC} else [key]
    return [text.strip() for text in texts if text.strip()] or [""]


def _lefts(kind: str, key: list[Json]) -> list[str]:
    return [str(pair[0]) for pair in key if isinstance(pair, list)] if kind == MATCHING else []


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
