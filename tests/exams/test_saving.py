"""Saving: a number for each save, nothing stale ever wins, nothing late is taken."""

from __future__ import annotations

import json

import pytest

from lmscompliance.exams import sheets
from lmscompliance.exams.sheets import ADDRESS_PLACE
from lmscompliance.kernel.errors import Conflict, Gone, InvalidInput
from tests.exams.hall import IP

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def test_saves_add_up(hall):
    """Each save changes the questions it names and leaves the others; an empty answer takes one back."""
    attempt = hall.start()
    assert hall.save(attempt, 1, {"1": [0], "2": [3]}) == 1
    assert hall.save(attempt, 2, {"2": [1]}) == 2
    assert hall.save(attempt, 3, {"1": [], "4": [2], "5": None}) == 3
    paper = hall.paper(attempt)
    assert (paper.seq, paper.answers) == (3, {"2": [1], "4": [2]})


def test_a_stale_tab_overwrites_nothing(hall):
    """A save that does not follow the last one is refused with the current number, however it is numbered."""
    attempt = hall.start()
    hall.save(attempt, 1, {"1": [0]})
    hall.save(attempt, 2, {"1": [2]})
    for seq in (0, 1, 2, 4, 99):
        with pytest.raises(Conflict) as caught:
            hall.save(attempt, seq, {"1": [3]})
        assert caught.value.code == "exams.stale"
        assert caught.value.params["seq"] == 2
    assert hall.paper(attempt).answers == {"1": [2]}


def test_a_stale_tab_cannot_hand_in(hall):
    """Handing in follows the same numbers, so a forgotten tab does not end an attempt with old answers."""
    attempt = hall.start()
    hall.save(attempt, 1, {"1": [0]})
    hall.save(attempt, 2, {"2": [0]})
    with pytest.raises(Conflict):
        hall.submit(attempt, 2, {"1": [1]})
    assert hall.sheet(attempt).is_open


def test_a_save_whose_acknowledgement_was_lost_may_be_repeated(hall):
    """The same save under the same number is acknowledged again and stored once."""
    attempt = hall.start()
    hall.save(attempt, 1, {"1": [0], "2": [1]})
    assert hall.save(attempt, 1, {"1": [0], "2": [1]}) == 1
    assert hall.sheet(attempt).timeline.count("\n") == 1


def test_knowing_only_part_of_the_last_save_is_stale(hall):
    """A tab that happens to agree with a part of another tab's save has not seen the rest: refused."""
    attempt = hall.start()
    hall.save(attempt, 1, {"1": [0], "2": [1]})
    with pytest.raises(Conflict):
        hall.save(attempt, 1, {"1": [0]})


def test_the_timeline_says_what_changed_when_and_from_where(hall):
    """A line for each save; the address is sealed and stands only where it changed."""
    attempt = hall.start()
    hall.save(attempt, 1, {"1": [0]})
    hall.clock.advance(5)
    hall.save(attempt, 2, {"1": [0], "2": [1]})
    hall.save(attempt, 3, {"2": []}, ip="198.51.100.4")
    lines = [json.loads(line) for line in hall.sheet(attempt).timeline.splitlines()]
    assert [(line[0], line[2]) for line in lines] == [(1, {"1": [0]}), (2, {"2": [1]}), (3, {"2": None})]
    assert lines[1][1] - lines[0][1] == 5_000_000
    assert [len(line) for line in lines] == [4, 3, 4]
    import base64

    opened = [hall.services.vault.open(ADDRESS_PLACE, base64.b64decode(lines[n][3])) for n in (0, 2)]
    assert opened == [IP, "198.51.100.4"]


@pytest.mark.parametrize(
    "answers",
    [
        {"0": [0]},
        {"11": [0]},
        {"x": [0]},
        {"01": [0]},
        {"9" * 5000: [0]},
        {"1": 0},
        {"1": [True]},
        {"1": ["A"]},
        {"1": [-1]},
        {"1": [0] * 65},
        {"1": {"a": 1}},
    ],
)
def test_an_answer_of_the_wrong_form_is_refused_and_stores_nothing(hall, answers):
    """A save names existing questions and answers of their kind, or it is refused as a whole."""
    attempt = hall.start()
    with pytest.raises(InvalidInput):
        hall.save(attempt, 1, {"2": [1], **answers})
    assert (hall.paper(attempt).seq, hall.paper(attempt).answers) == (0, {})


def test_saving_ends_with_the_deadline(hall):
    """The last microsecond counts, the deadline itself is too late; the paper is then closed and marked."""
    attempt = hall.start()
    right = hall.right(attempt)
    hall.clock.advance(3600 - 0.000001)
    assert hall.save(attempt, 1, dict(list(right.items())[:7])) == 1
    hall.clock.advance(0.000001)
    with pytest.raises(Gone) as caught:
        hall.save(attempt, 2, right)
    assert caught.value.code == "exams.too_late"
    assert "2021-02-01 09:00:00" in caught.value.message()
    closed = hall.paper(attempt)
    assert (closed.result.score, closed.result.closed_by) == (70, "deadline")


def test_a_late_hand_in_is_refused_and_the_saved_answers_count(hall):
    """Handing in after the deadline closes the paper with what was saved by then, and says so."""
    attempt = hall.start()
    hall.save(attempt, 1, hall.right(attempt, 6))
    hall.clock.advance(3601)
    with pytest.raises(Gone):
        hall.submit(attempt, 2, hall.right(attempt))
    assert hall.paper(attempt).result.score == 60


def test_a_repeated_hand_in_gets_the_same_result(hall):
    """When the answer to a hand-in is lost, asking again gives the result; nothing is marked twice."""
    attempt = hall.start()
    hall.save(attempt, 1, {"1": [0]})
    first = hall.submit(attempt, 2, hall.right(attempt, 6))
    assert hall.submit(attempt, 2, hall.right(attempt, 6)) == first
    assert [leaf.t for leaf in hall.told()].count("attempt.graded") == 1


def test_nothing_is_saved_after_handing_in(hall):
    """A closed paper takes neither answers nor another hand-in."""
    attempt = hall.start()
    hall.submit(attempt, 1, {"1": [0]})
    for write in (hall.save, hall.submit):
        with pytest.raises(Gone) as caught:
            write(attempt, 2, {"1": [1]})
        assert caught.value.code == "exams.already_submitted"


@pytest.mark.parametrize("between", ["saved", "handed in"])
def test_a_save_that_is_overtaken_is_judged_by_what_then_stands(hall, monkeypatch, between):
    """Whatever comes between its reading and its writing is kept; the save is refused as a later one is."""
    attempt = hall.start()
    hall.save(attempt, 1, {"1": [0]})
    read, overtaken = sheets.find, []

    def find(*args, **named):
        sheet = read(*args, **named)
        if not overtaken:
            overtaken.append(sheet.seq)
            if between == "saved":
                hall.save(attempt, 2, {"1": [1]})
            else:
                hall.submit(attempt, 2, {"1": [1]})
        return sheet

    monkeypatch.setattr(sheets, "find", find)
    with pytest.raises(Conflict if between == "saved" else Gone):
        hall.save(attempt, 2, {"1": [2]})
    kept = hall.sheet(attempt)
    assert (overtaken, kept.seq, kept.answers) == ([1], 2, '{"1":[1]}')
    assert kept.timeline.count("\n") == 2
