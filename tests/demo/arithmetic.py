"""A second, plain way from a bundle's leaves to seconds: every second looked at by itself.

Nothing of the product is used here, so that a mistake in its rules is not repeated in its judge.
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

LONGEST_GAP = 90
TOLERANCE_MS = 3000
MAKE_UP = 600
MAKE_UPS_A_DAY = 4
WINDOW = (
    datetime(2021, 2, 1, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp(),
    datetime(2021, 3, 1, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp(),
)


@dataclass
class Sitting:
    """One session and what became of each of its seconds: a reason, or ``credited``."""

    id: str
    lesson: str
    opened: int
    closed: int = 0
    superseded: int | None = None
    beats: dict[int, tuple[int, int, str]] = field(default_factory=dict)
    seconds: Counter[str] = field(default_factory=Counter)


@dataclass
class Person:
    """One enrolment's sessions in the order of their opening."""

    sittings: list[Sitting] = field(default_factory=list)

    def total(self) -> Counter[str]:
        """Add up all sessions."""
        return sum((sitting.seconds for sitting in self.sittings), Counter())

    def credited_in(self, lesson: str) -> int:
        """Return what counts towards one lesson."""
        return sum(one.seconds["credited"] for one in self.sittings if one.lesson == lesson)


@dataclass
class Class:
    """What a bundle tells of a class: the lessons' planned seconds and the people in roster order."""

    planned: dict[str, int]
    people: list[Person]


def read(bundle: Path) -> Class:
    """Read the leaves of ``bundle`` and judge each second."""
    with zipfile.ZipFile(bundle) as archive:
        lines = archive.read("entries.ndjson").decode().splitlines()
    streams: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        leaf = json.loads(json.loads(line)["leaf"])
        streams[leaf["stream"]].append(leaf)
    whole = next(leaves for name, leaves in streams.items() if name.startswith("class/"))
    plan = next(leaf["body"] for leaf in whole if leaf["t"] == "plan.published")
    planned = {lesson["id"]: lesson["planned_seconds"] for lesson in plan["lessons"]}
    order = [leaf["body"]["enrolment"] for leaf in whole if leaf["t"] == "enrolment.created"]
    people = [_person(streams[f"enrolment/{one}"], planned) for one in order]
    return Class(planned, people)


def _sittings(leaves: list[dict[str, Any]]) -> list[Sitting]:
    sittings: dict[str, Sitting] = {}
    for leaf in leaves:
        body = leaf["body"]
        if leaf["t"] == "session.opened":
            sittings[body["session"]] = Sitting(
                body["session"], body["lesson"], body["opened_us"] // 1_000_000
            )
        elif leaf["t"] == "session.segment":
            assert "unanswered" not in body, "the cast reads its answers"
            for seq, offset, position, state in body["beats"]:
                at = body["start_us"] // 1000 + offset
                sittings[body["session"]].beats[seq] = (at, position, state)
        elif leaf["t"] == "session.superseded":
            sittings[body["session"]].superseded = body["superseded_us"] // 1_000_000
        elif leaf["t"] == "session.closed":
            sittings[body["session"]].closed = body["closed_us"] // 1_000_000
    return sorted(sittings.values(), key=lambda one: one.opened)


def _void(leaves: list[dict[str, Any]]) -> list[tuple[float, float]]:
    """Return the stretches that missed presence checks void, in seconds."""
    asked: dict[str, bool] = {}
    proven, missed, made_up, found = float("-inf"), None, Counter(), []
    for leaf in leaves:
        body = leaf["body"]
        if leaf["t"] == "presence.issued":
            asked[body["check"]] = body["asked"]
        elif leaf["t"] in {"presence.answered", "presence.missed"}:
            at = (body["answered_us"] if "answered_us" in body else body["until_us"]) // 1_000_000
            if not body.get("passed"):
                missed = missed or at
                continue
            day = datetime.fromtimestamp(at, ZoneInfo("Asia/Shanghai")).date()
            if missed and asked[body["check"]] and at - missed <= MAKE_UP and made_up[day] < MAKE_UPS_A_DAY:
                made_up[day] += 1
            elif missed:
                found.append((proven, at))
            proven, missed = at, None
    return [*found, (proven, float("inf"))] if missed else found


def _person(leaves: list[dict[str, Any]], planned: dict[str, int]) -> Person:
    person = Person(_sittings(leaves))
    learnt: Counter[str] = Counter()
    completed_by: dict[str, str] = {}
    void = _void(leaves)
    for sitting in person.sittings:
        for second, reason in _reasons(sitting).items():
            if not WINDOW[0] <= second < WINDOW[1]:
                verdict = "outside_window"
            elif sitting.superseded is not None and second >= sitting.superseded:
                verdict = "overlap"
            elif reason:
                verdict = reason
            elif any(start <= second < end for start, end in void):
                verdict = "presence_missed"
            elif learnt[sitting.lesson] >= planned[sitting.lesson]:
                verdict = "over_length" if completed_by[sitting.lesson] == sitting.id else "repeat"
            else:
                verdict = "credited"
                learnt[sitting.lesson] += 1
                completed_by[sitting.lesson] = sitting.id
            sitting.seconds[verdict] += 1
    return person


def _reasons(sitting: Sitting) -> dict[int, str]:
    """Return every second of the session with the reason that its beats give, or an empty one."""
    reasons = dict.fromkeys(range(sitting.opened, sitting.closed), "idle_gap")
    beats = [sitting.beats[seq] for seq in sorted(sitting.beats)]
    for (start, position, state), (end, reached, _) in pairwise(beats):
        elapsed, advance = end - start, reached - position
        if elapsed > LONGEST_GAP * 1000:
            reason = "idle_gap"
        elif state == "hidden":
            reason = "page_hidden"
        elif advance > elapsed + TOLERANCE_MS:
            reason = "too_fast"
        elif state != "playing" or (advance <= 0 and elapsed > TOLERANCE_MS):
            reason = "paused"
        else:
            reason = ""
        for second in range(start // 1000, end // 1000):
            reasons[second] = reason
    return reasons
