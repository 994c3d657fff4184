"""What can go wrong, said once: a code, its parameters, and the HTTP status it maps to.

A code is ``room.name``; its text in each language stands in that room's ``messages.toml`` and must say
what failed, for whom, and what to do. ``web.problems`` is the only place that turns these into responses.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.messages import Sentences, said, text


class ComplianceError(Exception):
    """Base of every error this product raises on purpose.

    ``code`` names the message (``room.name``); ``params`` fill its placeholders and are safe to show.
    """

    status = 500

    def __init__(self, code: str, /, **params: object) -> None:
        """Keep ``code`` and ``params``; the text is chosen when the reader's language is known."""
        super().__init__(code, params)
        self.code = code
        self.params = params

    def message(self, locale: str = "zh_CN") -> str:
        """Return the text for people, in ``locale``."""
        return text(self.code, locale, **self.params)

    def to_json(self) -> dict[str, Json]:
        """Return code and params as a job keeps them, whose text is chosen when somebody asks for it."""
        return {"code": self.code, "params": {name: str(said(one)) for name, one in self.params.items()}}

    def __str__(self) -> str:
        """Return the English text; logs and tracebacks are read by engineers."""
        return f"{self.code}: {self.message('en')}"


class InvalidInput(ComplianceError):
    """What was sent cannot be used as it is."""

    status = 422


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a cell of a file: its row as the file counts, and texts for field and remedy."""

    row: int
    field: str
    what: str
    params: Mapping[str, object] = dataclasses.field(default_factory=dict)

    def message(self, locale: str = "zh_CN") -> str:
        """Return the fault in ``locale``."""
        return text(
            "kernel.fault",
            locale,
            row=self.row,
            field=text(self.field, locale),
            what=text(self.what, locale, **self.params),
        )


class FaultyRows(InvalidInput):
    """Cells of a file that cannot be used; the first of them are named, and how many there are."""

    NAMED = 20

    def __init__(self, code: str, /, faults: Sequence[Fault], **params: object) -> None:
        """Keep ``faults``; ``params`` are the text's other placeholders beside ``faults`` and ``count``."""
        super().__init__(code, count=len(faults), **params)
        self.faults = tuple(faults)

    def message(self, locale: str = "zh_CN") -> str:
        """Return the text for people, in ``locale``."""
        more = "…" if len(self.faults) > self.NAMED else ""
        named = Sentences(self.faults[: self.NAMED]).message(locale) + more
        return text(self.code, locale, **self.params, faults=named)


class Unauthenticated(ComplianceError):
    """Nobody is signed in, or the token is not ours or too old."""

    status = 401


class Forbidden(ComplianceError):
    """The actor may not do this, or not to this object."""

    status = 403


class NotFound(ComplianceError):
    """No such thing, or none the actor may know of."""

    status = 404


class Conflict(ComplianceError):
    """The state of the thing does not allow this now."""

    status = 409


class Gone(ComplianceError):
    """It was here and is closed for good."""

    status = 410


class TooMany(ComplianceError):
    """Asked too often; it will be answered again later."""

    status = 429


class Misconfigured(ComplianceError):
    """The operator must change a setting; raised at start-up rather than at the first request."""

    status = 500


class Unavailable(ComplianceError):
    """Something we depend on does not answer now; the same request may succeed later."""

    status = 503
