"""Tables of the banks. They hold nothing personal and are small: a few thousand rows a provider."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.files.models import StoredFile
from lmscompliance.kernel.jcs import Json
from lmscompliance.storage.base import Base
from lmscompliance.storage.types import Id, Instant


class Question(Base):
    """A question in its current version. ``key`` is laid out as ``Draft.key`` says.

    ``pictures`` are the digests of files shown below the stem, if any; ``option_pictures`` of each option its
    picture's or an empty text, ``None`` where no option has one. ``difficulty`` is the bank's own word,
    ``level`` what it means (``blueprint.LEVELS``), or empty. ``flagged`` questions are drawn only once
    ``confirmed_at`` is set. ``normal_digest`` keeps one topic from holding a question twice, whichever banks
    brought it; ``wording_digest`` finds those that read alike but differ in their key.
    """

    __tablename__ = "compliance_question"
    __table_args__ = (
        UniqueConstraint("topic", "normal_digest"),
        Index(None, "topic", "kind"),
        Index(None, "bank"),
        Index(None, "wording_digest"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int]
    bank: Mapped[str] = mapped_column(String(255))
    topic: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    stem: Mapped[str] = mapped_column(Text)
    options: Mapped[list[str]] = mapped_column(JSON)
    key: Mapped[list[Json]] = mapped_column(JSON)
    pictures: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    option_pictures: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    chapter: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    difficulty: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(String(8), server_default=text("''"))
    flagged: Mapped[bool]
    flags: Mapped[list[Json]] = mapped_column(JSON)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    confirmed_by: Mapped[str | None] = mapped_column(String(255))
    source: Mapped[dict[str, Json]] = mapped_column(JSON)
    extras: Mapped[dict[str, Json]] = mapped_column(JSON)
    wording_digest: Mapped[str] = mapped_column(String(64))
    normal_digest: Mapped[str] = mapped_column(String(64))
    imported_at: Mapped[datetime] = mapped_column(Instant)


class QuestionPicture(Base):
    """A picture that some version of a question shows; keeps the file from being let go. Insert only."""

    __tablename__ = "compliance_question_picture"

    question_id: Mapped[str] = mapped_column(Id, ForeignKey(Question.id), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), ForeignKey(StoredFile.sha256), primary_key=True)


class QuestionVersion(Base):
    """An earlier version of a question, written in the transaction that replaces it; never changed again."""

    __tablename__ = "compliance_question_version"

    question_id: Mapped[str] = mapped_column(Id, ForeignKey(Question.id), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Json]] = mapped_column(JSON)
    replaced_at: Mapped[datetime] = mapped_column(Instant)


class QuestionPool(Base):
    """What may be drawn of a topic and kind, in brief: changed in the transaction that changes a question.

    ``sha256`` is ``rules.paper.pool_digest`` of it. Whoever holds a listing of that digest need not read
    thousands of rows for each paper; where the row is missing, the questions themselves are read.
    """

    __tablename__ = "compliance_question_pool"

    topic: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
