"""Tables of what a project's filing rests on: the bureau's catalogue, awards, licences, standards."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, ForeignKeyConstraint, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.storage.base import Base
from lmscompliance.storage.types import Id, Instant
from lmscompliance.training.models import Enterprise, TrainingClass

AWARD, EVALUATION = "award", "evaluation"


class ProjectCatalogue(Base):
    """The bureau's list of projects (培训目录清单) as it was published on a day; none is changed."""

    __tablename__ = "compliance_catalogue"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    policy_id: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(255))
    published_on: Mapped[date] = mapped_column(Date)
    sha256: Mapped[str] = mapped_column(String(64))
    entries: Mapped[int]
    by: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(Instant)


class CatalogueEntry(Base):
    """A project of a catalogue; ``overlaps`` with the catalogue of other subsidised trainings."""

    __tablename__ = "compliance_catalogue_entry"

    catalogue_id: Mapped[str] = mapped_column(Id, ForeignKey(ProjectCatalogue.id), primary_key=True)
    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    project: Mapped[str] = mapped_column(String(255))
    occupation: Mapped[str] = mapped_column(String(128))
    occupation_code: Mapped[str] = mapped_column(String(64))
    level: Mapped[int | None]
    overlaps: Mapped[bool]


class FilingProject(Base):
    """The project of a catalogue that a class teaches, in the order of ``n``; the latest holds."""

    __tablename__ = "compliance_filing_project"
    __table_args__ = (
        ForeignKeyConstraint(
            ["catalogue_id", "code"],
            ["compliance_catalogue_entry.catalogue_id", "compliance_catalogue_entry.code"],
        ),
    )

    class_id: Mapped[str] = mapped_column(Id, ForeignKey(TrainingClass.id), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    catalogue_id: Mapped[str] = mapped_column(Id)
    code: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(Instant)


class FilingRecord(Base):
    """What the bureau decided about a project before its filing; the latest of a ``kind`` holds.

    An award (中标、成交) has its number and the last day of its publicity (公示); an evaluation (专家评估)
    its day, whether it was passed, and the opinion, which names people.
    """

    __tablename__ = "compliance_filing_record"

    class_id: Mapped[str] = mapped_column(Id, ForeignKey(TrainingClass.id), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[str] = mapped_column(String(128))
    day: Mapped[date] = mapped_column(Date)
    passed: Mapped[bool]
    opinion_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    by: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(Instant)


class InstitutionLicence(Base):
    """A training institution's licence (办学许可); the latest holds for all its classes."""

    __tablename__ = "compliance_institution_licence"

    enterprise_id: Mapped[str] = mapped_column(Id, ForeignKey(Enterprise.id), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[str] = mapped_column(String(128))
    valid_until: Mapped[date] = mapped_column(Date)
    by: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(Instant)


class OccupationStandard(Base):
    """A national occupational skill standard (国家职业标准) by whose items plans are mapped."""

    __tablename__ = "compliance_occupation_standard"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    title: Mapped[str] = mapped_column(String(255))
    occupation_code: Mapped[str] = mapped_column(String(64))
    level: Mapped[int | None]
    sha256: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(Instant)


class StandardItem(Base):
    """A skill or piece of knowledge that a standard asks for."""

    __tablename__ = "compliance_standard_item"

    standard_id: Mapped[str] = mapped_column(Id, ForeignKey(OccupationStandard.id), primary_key=True)
    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    ordinal: Mapped[int]
    title: Mapped[str] = mapped_column(String(255))


class LessonStandard(Base):
    """An item of a standard that a lesson of the plan teaches; a class's mapping is replaced as a whole."""

    __tablename__ = "compliance_lesson_standard"
    __table_args__ = (
        ForeignKeyConstraint(
            ["class_id", "lesson_id"], ["compliance_lesson.class_id", "compliance_lesson.id"]
        ),
        ForeignKeyConstraint(
            ["standard_id", "item"],
            ["compliance_standard_item.standard_id", "compliance_standard_item.code"],
        ),
    )

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    lesson_id: Mapped[str] = mapped_column(Id, primary_key=True)
    item: Mapped[str] = mapped_column(String(64), primary_key=True)
    standard_id: Mapped[str] = mapped_column(Id)
