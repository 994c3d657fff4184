"""The contract of a way to check presence, for those we bring and for those a host plugs in.

``Compliance(presence=[…])`` takes plug-ins; a policy's ``presence.methods`` names what is used, in order of
preference. A method that cannot ask right now says so and the next one is tried; arithmetic is always left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from lmscompliance.kernel.ids import Ids
from lmscompliance.kernel.jcs import Json

FORMS = ("choice", "choices", "text", "code", "tap", "photo")
"""What a page can show. The answer is a list: option numbers as shown, one text, ``[true]``, or one photo
as a base64 JPEG."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A question out of the banks; ``key`` holds the numbers of the right ``options``."""

    id: str
    version: int
    kind: str
    stem: str
    options: tuple[str, ...]
    key: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom a check is for. ``question`` draws one of the lesson's topic, ``phone`` opens the phone number."""

    class_id: str
    enrolment_id: str
    lesson_id: str
    ids: Ids
    question: Callable[[], Drawn | None]
    phone: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Posed:
    """What the trainee is shown, and what only the server knows.

    ``key`` and ``source`` stay here; ``source`` names what was asked, so that it is not asked again soon.
    ``send`` is called after the check is durable. If the process dies before, nothing is sent: the check is
    missed, and the trainee asks for another.
    """

    form: str
    text: str = ""
    options: tuple[str, ...] = ()
    key: Json = None
    source: str = ""
    send: Callable[[], None] | None = None


class PresenceMethod(Protocol):
    """One way to find out whether a person sits in front of the page.

    ``name`` is what policies call it. ``consent`` is the version of a separate consent it needs, or empty:
    without it this method is passed over for that trainee.
    """

    @property
    def name(self) -> str:
        """How policies name it: small letters, digits and underscores."""
        ...

    @property
    def consent(self) -> str:
        """The version of the consent it demands; empty: none."""
        ...

    @property
    def consent_text(self) -> str:
        """What a trainee agrees to, in their own language; empty without a consent."""
        ...

    def pose(self, asking: Asking) -> Posed | None:
        """Return what to ask, or ``None`` when this method cannot ask that trainee now.

        Called inside a transaction: nothing slow belongs here, that is what ``Posed.send`` is for.
        """
        ...

    def passes(self, asking: Asking, key: Json, answer: Json) -> bool:
        """Tell whether ``answer``, which may be anything a browser can send, is right. Never raises.

        Called before the transaction that keeps the answer, so it may take its time.
        """
        ...


@runtime_checkable
class ComparesFaces(Protocol):
    """A ``PresenceMethod`` that can also compare a photo which was taken elsewhere: during an exam."""

    @property
    def consent(self) -> str:
        """The version of the consent it demands."""
        ...

    def same_person(self, enrolment_id: str, photo: bytes) -> bool:
        """Tell whether the picture shows the person of the enrolment. May be slow, and may raise."""
        ...
