"""Who is learning now: what is told, to whom, at what cost, and that nobody's beat waits for it."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import event, select

from lmscompliance.learning.models import OpenSession
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.supervision import live
from tests.learning.school import School, open_school
from tests.supervision.hall import FACTORY, begin, learn, look
from tests.support.app import administrator, client_for, inspector, make_app, trainee

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ALL = administrator()


@pytest.fixture
def school(services: Services) -> School:
    """Return a class of twelve."""
    return open_school(services, trainees=12)


def test_whoever_learns_is_shown_with_the_minutes_of_the_day(school: School) -> None:
    """Credit of the running session and of earlier ones of the same Shanghai day, judged by the rules."""
    services = school.services
    services.clock.advance(15 * 3600 + 1800)  # type: ignore[attr-defined]  # 23:30 in Shanghai
    learn(school, "trainee-1", 0, 540)
    player = begin(school, "trainee-1", 1)
    player.play(1500)
    begin(school, "trainee-2", 0, ip="198.51.100.1")
    view = live.view(services, ALL, school.class_id)
    assert (view.learning, view.day.isoformat(), len(view.rows)) == (2, "2021-02-02", 2)
    first, second = view.rows
    # The earlier session was yesterday; of this one four minutes were today.
    assert (first.ordinal, first.lesson, first.state, first.seconds_today) == (1, "第 2 课", "playing", 240)
    assert first.last_at == services.clock.now()
    assert (second.seconds_today, second.here, second.moved) == (0, 1, 1)


def test_sums_of_the_day_follow_the_last_look(school: School) -> None:
    """Minutes of everybody who learnt today, what nobody has decided about, and who learns right now."""
    learn(school, "trainee-1", 0, 540)
    learn(school, "trainee-2", 0, 300)
    look(school.services)
    view = live.view(school.services, ALL, school.class_id)
    assert (view.learning, view.learnt_today, view.credited_today, view.anomalies) == (0, 2, 840, 0)
    begin(school, "trainee-3").play(120)
    begin(school, "trainee-1", 1).play(60)
    view = live.view(school.services, ALL, school.class_id)
    assert sum(row.seconds_today for row in view.rows) == 120 + 540 + 60
    # Two of them were looked at before, and the third is in the sums all the same.
    assert (view.learning, view.learnt_today, view.credited_today) == (2, 3, 840 + 120 + 60)


@sqlite_only
def test_crowds_and_moves_and_anomalies_are_flagged(school: School) -> None:
    """How many learn from one address now, how many addresses a session has had, what is open."""
    learn(school, "trainee-11", 0, 3720)
    look(school.services)
    players = [begin(school, f"trainee-{number}") for number in range(1, 12)]
    mover = players[0]
    mover.sender = type(mover.sender)("198.51.100.7", mover.sender.agent)
    mover.play(60)
    rows = {row.ordinal: row for row in live.view(school.services, ALL).rows}
    assert (rows[1].here, rows[1].moved, rows[1].crowded) == (1, 2, False)
    assert (rows[2].here, rows[2].moved, rows[2].crowded) == (10, 1, True)
    assert (rows[2].anomalies, rows[11].anomalies) == (0, 1)


@sqlite_only
def test_queries_do_not_grow_with_the_class(school: School) -> None:
    """One page of a class costs the same number of queries for one learner and for eleven."""

    def queries() -> int:
        count = 0

        def told(*_: object) -> None:
            nonlocal count
            count += 1

        school.services.clock.advance(60)  # type: ignore[attr-defined]
        event.listen(school.services.database.engine, "before_cursor_execute", told)
        live.view(school.services, ALL, school.class_id)
        event.remove(school.services.database.engine, "before_cursor_execute", told)
        return count

    begin(school, "trainee-1")
    alone = queries()
    for number in range(2, 12):
        begin(school, f"trainee-{number}")
    assert queries() == alone <= 27


@sqlite_only
def test_one_view_serves_all_who_look_within_seconds(school: School) -> None:
    """What is a moment old is not computed again; after it the view follows."""
    begin(school, "trainee-1")
    first = live.view(school.services, ALL)
    begin(school, "trainee-2")
    assert live.view(school.services, ALL) is first
    assert live.view(school.services, inspector("浏河镇")).learning == 0
    school.services.clock.advance(5)  # type: ignore[attr-defined]
    assert live.view(school.services, ALL).learning == 2


def test_looking_waits_for_no_beat_and_no_beat_for_it(school: School) -> None:
    """While somebody holds the hot row locked the view answers, as it was before."""
    begin(school, "trainee-1")
    with transaction(school.services.database) as session:
        row = session.scalars(select(OpenSession).with_for_update()).one()
        row.last_state = "paused"
        session.flush()
        assert live.view(school.services, ALL).rows[0].state == "playing"


@sqlite_only
def test_a_long_list_comes_in_pages(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only one page of people is read and opened."""
    monkeypatch.setattr(live, "PAGE_ROWS", 2)
    for number in range(1, 6):
        begin(school, f"trainee-{number}")
    second = live.view(school.services, ALL, school.class_id, 2)
    assert (second.learning, second.pages, [row.ordinal for row in second.rows]) == (5, 3, [3, 4])
    assert live.view(school.services, ALL, school.class_id, 99).page == 3


@sqlite_only
def test_an_unchanged_view_is_not_sent_again(school: School) -> None:
    """The interface answers 304 to its own ETag until something changes."""
    app: Flask = make_app(school.services)
    client = client_for(app, ALL)
    begin(school, "trainee-1")
    path = f"/compliance/api/classes/{school.class_id}/live"
    first = client.get(path)
    assert first.status_code == 200
    assert first.json["rows"][0]["name"].endswith("*")
    school.services.clock.advance(30)  # type: ignore[attr-defined]
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert int(again.headers["X-Compliance-Now"]) > int(first.headers["X-Compliance-Now"])
    begin(school, "trainee-2")
    school.services.clock.advance(5)  # type: ignore[attr-defined]
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).json["learning"] == 2


@sqlite_only
def test_no_address_leaves_the_view(school: School) -> None:
    """People at an address are counted; the address itself is not told."""
    client = client_for(make_app(school.services), ALL)
    begin(school, "trainee-1")
    for path in (
        "live",
        "api/live",
        f"classes/{school.class_id}/live",
        f"api/classes/{school.class_id}/live",
    ):
        answer = client.get(f"/compliance/{path}")
        assert answer.status_code == 200
        assert FACTORY not in answer.text
    assert client_for(make_app(school.services), trainee()).get("/compliance/live").status_code == 403
