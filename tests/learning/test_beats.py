"""What a beat does to the hot row, and when a segment closes: the same on every way in."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from itsdangerous import URLSafeSerializer
from sqlalchemy import select

from lmscompliance.kernel.errors import Unauthenticated
from lmscompliance.learning import beatlog, nonces
from lmscompliance.learning.models import ClosedSegment, OpenSession
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.sent import SentBeat
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from tests.learning.lanes import LANES, way_in
from tests.learning.school import DESKTOP, PHONE, Player, School, open_school


@pytest.fixture(params=LANES)
def school(request: pytest.FixtureRequest, services: Services) -> School:
    """Return the usual class, its beats arriving by each way in turn."""
    return replace(open_school(services), accept=way_in(request.param, services))


def _row(school: School) -> OpenSession:
    with reading(school.services.database) as session:
        return session.scalars(select(OpenSession)).one()


def _segments(school: School) -> list[ClosedSegment]:
    with reading(school.services.database) as session:
        return list(session.scalars(select(ClosedSegment).order_by(ClosedSegment.n)))


def test_a_plain_beat_is_appended_to_the_open_row(school: School) -> None:
    """A plain beat moves the hot row and writes nothing else."""
    player = Player(school, school.start())
    before = len(school.leaves())
    player.wait(60.25)
    ack = player.beat()
    assert (ack.seq, ack.state, ack.next_seconds) == (1, "active", 60)
    row = _row(school)
    assert row.beats == "0,0,0,playing;1,60250,60250,playing;"
    assert (row.last_seq, row.last_position_ms, row.last_state) == (1, 60250, "playing")
    assert row.last_at == school.services.clock.now()
    assert _segments(school) == []
    assert len(school.leaves()) == before


def test_a_replayed_beat_is_acknowledged_and_adds_nothing(school: School) -> None:
    """The same number again is acknowledged with the last durable number and changes no column."""
    player = Player(school, school.start())
    player.play(120)
    text = _row(school).beats
    player.wait(30)
    assert player.beat("paused", seq=2).seq == 2
    assert player.beat("paused", seq=1).seq == 2
    assert _row(school).beats == text


@pytest.mark.parametrize("salt", ["lmscompliance.learning.session", "lmscompliance.csrf"])
def test_only_our_own_session_tokens_are_taken(school: School, salt: str) -> None:
    """A token of another key, or one of ours made for something else, is refused whatever it says."""
    started = school.start()
    secret = school.services.settings.secret_key
    claims = [started.session, school.trainees["trainee-1"], school.class_id]
    key = secret if salt == "lmscompliance.csrf" else "another secret"
    forged = URLSafeSerializer(key, salt=salt, signer_kwargs={"digest_method": hashlib.sha256}).dumps(claims)
    with pytest.raises(Unauthenticated):
        school.accept(school.services, forged, SentBeat(1, 0, "playing"), PHONE.ip, PHONE.agent)
    assert (
        school.accept(school.services, started.token, SentBeat(1, 0, "playing"), PHONE.ip, PHONE.agent).seq
        == 1
    )


@pytest.mark.parametrize("nonce", ["", "0" * 16, "the last"])
def test_a_beat_without_the_nonce_of_the_last_answer_is_kept_and_credits_nothing(
    school: School, nonce: str
) -> None:
    """A loop that posts by itself is acknowledged and written down, and earns not one second."""
    player = Player(school, school.start())
    player.play(60)
    given = player.nonces.get(0 if nonce == "the last" else None, nonce)
    for seq in range(2, 8):
        player.wait(60)
        sent = SentBeat(seq, player.position_ms, "playing", given)
        ack = school.accept(school.services, player.started.token, sent, PHONE.ip, PHONE.agent)
        assert (ack.seq, ack.state) == (seq, "active")
    account = school.account()
    assert account.credited_seconds == 60
    assert dict(account.excluded) == {"unanswered": 360}
    player.nonces[7], player.seq = ack.nonce, 7
    player.play(120)
    player.end()
    segments = [leaf.body for leaf in school.leaves() if leaf.t == "session.segment"]
    assert [body.get("unanswered") for body in segments] == [[2, 3, 4, 5], [5, 6, 7]]
    # Whoever reads an answer after all goes on from the beat that shows it.
    assert school.account().credited_seconds == 120


def test_a_beat_whose_answer_was_lost_is_repeated_and_goes_on(school: School) -> None:
    """The same number shows the same nonce again, and is told the one that follows."""
    player = Player(school, school.start())
    player.wait(60)
    first = player.beat()
    player.wait(5)
    assert player.beat(seq=1) == first
    player.play(60)
    account = school.account()
    assert (account.credited_seconds, dict(account.excluded)) == (125, {})


def test_nonces_are_told_apart_by_session_and_by_key(school: School) -> None:
    """What another session or another installation was answered opens nothing here."""
    one, two = school.start("trainee-1"), school.start("trainee-2")
    other = replace(school.services, settings=replace(school.services.settings, secret_key="another"))
    assert one.nonce == nonces.after(school.services, one.session, 0)
    assert len({one.nonce, two.nonce, nonces.after(other, one.session, 0)}) == 3


def test_five_minutes_close_a_segment_and_the_next_shares_its_last_beat(school: School) -> None:
    """At the policy's length the segment closes on a beat that also opens the next one."""
    player = Player(school, school.start())
    player.play(420)
    (first,) = _segments(school)
    row = _row(school)
    assert first.closed_by == "length"
    assert (first.end_at - first.start_at).total_seconds() == 300
    assert row.segment_start == first.end_at
    assert beatlog.parse(first.beats)[-1].seq == beatlog.parse(row.beats)[0].seq == 5
    assert beatlog.parse(row.beats)[0].offset_ms == 0
    assert school.account().credited_seconds == 420


