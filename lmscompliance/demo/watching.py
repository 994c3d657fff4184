"""How a person sits through a lesson: opening the session, beating, leaving, being elsewhere.

Each function is a part of a script (see ``stage``): it yields the instant it wants to go on at. Times
between beats wobble by up to a second, as phones do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lmscompliance.demo.attention import Attention
from lmscompliance.demo.client import Browser
from lmscompliance.kernel.ids import Ids

_API = "/compliance/api"
_READING = timedelta(seconds=2)  # less than any interval between beats


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the cast knows of a lesson: where it is and how long it lasts."""

    class_id: str
    id: str
    planned_seconds: int


class Sitting:
    """One open session on one device."""

    def __init__(
        self,
        browser: Browser,
        lesson: Lesson,
        *,
        takeover: bool = False,
        attention: Attention | None = None,
    ) -> None:
        """Open the lesson's page and then its session; without ``attention`` nobody answers checks."""
        browser.get(f"/compliance/lessons/{lesson.class_id}/{lesson.id}")
        body = {"lesson_id": lesson.id, "takeover": takeover}
        opened: dict[str, Any] = browser.send_json("POST", f"{_API}/sessions", body, 201).data
        self._browser = browser
        self._token: str = opened["token"]
        self._nonce: str = opened["nonce"]
        self._seq = 0
        self._attention = attention
        self.asked = False
        self.beat_seconds: int = opened["beat_seconds"]
        self.position_ms: int = opened["resume_position_ms"]

    def beat(self, state: str = "playing") -> str:
        """Report the position; returns what the server says of the session (``active`` …)."""
        self._seq += 1
        answer = self._browser.send_token(f"{_API}/beats", self._body(state))
        self._nonce = str(answer.data.get("nonce", ""))
        self.asked = self._attention is not None and answer.data.get("presence") == "due"
        return str(answer.data.get("state", "closed"))

    def heed(self) -> None:
        """Answer the presence check that the last beat told of."""
        if self._attention is not None:
            self._attention.heed(self._browser, self._token)
        self.asked = False

    def end(self) -> None:
        """Close the session properly, with nothing left unanswered."""
        if self.asked:
            self.heed()
        self._seq += 1
        self._browser.send_token(f"{_API}/sessions/end", self._body("ended"))

    def _body(self, state: str) -> dict[str, object]:
        return {
            "token": self._token,
            "seq": self._seq,
            "position_ms": self.position_ms,
            "state": state,
            "nonce": self._nonce,
        }


def play_for(sitting: Sitting, ids: Ids, start: datetime, seconds: int) -> Iterator[datetime]:
    """Play on for ``seconds`` from ``start``, beating as the server asks; ends on a beat."""
    elapsed = 0
    sitting.beat()
    while elapsed < seconds:
        step = min(sitting.beat_seconds, seconds - elapsed)
        elapsed += step
        wobble = timedelta(milliseconds=ids.below(900))
        yield start + timedelta(seconds=elapsed) + wobble
        sitting.position_ms += step * 1000
        sitting.beat()
        if elapsed < seconds:
            yield from answer(sitting, start + timedelta(seconds=elapsed) + wobble)
    if sitting.asked:
        sitting.heed()


def answer(sitting: Sitting, at: datetime) -> Iterator[datetime]:
    """Answer the check that a beat at ``at`` told of, if it did, after reading the question."""
    if sitting.asked:
        yield at + _READING
        sitting.heed()


def watch(
    browser: Browser, ids: Ids, lesson: Lesson, at: datetime, attention: Attention
) -> Iterator[datetime]:
    """Sit through the whole lesson without a break."""
    yield at
    sitting = Sitting(browser, lesson, attention=attention)
    # A little longer than planned: the credited second counts from the first beat that reports playing.
    yield from play_for(sitting, ids, at, lesson.planned_seconds + 3)
    sitting.end()
