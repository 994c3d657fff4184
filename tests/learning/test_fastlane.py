"""The lane in front of Flask answers what is plain and leaves everything else as it came."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from flask import Flask

from lmscompliance.extension.mounting import beat_route
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.learning import fastlane, nonces
from lmscompliance.learning.fastlane import FastLane
from lmscompliance.learning.service import Started
from lmscompliance.services import Services
from lmscompliance.storage import groupcommit
from lmscompliance.storage.database import Database
from tests.learning.lanes import BEATS, FAST_LANES, app_with, count_passed_on, way_in
from tests.learning.school import DESKTOP, PHONE, Player, School, open_school


@pytest.fixture(params=FAST_LANES)
def lane(request: pytest.FixtureRequest) -> str:
    """Return the name of each lane in front of the view."""
    return request.param


def _post(app: Flask, body: object, **more: object):
    data = body if isinstance(body, (str, bytes)) else json.dumps(body, separators=(",", ":"))
    arguments = {"content_type": "application/json", "headers": {"User-Agent": PHONE.agent}} | more
    return app.test_client().post(BEATS, data=data, environ_base={"REMOTE_ADDR": PHONE.ip}, **arguments)


def _beat(school: School, started: Started, seq: int = 1) -> dict[str, object]:
    nonce = nonces.after(school.services, started.session, seq - 1)
    return {"token": started.token, "seq": seq, "position_ms": 0, "state": "playing", "nonce": nonce}


def test_a_plain_beat_never_reaches_flask(school: School, lane: str) -> None:
    """Beat after beat is answered in front of it."""
    app = app_with(lane, school.services)
    reached = count_passed_on(app)
    started = school.start()
    nonce = started.nonce
    for seq in range(1, 8):
        answer = _post(app, _beat(school, started, seq) | {"nonce": nonce}).json
        nonce = answer.pop("nonce")
        assert answer == {"seq": seq, "state": "active", "next_seconds": 60}
    assert len(reached) == 0
    (fact,) = school.facts()
    assert [beat.seq for beat in fact.segments[0].beats] == list(range(8))


def test_the_answer_is_the_views_to_the_byte(school: School, lane: str) -> None:
    """Status, headers and body of both lanes are the same."""
    beat = _beat(school, school.start())
    # The second to be asked finds the beat kept, and answers what the first has answered.
    fast, view = (_post(app_with(way, school.services), beat) for way in (lane, "view"))
    assert (fast.status, fast.data) == (view.status, view.data)
    assert sorted(fast.headers) == sorted(view.headers)


@pytest.mark.parametrize(
    "change",
    [
        lambda beat: json.dumps(beat, indent=1),
        lambda beat: json.dumps(dict(reversed(beat.items()))),
        lambda beat: json.dumps(beat).replace("playing", "pl\\u0061ying"),
        lambda beat: json.dumps(beat) + " ",
        lambda beat: b" " * 2000 + json.dumps(beat).encode(),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_beat_written_otherwise_is_the_views_and_counts_the_same(school: School, change, lane: str) -> None:
    """The view reads the body that the lane has looked at."""
    app = app_with(lane, school.services)
    reached = count_passed_on(app)
    assert _post(app, change(_beat(school, school.start()))).json["seq"] == 1
    assert len(reached) == 1
    (fact,) = school.facts()
    assert len(fact.segments[0].beats) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_other_requests_pass_untouched(school: School, lane: str) -> None:
    """Another method, another path and another prefix are none of the lane's business."""
    app = app_with(lane, school.services)
    reached = count_passed_on(app)
    assert app.test_client().get(BEATS).status_code == 405
    assert app.test_client().post("/api/beats").status_code == 404
    assert app.test_client().post(f"{BEATS}/end").status_code == 404
    assert len(reached) == 3