def test_hiding_the_page_closes_the_segment_once(school: School) -> None:
    """Going out of sight closes the segment; further hidden beats are plain."""
    player = Player(school, school.start())
    player.play(60)
    player.wait(10)
    player.beat("hidden")
    player.clock.advance(60)
    player.beat("hidden")
    player.clock.advance(30)
    player.beat("playing")
    player.play(60)
    (first,) = _segments(school)
    assert first.closed_by == "hidden"
    account = school.account()
    assert account.credited_seconds == 130
    assert dict(account.excluded) == {"page_hidden": 90}


def test_a_silence_over_the_gap_leaves_a_hole(school: School) -> None:
    """After more than the gap the segment ends at its last beat and nothing fills the silence."""
    player = Player(school, school.start())
    player.play(60)
    player.wait(91)
    assert player.beat().state == "active"
    player.play(60)
    (first,) = _segments(school)
    assert first.closed_by == "missed"
    row = _row(school)
    assert (row.segment_start - first.end_at).total_seconds() == 91
    account = school.account()
    assert account.credited_seconds == 120
    assert dict(account.excluded) == {"idle_gap": 91}


def test_a_silence_of_exactly_the_gap_still_counts(school: School) -> None:
    """The limit itself is within the limit."""
    player = Player(school, school.start())
    player.play(90, every=90)
    assert _segments(school) == []
    assert school.account().credited_seconds == 90


@pytest.mark.parametrize("moved", [Origin(DESKTOP.ip, PHONE.agent), Origin(PHONE.ip, DESKTOP.agent)])
def test_another_address_or_device_closes_the_segment_and_is_disclosed(school: School, moved: Origin) -> None:
    """The segment after a change names address and device in its leaf; those without a change do not."""
    player = Player(school, school.start())
    player.play(60)
    player.sender = moved
    player.play(120)
    player.end()
    assert [one.closed_by for one in _segments(school)] == ["address", "end"]
    opened, first, second, closed = school.leaves()
    assert opened.d.keys() == {"ip", "agent"}
    assert first.d == {}
    assert second.d.keys() == {"ip", "agent"}
    assert closed.body["segments"] == 2
    first_row, second_row = _segments(school)
    assert second_row.ip_sealed is not None
    assert (first_row.ip_blind == second_row.ip_blind) == (moved.ip == PHONE.ip)
    assert school.account().credited_seconds == 180


def test_no_plain_address_is_stored(school: School) -> None:
    """Address and User-Agent stand in the row only sealed or as keyed digests."""
    school.start()
    row = _row(school)
    stored = repr({column.name: getattr(row, column.name) for column in OpenSession.__table__.columns})
    assert PHONE.ip not in stored
    assert PHONE.agent not in stored


def test_a_flood_of_beats_closes_the_segment_before_its_leaf_grows_too_long(school: School) -> None:
    """However fast a client beats, a segment's leaf stays within what the log takes."""
    player = Player(school, school.start())
    for _ in range(900):
        player.wait(0.05)
        player.beat()
    player.end()
    assert len(_segments(school)) > 1
    assert max(len(one.beats) for one in _segments(school)) < beatlog.FULL + 100
    assert max(len(leaf.encode()) for leaf in school.leaves()) < 65_535


def test_a_clock_that_was_set_back_does_not_turn_time_round(school: School) -> None:
    """A beat received 'before' the last one is kept at the last one's instant."""
    player = Player(school, school.start())
    player.play(60)
    player.clock.advance(-30)
    assert player.beat().seq == 2
    player.clock.advance(30)
    player.play(60)
    (fact,) = school.facts()
    offsets = [beat.offset_ms for beat in fact.segments[0].beats]
    assert offsets == [0, 60_000, 60_000, 120_000]


def test_a_beat_for_a_closed_session_says_so(school: School) -> None:
    """After the end nothing is kept and the page is told."""
    player = Player(school, school.start())
    player.play(60)
    player.end()
    ack = player.beat()
    assert (ack.seq, ack.state, ack.next_seconds) == (0, "closed", 0)
