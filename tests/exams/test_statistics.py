"""Statistics: difficulty and discrimination as textbooks define them, and the page that shows them."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from lmscompliance.exams import service, voiding
from lmscompliance.exams.analysis import FEWEST, Taken, figures
from tests.support.app import administrator, client_for, make_app, trainee


def _taken(marks, scores, full=1) -> list[Taken]:
    return [
        Taken(Decimal(mark), Decimal(full), answered=mark != 0, score=Decimal(score))
        for mark, score in zip(marks, scores, strict=True)
    ]


def test_difficulty_is_the_share_of_points_that_were_earned():
    """Part marks count as parts; blanks and full marks are counted beside it."""
    told = figures(_taken([2, 1, 0, 0], [9, 5, 4, 1], full=2))
    assert told.difficulty == pytest.approx(0.375)
    assert (told.drawn, told.right, told.blank) == (4, 1, 2)
    assert (told.correlation, told.upper_lower) == (None, None)


def test_discrimination_is_the_worked_value():
    """Ten papers: the best 27 % (three) all right, the worst three all wrong; the correlation by hand."""
    told = figures(_taken([1, 1, 1, 1, 0, 1, 0, 0, 0, 0], [11, 10, 9, 8, 6, 6, 4, 3, 2, 1]))
    assert told.upper_lower == pytest.approx(1.0)
    # Rest scores 10 9 8 7 6 5 4 3 2 1: means 7.8 and 3.2, deviation sqrt(8.25), p = q = 1/2.
    assert told.correlation == pytest.approx((7.8 - 3.2) / 8.25**0.5 * 0.5)
    assert not told.suspicious


def test_a_question_that_the_better_papers_get_wrong_is_suspicious():
    """A negative discrimination is how a wrong key looks."""
    told = figures(_taken([0, 0, 0, 0, 0, 1, 1, 1, 1, 1], [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]))
    assert told.upper_lower == pytest.approx(-1.0)
    assert told.suspicious


def test_a_question_that_everybody_gets_right_discriminates_nothing():
    """There is no correlation with something that does not vary."""
    told = figures(_taken([1] * FEWEST, range(1, FEWEST + 1)))
    assert (told.difficulty, told.correlation, told.upper_lower) == (1, None, 0)


def test_a_class_s_statistics_count_its_closed_papers_only(hall):
    """Ten right of ten and five of ten: each question and topic once, an open paper not at all."""
    hall.sit(50)
    hall.sit(100, "trainee-2")
    hall.start()
    found = service.class_statistics(hall.services, hall.class_id)
    assert found.papers == 2
    assert sum(one.figures.drawn for one in found.questions) == 20
    assert sum(one.figures.right for one in found.questions) == 15
    assert sum(one.drawn for one in found.topics) == 20
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert [row["question"] for row in rows] == [one.question for one in found.questions]
    assert found.to_json()["questions"][0]["stem"] == found.questions[0].stem


def test_voided_attempts_are_left_out_and_counted(hall):
    """A paper written in a power cut says nothing about its questions; the page says how many there were."""
    hall.sit(100, "trainee-2")
    attempt = hall.sit(50).attempt
    voiding.request(hall.services, administrator("staff-1"), hall.class_id, attempt, "停电")
    assert service.class_statistics(hall.services, hall.class_id).papers == 2
    voiding.decide(hall.services, administrator("staff-2"), hall.class_id, attempt, confirmed=True)
    found = service.class_statistics(hall.services, hall.class_id)
    assert (found.papers, found.voided, found.to_json()["voided"]) == (1, 1, 1)
    assert sum(one.figures.drawn for one in found.questions) == 10
    page = client_for(make_app(hall.services), administrator()).get(
        f"/compliance/classes/{hall.class_id}/exam/statistics"
    )
    assert "作废的 1 份不计入" in page.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_staff_see_the_page_and_its_files_and_a_trainee_does_not(hall):
    """The page names the questions, the CSV opens in a spreadsheet, and trainees are kept out."""
    app = make_app(hall.services)
    done = hall.sit(50)
    staff = client_for(app, administrator())
    url = f"/compliance/classes/{hall.class_id}/exam/statistics"
    page = staff.get(url)
    assert page.status_code == 200
    assert hall.frozen(done.attempt)[0]["stem"] in page.text
    assert staff.get(f"{url}?format=csv").data.startswith(b"\xef\xbb\xbfquestion,version,")
    assert staff.get(f"{url}?format=json").json["papers"] == 1
    assert client_for(app, trainee("trainee-1")).get(url).status_code in {403, 404}