def test_a_taken_over_session_is_told_so(school: School, lane: str) -> None:
    """The lane leaves the superseded to the view; their beats are kept all the same."""
    accept = way_in(lane, school.services)
    first = Player(replace(school, accept=accept), school.start())
    school.start(sender=DESKTOP, takeover=True)
    assert first.play(60).state == "superseded"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_unknown_schema_is_asked_about_first(school: School, lane: str) -> None:
    """Until the schema is known to be current the lane stands aside, because the view asks."""
    app = app_with(lane, school.services)
    reached = count_passed_on(app)
    app.extensions["compliance"].schema_known = False
    assert _post(app, _beat(school, school.start())).status_code == 500
    assert len(reached) == 1


def test_beats_of_many_threads_are_all_kept(services: Services, clock: ManualClock, lane: str) -> None:
    """Whatever is grouped with whatever, each acknowledged beat is in the row of its session, in order."""
    school = open_school(services, trainees=8)
    app = app_with(lane, services)
    opened = {account: school.start(account) for account in school.trainees}
    answers: list[int] = []

    def page(started: Started) -> None:
        answers.extend(_post(app, _beat(school, started, seq)).json["seq"] for seq in range(1, 31))

    threads = [threading.Thread(target=page, args=(started,)) for started in opened.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == sorted([*range(1, 31)] * 8)
    for account in opened:
        (fact,) = school.facts(account)
        assert [beat.seq for beat in fact.segments[0].beats] == list(range(31))


def test_the_lane_opens_anew_after_the_connections_were_closed(school: School, lane: str) -> None:
    """Closing everything (before a fork, say) costs the next beat a connection and nothing else."""
    app = app_with(lane, school.services)
    reached = count_passed_on(app)
    started = school.start()
    assert _post(app, _beat(school, started, 1)).status_code == 200
    school.services.database.dispose()
    assert _post(app, _beat(school, started, 2)).json["seq"] == 2
    assert len(reached) == 0


def test_a_full_segment_is_the_views(school: School, lane: str) -> None:
    """The lane appends up to the limit and lets the view close the segment."""
    player = Player(replace(school, accept=way_in(lane, school.services)), school.start())
    for _ in range(1200):
        player.beat()
    (fact,) = school.facts()
    assert len(fact.segments) == 2
    assert sum(len(segment.beats) for segment in fact.segments) == 1202


@pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="one processor is always shared"
)
def test_a_crowd_of_beats_is_kept_on_one_processor_and_a_page_never(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread stays there from beat to beat on PostgreSQL; before anything goes on to Flask it is let go."""
    monkeypatch.setattr(groupcommit, "CROWD", 0)
    every = os.sched_getaffinity(0)
    told = "import os; print(len(os.sched_getaffinity(0)))"
    started = school.start()
    in_pages: list[tuple[set[int], int]] = []

    def page(environ, start_response):
        child = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
        in_pages.append((os.sched_getaffinity(0), int(child.stdout)))
        if environ["PATH_INFO"] == "/fails":
            raise ConnectionError
        start_response("200 OK", [])
        return [b""]

    def kept(first_seq: int, *, affinity: bool = True) -> list[int]:
        settings = replace(school.services.settings, beat_affinity=affinity)
        app = app_with("lane", replace(school.services, settings=settings))
        app.wsgi_app = FastLane(page, beat_route(app))
        client, masks = app.test_client(), []
        # The last is a beat that the lane cannot take.
        for seq, path in enumerate(("/", "/fails", BEATS), first_seq):
            assert _post(app, _beat(school, started, seq)).json["seq"] == seq
            masks.append(len(os.sched_getaffinity(0)))
            with suppress(ConnectionError):
                client.post(path, data="{}")
            masks.append(len(os.sched_getaffinity(0)))
        return masks

    with ThreadPoolExecutor(1) as thread:
        on = 1 if not school.services.database.is_sqlite else len(every)
        assert thread.submit(kept, 1).result() == [on, len(every)] * 3
        assert thread.submit(kept, 4, affinity=False).result() == [len(every)] * 6
    assert in_pages == [(every, len(every))] * 6


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x.sqlite3?uri=true"])
def test_a_database_without_a_file_has_no_lane(url: str) -> None:
    """A second connection would see another database there."""
    assert not fastlane.possible(Database(url))
