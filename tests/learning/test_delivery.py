"""Beats that a page kept back while it had no network: what is taken, what counts, what is written down."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from lmscompliance.learning import service, tokens
from lmscompliance.learning.history import SESSION_CLOSED
from lmscompliance.learning.sent import LateBeat, SentBeat
from lmscompliance.rules.ledger_facts import ClassRecord, Record
from lmscompliance.rules.ledger_trainee import read_trainees
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from tests.learning.lanes import LANES, way_in
from tests.learning.school import DESKTOP, PHONE, Player, School, open_school

WINDOW = 600


class Phone(Player):
    """A page that keeps its beats while it is offline and delivers them with the next one."""

    def __init__(self, school: School, account: str = "trainee-1") -> None:
        super().__init__(school, school.start(account))
        self.read_at = self.clock.now()
        self.acked = 0
        self.kept: list[LateBeat] = []

    def live(self, state: str = "playing") -> str:
        """Send a beat with everything that was kept, read the answer, and return what it says."""
        self.seq += 1
        ack = self.school.accept(
            self.services, self.started.token, self.sent(state), self.sender.ip, self.sender.agent
        )
        self.nonces[ack.seq], self.acked, self.kept, self.read_at = ack.nonce, ack.seq, [], self.clock.now()
        return ack.state

    def sent(self, state: str = "playing") -> SentBeat:
        """Return the beat with what was kept since the last answer."""
        nonce = self.nonces.get(self.acked, "")
        return SentBeat(self.seq, self.position_ms, state, nonce, self.acked, tuple(self.kept))

    def keep(self, state: str = "playing") -> None:
        """Keep a beat back."""
        self.seq += 1
        offset_ms = int((self.clock.now() - self.read_at).total_seconds() * 1000)
        self.kept.append(LateBeat(self.seq, offset_ms, self.position_ms, state))

    def offline(self, seconds: int, *, every: int = 60) -> None:
        """Play on without a network."""
        while seconds > 0:
            step = min(every, seconds)
            self.wait(step)
            self.keep()
            seconds -= step


@pytest.fixture(params=LANES)
def school(request: pytest.FixtureRequest, services: Services) -> School:
    """Return the usual class, its beats arriving by each way in turn."""
    return replace(open_school(services), accept=way_in(request.param, services))


only_the_service = pytest.mark.parametrize("school", ["service"], indirect=True)


def _late_leaves(school: School) -> list[dict]:
    return [leaf.body for leaf in school.leaves() if "arrived_us" in leaf.body]


def test_what_was_kept_in_a_tunnel_counts_to_the_second(school: School) -> None:
    """A session that goes on gets a segment of late beats, marked, and every second of it is credited."""
    phone = Phone(school)
    phone.wait(60)
    phone.live()
    phone.offline(300)
    phone.wait(20)
    assert phone.live() == "active"
    phone.wait(60)
    phone.live()
    phone.end()
    account = school.account()
    assert (account.credited_seconds, dict(account.excluded)) == (440, {})
    (fact,) = school.facts()
    assert [segment.closed_by for segment in fact.segments] == ["missed", "late", "end"]
    (late,) = _late_leaves(school)
    assert late["beats"] == [[2 + n, 60_000 * (n + 1), 60_000 * (n + 2), "playing"] for n in range(5)]
    assert late["arrived_us"] - late["start_us"] == 320_000_000
    assert fact.segments[1].arrived_us == late["arrived_us"]
    assert not {"unanswered", "untimely"} & late.keys()


def test_a_session_that_was_closed_meanwhile_gets_a_further_segment(school: School) -> None:
    """Nothing written is changed; the total, the place to resume at and the listeners are up to date."""
    phone = Phone(school)
    phone.wait(60)
    phone.live()
    phone.offline(300)
    assert service.close_silent(school.services) == 1
    before = [leaf.encode() for leaf in school.leaves()]
    heard: list[str] = []
    school.services.events.connect(SESSION_CLOSED, heard.append)
    phone.wait(30)
    assert phone.live() == "closed"
    assert heard == [f"{school.class_id}/{school.trainees['trainee-1']}"]
    assert [leaf.encode() for leaf in school.leaves()][: len(before)] == before
    assert len(school.leaves()) == len(before) + 1
    account = school.account()
    assert (account.credited_seconds, dict(account.excluded)) == (390, {})
    (fact,) = school.facts()
    assert (fact.close_reason, fact.closed_us) == ("timeout", fact.opened_us + 390_000_000)
    assert school.start().resume_position_ms == 390_000


def test_delivering_again_adds_nothing(school: School) -> None:
    """A delivery whose answer was lost may be repeated, before and after the session was closed."""
    phone = Phone(school)
    phone.offline(120)
    phone.wait(10)
    phone.seq += 1
    again = phone.sent()
    for _ in range(2):
        ack = school.accept(school.services, phone.started.token, again, PHONE.ip, PHONE.agent)
        assert (ack.seq, ack.state) == (3, "active")
    phone.nonces[3], phone.acked, phone.kept = ack.nonce, 3, []
    phone.read_at = phone.clock.now()
    phone.offline(120)
    service.close_silent(school.services)
    phone.seq += 1
    again = phone.sent()
    count = 0
    for _ in range(2):
        school.accept(school.services, phone.started.token, again, PHONE.ip, PHONE.agent)
        count = count or len(school.leaves())
    assert len(school.leaves()) == count
    assert school.account().credited_seconds == 250


def test_an_end_brings_late_beats_too(school: School) -> None:
    """The last beat of a lesson that ended in the tunnel closes the session with all that was kept."""
    phone = Phone(school)
    phone.offline(240)
    phone.wait(15)
    phone.seq += 1
    ended = service.end(school.services, phone.started.token, phone.sent("ended"), PHONE)
    assert ended.credited_seconds == 255


@only_the_service
@pytest.mark.parametrize("before", ["still open", "closed"])
@pytest.mark.parametrize(("silence", "credited"), [(WINDOW, WINDOW + 60), (WINDOW + 1, 60)])
def test_outside_the_window_it_is_kept_and_excluded(
    school: School, before: str, silence: int, credited: int
) -> None:
    """The window counts from the last answer the page read; its very end still lies within."""
    phone = Phone(school)
    phone.wait(60)
    phone.live()
    phone.offline(silence)
    if before == "closed":
        service.close_silent(school.services)
    phone.kept.pop()
    phone.seq -= 1
    phone.live()
    account = school.account()
    assert account.credited_seconds == credited
    assert account.wall_seconds == 60 + silence
    assert set(account.excluded) <= {"late"}
    assert len(_late_leaves(school)) == 1


@only_the_service
def test_the_order_of_deliveries_changes_nothing(services: Services, school: School) -> None:
    """Three deliveries of one silence, each on its own and in any order, give the same seconds."""
    results = []
    for order in permutations(range(3)):
        one = open_school(services, trainees=1)
        phone = Phone(one)
        phone.wait(60)
        phone.live()
        phone.offline(180)
        parts = phone.kept
        phone.wait(30)
        for which in order:
            # The same beat comes with each, and is kept with the first.
            beat = SentBeat(9, phone.position_ms, "playing", phone.nonces[1], 1, (parts[which],))
            one.accept(services, phone.started.token, beat, PHONE.ip, PHONE.agent)
        account = one.account()
        results.append((account.credited_seconds, dict(account.excluded)))
        service.end(services, phone.started.token, SentBeat(10, phone.position_ms, "paused"), PHONE)
    assert results == [(270, {})] * 6


@only_the_service
@pytest.mark.parametrize(
    ("offsets", "credited"),
    [
        ((60_000, 120_000), 190),
        ((60_000, 131_000), 190),  # the clock drifted by a second: as far as its arrival
        ((60_000, 190_000), 120),  # faster than the clock: what lies in the future cannot be
        ((80_000, 60_000), 140),  # backwards
    ],
)
def test_no_late_beat_runs_faster_than_the_clock(
    school: School, offsets: tuple[int, int], credited: int
) -> None:
    """A time before the one before it or after the arrival is bounded, named, and earns nothing."""
    phone = Phone(school)
    phone.wait(60)
    phone.live()
    phone.wait(130)
    phone.kept = [LateBeat(2 + n, offset, 60_000 + offset, "playing") for n, offset in enumerate(offsets)]
    phone.seq = 3
    phone.live()
    account = school.account()
    assert account.wall_seconds == 190
    assert account.credited_seconds == credited
    assert account.excluded.keys() <= {"late"}
    (late,) = _late_leaves(school)
    assert late["end_us"] <= late["arrived_us"]
    assert ("untimely" in late) == (credited != 190)


@only_the_service
@pytest.mark.parametrize("nonce", ["", "0" * 16])
def test_late_beats_of_who_read_no_answer_earn_nothing(school: School, nonce: str) -> None:
    """Without the nonce of the answer they claim to follow, they are kept and count for nothing."""
    phone = Phone(school)
    phone.wait(60)
    phone.live()
    phone.offline(240)
    phone.nonces[phone.acked] = nonce
    phone.wait(60)
    phone.live()
    account = school.account()
    assert account.credited_seconds == 60
    assert account.excluded.keys() <= {"unanswered", "idle_gap"}
    assert len(_late_leaves(school)[0]["unanswered"]) == 4


@only_the_service
def test_a_loop_with_its_first_nonce_earns_a_window_at_most(school: School) -> None:
    """Telling everything again with each beat is for pages without a network, and for so long only."""
    phone = Phone(school)
    for _ in range(30):
        phone.wait(60)
        phone.keep()
        told = SentBeat(
            phone.seq, phone.position_ms, "playing", phone.started.nonce, 0, tuple(phone.kept[:-1])
        )
        school.accept(school.services, phone.started.token, told, PHONE.ip, PHONE.agent)
    assert school.account().credited_seconds <= WINDOW


@only_the_service
def test_a_beat_that_hides_what_was_sent_before_it_is_unanswered(school: School) -> None:
    """Naming an old answer is only for who tells again what was sent since."""
    phone = Phone(school)
    for seq in range(1, 5):
        phone.wait(60)
        sent = SentBeat(seq, phone.position_ms, "playing", phone.started.nonce, 0)
        school.accept(school.services, phone.started.token, sent, PHONE.ip, PHONE.agent)
    account = school.account()
    assert (account.credited_seconds, dict(account.excluded)) == (60, {"unanswered": 180})


@only_the_service
def test_a_delivery_from_elsewhere_names_where_it_came_from(school: School) -> None:
    """The late segment discloses the address that delivered it, also into a closed session."""
    phone = Phone(school)
    phone.offline(120)
    phone.sender = DESKTOP
    phone.live()
    phone.wait(60)
    phone.live()
    phone.offline(120)
    service.close_silent(school.services)
    phone.sender = PHONE
    phone.live()
    named = [leaf.d.keys() for leaf in school.leaves() if leaf.t == "session.segment"]
    assert named == [set(), {"ip", "agent"}, set(), {"ip", "agent"}]
    assert school.account().credited_seconds == 300


@only_the_service
def test_a_session_taken_over_takes_late_beats_that_count_until_then(school: School) -> None:
    """What lies before the takeover counts, what lies after it does not."""
    phone = Phone(school)
    phone.offline(60)
    school.start(lesson=1, sender=DESKTOP, takeover=True)
    phone.offline(60)
    assert phone.live() == "superseded"
    account = school.account()
    assert account.by_session(phone.started.session).credited_seconds == 60
    assert account.excluded["overlap"] == 60


@only_the_service
def test_the_leaves_tell_the_same_sessions_as_the_rows(school: School) -> None:
    """Whoever reads only the evidence gets late segments, marks and the closed session's new end as we do."""
    phone = Phone(school)
    phone.offline(120)
    phone.live()
    phone.nonces[phone.acked] = "0" * 16
    phone.wait(60)
    phone.live()
    phone.offline(240)
    service.close_silent(school.services)
    phone.kept[1] = replace(phone.kept[1], offset_ms=10**9)
    phone.live()
    enrolment = school.trainees["trainee-1"]
    with reading(school.services.database) as session:
        class_fact, _ = queries.class_facts(session, school.class_id)
    known = ClassRecord(class_fact, "in-force", "", "", "", enrolments={enrolment: 1})
    (read,) = read_trainees([Record(leaf) for leaf in school.leaves()], known, pytest.fail)
    assert [one.fact for one in read.sessions.values()] == school.facts()
    assert {beat.mark for one in school.facts() for part in one.segments for beat in part.beats} == {
        "",
        "unanswered",
        "untimely",
    }


@only_the_service
def test_late_beats_of_a_session_that_is_gone_are_nothing(school: School) -> None:
    """A token without a row, open or closed, is told that its session is closed."""
    phone = Phone(school)
    phone.offline(60)
    gone = tokens.Claims("gone", school.trainees["trainee-1"], school.class_id)
    token = tokens.issue(school.services, gone)
    phone.seq += 1
    ack = school.accept(school.services, token, phone.sent(), PHONE.ip, PHONE.agent)
    assert ack.state == "closed"
    assert _late_leaves(school) == []
