"""What staff see of a trainee's attempts: times, every save, what the page noticed, and voiding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lmscompliance.exams import closing, forms, proctoring, sheets
from lmscompliance.exams.facts import attempts_of
from lmscompliance.exams.models import ExamAttempt, ExamPhoto, ExamVoid
from lmscompliance.exams.voiding import REASON_PLACE, requests_of
from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.timeline import Save, addresses, flags, saves
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries as training


@dataclass(frozen=True, slots=True)
class VoidShown:
    """A request to void with its reason in clear; ``mine`` for whoever asked, who may not confirm it."""

    row: ExamVoid
    reason: str
    mine: bool


@dataclass(frozen=True, slots=True)
class AttemptShown:
    """An attempt with its saves, the addresses they came from and what the page noticed."""

    row: ExamAttempt
    saves: Sequence[Save]
    addresses: Sequence[str]
    flags: Mapping[str, int]
    voids: Sequence[VoidShown]
    photos: Sequence[ExamPhoto]
    """Those that were to be taken, by number."""

    @property
    def waiting(self) -> VoidShown | None:
        """The request that somebody else has to decide, if there is one."""
        return next((one for one in self.voids if one.row.confirmed is None), None)


def attempts(services: Services, account: str, class_id: str, enrolment_id: str) -> list[AttemptShown]:
    """Return the attempts of an enrolment as staff ``account`` sees them, after closing what is overdue.

    An essay that has still to be marked is not shown beside the trainee's name.
    """
    closing.close_overdue(services, class_id, enrolment_id)
    with reading(services.database) as session:
        training.enrolment(session, class_id, enrolment_id)
        found = []
        for row in attempts_of(session, class_id, enrolment_id):
            made = list(saves(sheets.timeline_of(session, services, row.id)))
            if row.score is None and row.voided_at is None:
                made = _without_essays(made, sheets.find(session, row.id).kinds)
            voids = [
                VoidShown(
                    one, services.vault.open(REASON_PLACE, one.reason_sealed), one.requested_by == account
                )
                for one in requests_of(session, class_id, row.id)
            ]
            photos = proctoring.photos_of(session, class_id, [row.id])
            found.append(AttemptShown(row, made, addresses(made), flags(made), voids, photos))
        return found


def _without_essays(made: Sequence[Save], kinds: str) -> list[Save]:
    """Return saves with an empty list in place of what was written; taking it back is shown."""
    return [
        replace(one, changes={name: _hidden(kinds, name, answer) for name, answer in one.changes.items()})
        for one in made
    ]


def _hidden(kinds: str, number: str, answer: Json) -> Json:
    return [] if answer is not None and kinds[int(number) - 1] == forms.LETTERS["essay"] else answer
