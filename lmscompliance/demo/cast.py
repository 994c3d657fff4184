"""The cast: six ways in which people take, or pretend to take, a month of training.

A player's script is a generator (see ``stage``). It acts only through the HTTP interface, so the server
treats it exactly as it would a phone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from lmscompliance.demo.attention import Attention
from lmscompliance.demo.client import Browser
from lmscompliance.demo.exam import Examinee
from lmscompliance.demo.watching import Lesson, Sitting, answer, play_for, watch
from lmscompliance.kernel.clock import SHANGHAI, Clock
from lmscompliance.kernel.ids import Ids

_MORNING = time(7, 30)
_EVENING = time(18, 0)
_LESSONS_A_DAY = 2
_BREAK = timedelta(minutes=10)


class Behaviour(StrEnum):
    """What a player is up to."""

    DILIGENT = "diligent"
    IDLE = "idle"
    TWO_DEVICES = "two_devices"
    FORGED_PROGRESS = "forged_progress"
    FAILS_ONCE = "fails_once"
    FAILS_TWICE = "fails_twice"


# Everyone who is not named by the first six places of the roster is drawn from this bag.
_BAG = (
    [Behaviour.DILIGENT] * 12
    + [Behaviour.IDLE, Behaviour.TWO_DEVICES, Behaviour.FORGED_PROGRESS, Behaviour.FAILS_TWICE]
    + [Behaviour.FAILS_ONCE] * 2
)


def assign(ids: Ids, count: int) -> list[Behaviour]:
    """Return a behaviour for each of ``count`` players; from six players on, each occurs at least once."""
    each = list(Behaviour)[:count]
    return each + [_BAG[ids.below(len(_BAG))] for _ in range(count - len(each))]


@dataclass(slots=True)
class Player:
    """One trainee: their account, devices and habits."""

    login: str
    password: str
    code: str
    behaviour: Behaviour
    phone: Browser
    computer: Browser
    lessons: Sequence[Lesson]
    examinee: Examinee
    attention: Attention
    ids: Ids
    clock: Clock
    refused: list[str] = field(default_factory=list)
    """What the server refused this player, as codes in the order they came."""
    played: int = 0
    """How many of the ``scenes`` are over."""

    @property
    def scenes(self) -> int:
        """How many lessons and exam evenings this player has."""
        return len(self.lessons) + 1

    def script(self, opening: date, delay: timedelta) -> Iterator[datetime]:
        """Play the whole month, beginning ``delay`` after the first day of the class's window."""
        eager = self.behaviour is Behaviour.IDLE
        day = opening + delay
        yield self._at(opening - timedelta(days=1) if eager else day, _MORNING)
        self._join()
        if eager:
            yield from self._drift_off(self.lessons[-1], self.clock.now() + _BREAK)
        for number, lesson in enumerate(self.lessons):
            if number and number % _LESSONS_A_DAY == 0:
                day += timedelta(days=1)
            # A lesson begins when the one before is over and the player has had a break.
            start = max(self._at(day, _EVENING), self.clock.now() + _BREAK)
            yield from self._take(number, lesson, start)
            self.played += 1
        yield from self._sit_exams(day + timedelta(days=1))
        self.played += 1

    def _join(self) -> None:
        for browser in (self.phone, self.computer):
            browser.get("/login")
            browser.form("/login", {"login": self.login, "password": self.password})
        self.phone.get("/compliance/activate")
        self.phone.form("/compliance/activate", {"code": self.code, "consent": "yes"})

    def _take(self, number: int, lesson: Lesson, start: datetime) -> Iterator[datetime]:
        odd: dict[Behaviour, Callable[[Lesson, datetime], Iterator[datetime]]] = {
            Behaviour.IDLE: self._drift_off,
            Behaviour.TWO_DEVICES: self._change_device,
            Behaviour.FORGED_PROGRESS: self._jump_to_end,
        }
        part = odd.get(self.behaviour)
        if part is not None and number % 4 == 0:
            yield from part(lesson, start)
        else:
            yield from watch(self.phone, self.ids, lesson, start, self.attention)

    def _drift_off(self, lesson: Lesson, start: datetime) -> Iterator[datetime]:
        """Watch a third, hide the page for ten minutes, look in again, then lay the phone aside.

        Whoever does that answers no presence check either.
        """
        yield start
        sitting = Sitting(self.phone, lesson)
        third = lesson.planned_seconds // 3
        yield from play_for(sitting, self.ids, start, third)
        sitting.beat("hidden")
        elapsed = third
        for _ in range(10):
            elapsed += sitting.beat_seconds
            yield start + timedelta(seconds=elapsed)
            sitting.beat("hidden")
        sitting.beat()
        # Silent for longer than the gap, yet back before anybody has closed the session.
        yield start + timedelta(seconds=elapsed + 3 * sitting.beat_seconds)
        sitting.beat()

    def _change_device(self, lesson: Lesson, start: datetime) -> Iterator[datetime]:
        """Begin on the phone, take over on the computer, and let the phone run on for five minutes."""
        yield start
        phone = Sitting(self.phone, lesson, attention=self.attention)
        half = lesson.planned_seconds // 2
        yield from play_for(phone, self.ids, start, half)
        again = start + timedelta(seconds=half + 5)
        yield again
        computer = Sitting(self.computer, lesson, takeover=True, attention=self.attention)
        computer.beat()
        elapsed = 0
        rest = lesson.planned_seconds - half + 10
        while elapsed < rest:
            step = min(computer.beat_seconds, rest - elapsed)
            elapsed += step
            yield again + timedelta(seconds=elapsed)
            computer.position_ms += step * 1000
            computer.beat()
            if elapsed <= 5 * computer.beat_seconds:
                phone.position_ms += step * 1000
                phone.beat()
            if elapsed < rest:
                yield from answer(computer, again + timedelta(seconds=elapsed))
        computer.end()

    def _jump_to_end(self, lesson: Lesson, start: datetime) -> Iterator[datetime]:
        """Claim the last second of the lesson after the first minute, as published scripts do."""
        yield start
        sitting = Sitting(self.phone, lesson)
        sitting.beat()
        for minute in range(1, 6):
            yield start + timedelta(seconds=minute * sitting.beat_seconds)
            sitting.position_ms = (lesson.planned_seconds - 1) * 1000
            sitting.beat()
        sitting.end()

    def _sit_exams(self, day: date) -> Iterator[datetime]:
        shares = {Behaviour.FAILS_ONCE: (30, 90), Behaviour.FAILS_TWICE: (30, 40)}
        for number, share in enumerate(shares.get(self.behaviour, (90,))):
            at = self._at(day + timedelta(days=number), time(19, 0))
            yield at
            refusal = yield from self.examinee.sit(self.phone, at, share)
            if refusal:
                self.refused.append(refusal)
                return
        if self.behaviour is Behaviour.FAILS_TWICE:
            yield self._at(day + timedelta(days=2), time(19, 0))
            self.refused.append(self.examinee.try_start(self.phone))

    def _at(self, day: date, clock_time: time) -> datetime:
        wobble = timedelta(seconds=self.ids.below(1500))
        return datetime.combine(day, clock_time, tzinfo=SHANGHAI) + wobble
