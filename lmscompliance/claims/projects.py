"""What was agreed about a class's project (一事一议): its name, occupation, rates and overlap."""

from __future__ import annotations

from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.claims.models import ClassProject
from lmscompliance.filing import projects as filed
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput
from lmscompliance.policy import Notice
from lmscompliance.rules import class_life
from lmscompliance.rules.marking import plain
from lmscompliance.rules.subsidy import Project, Rates, project_under
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.training import queries


def project_of(session: Session, class_id: str, notice: Notice) -> Project:
    """Return what was agreed about the class's project, under the name that the notice gives it."""
    row = session.get(ClassProject, class_id)
    if row is None:
        return project_under(notice, None)
    agreed = Project(
        name=row.name,
        occupation=row.occupation,
        level=row.level,
        approved=Rates(row.approved_online, row.approved_offline),
        overlap=Rates(row.overlap_online, row.overlap_offline),
        overlap_per_person=row.overlap_per_person,
    )
    return project_under(notice, agreed)


def proposed(session: Session, class_id: str, notice: Notice) -> Project:
    """Return the project as the page offers it: what was agreed, or else the filing's catalogue entry."""
    entry = filed.chosen(session, class_id)
    if entry is None or session.get(ClassProject, class_id) is not None:
        return project_of(session, class_id, notice)
    return Project(
        entry.project, occupation=entry.occupation_code or entry.occupation[:64], level=entry.level
    )


def set_project(services: Services, class_id: str, project: Project, *, by: str) -> None:
    """Keep what was agreed about the class's project; until a claim is decided it can be set again.

    Raises ``InvalidInput`` for a rate below zero or a level there is not.
    """
    figures = (
        project.approved.online,
        project.approved.offline,
        project.overlap.online,
        project.overlap.offline,
        project.overlap_per_person,
    )
    if not project.name.strip() or project.level not in {None, 1, 2, 3, 4, 5}:
        raise InvalidInput("claims.bad_project")
    if any(one is not None and (not one.is_finite() or one < 0) for one in figures):
        raise InvalidInput("claims.bad_project")
    now = services.clock.now()
    with transaction(services.database) as session:
        class_ = queries.locked_class(session, class_id)
        if class_.status not in {*class_life.ORDER[: class_life.ORDER.index(class_life.CLAIMED)]}:
            raise Conflict("claims.already_claimed", code=class_.code)
        row = ClassProject(
            class_id=class_id,
            name=project.name.strip(),
            occupation=project.occupation.strip(),
            level=project.level,
            approved_online=project.approved.online,
            approved_offline=project.approved.offline,
            overlap_online=project.overlap.online,
            overlap_offline=project.overlap.offline,
            overlap_per_person=project.overlap_per_person,
            set_by=by,
            set_at=now,
        )
        session.merge(row)
        names = (
            "approved_online",
            "approved_offline",
            "overlap_online",
            "overlap_offline",
            "overlap_per_person",
        )
        evidence.record(
            session,
            services,
            class_id=class_id,
            stream=evidence.class_stream(class_id),
            type="claim.project_set",
            at=now,
            body={
                "project": row.name,
                "occupation": row.occupation,
                "level": row.level,
                "at_us": to_micros(now),
                **{
                    name: None if figure is None else plain(figure)
                    for name, figure in zip(names, figures, strict=True)
                },
            },
            disclose={"by": by},
        )
