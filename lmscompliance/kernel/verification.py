"""The contract of a real-name verification (实名核验) plug-in.

``Compliance(verifier=…)`` takes one; without one the details are checked offline, against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

PASSED = "passed"
FAILED = "failed"
PENDING = "pending"


@dataclass(frozen=True, slots=True, repr=False)
class Question:
    """Do name, number and phone belong to one person? Plain text: never logged.

    ``key`` is the same each time one verification is asked about, so that a provider can tell a repetition;
    ``nonce`` differs each time. ``now`` is the platform's time.
    """

    key: str
    nonce: str
    now: datetime
    name: str
    id_kind: str
    id_number: str
    phone: str


@dataclass(frozen=True, slots=True)
class Answer:
    """``result`` is passed, failed, or pending: nobody could say, ask again later.

    ``reference`` is the provider's mark of its answer, ``trouble`` a word for the log where it has none.
    """

    result: str
    reference: str = ""
    trouble: str = ""


class Verifier(Protocol):
    """Somebody outside who can tell whether the details belong together.

    Asked by a job, never inside a request or a transaction. After a crash the same question may be asked
    again, with the same key.
    """

    @property
    def method(self) -> str:
        """What ledgers call it: at most 32 small letters, digits and underscores."""
        ...

    def verify(self, question: Question) -> Answer:
        """Answer in bounded time; whatever prevents an answer is ``pending``, not an exception."""
        ...
