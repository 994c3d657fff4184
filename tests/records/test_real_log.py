"""A semester of a real Moodle course, its figures computed a second time by a few plain lines."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import pytest

from tests.records.conftest import ZONE, Course

LOG = Path(__file__).parents[1] / "data" / "real" / "moodle-log" / "module1-f19.csv"
ONCE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _by_hand(user: str) -> list[tuple[int, int]]:
    """Return (start, end) of each session of a Moodle user: a pause over 30 minutes ends one."""
    times = set()
    with LOG.open(encoding="cp1252", newline="") as file:
        for row in csv.DictReader(file):
            found = re.search(r"The user with id '(\d+)'", row["Description"])
            if found and found[1] == user and row["Origin"] == "web":
                at = datetime.strptime(row["Time"], "%d/%m/%y, %H:%M").replace(tzinfo=ZONE)
                times.add(int(at.timestamp()))
    done: list[tuple[int, int]] = []
    for at in sorted(times):
        if done and at - done[-1][1] <= 1800:
            done[-1] = (done[-1][0], at)
        else:
            done.append((at, at))
    return done


@ONCE
def test_the_semester_becomes_what_a_second_computation_says(course: Course) -> None:
    """Each mapped user's sessions start and end where the log says; no other row is lost in silence."""
    users = {"76": 1, "594": 2, "370": 3, "817": 4}
    mapping = course.write("用户,序号\n" + "\n".join(f"{u},{n}" for u, n in users.items()), "who.csv")
    report = course.take(LOG, users=mapping)
    assert report.rows == 7033
    assert report.passed == 120
    counts: dict[str, int] = defaultdict(int)
    for finding in report.findings:
        counts[finding.code] += 1
    assert counts == {"no_user": 14, "unnamed": 6899 - report.events}
    assert report.rows == report.passed + len(report.findings) + report.events
    for user, ordinal in users.items():
        expected = _by_hand(user)
        assert [(one.start_s, one.end_s) for one in course.sessions(ordinal)] == expected
        (person,) = (one for one in report.people if one.ordinal == ordinal)
        assert (person.sessions, person.seconds) == (
            len(expected),
            sum(end - start for start, end in expected),
        )
    assert all(one.lesson == "" for one in course.sessions(1))


@ONCE
def test_the_semester_again_adds_nothing(course: Course) -> None:
    """The same file under another name changes nothing, and is not even announced."""
    mapping = course.write("用户,序号\n76,1", "who.csv")
    first = course.take(LOG, users=mapping)
    before = course.sessions()
    copy = course.folder / "copy.csv"
    copy.write_bytes(LOG.read_bytes())
    again = course.take(copy, users=mapping)
    assert (first.batch != "", again.batch, again.sessions, again.known) == (True, "", 0, first.events)
    assert course.sessions() == before


@ONCE
def test_an_unmapped_log_names_whom_it_cannot_place(course: Course) -> None:
    """Without a mapping every user is listed with row, field and remedy, and nothing is written."""
    report = course.take(LOG)
    assert report.batch == ""
    finding = next(one for one in report.to_json()["findings"] if one["value"] == "76")
    assert finding["field"] == "user"
    assert "--users" in finding["remedy"]
    assert len([1 for found, _ in report.grouped() if found.code == "unnamed"]) == 34
