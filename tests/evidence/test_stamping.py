"""Timestamps: one a day, again before they expire, and an authority that misbehaves holds nothing up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from lmscompliance.evidence import stamping
from lmscompliance.evidence.fsck import fsck
from lmscompliance.evidence.models import Log, Timestamp
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.evidence.stamped import StampCount, bad_timestamps
from lmscompliance.evidence.stamping import StampReport, stamp, stamp_due
from lmscompliance.kernel.clock import ManualClock, SystemClock
from lmscompliance.storage.transaction import reading
from lmscompliance.tlog.notes import Note
from lmscompliance.tlog.tsa import tsa_roots
from lmscompliance.verifier import rfc3161
from tests.evidence.logs import signer_in, write
from tests.support.peers import DRIPS, peer
from tests.support.tsa import Authority

DAY = 86_400
sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def authority(tmp_path):
    """Yield a local authority."""
    one = Authority(tmp_path / "tsa")
    yield one
    one.close()


def stamping_services(services, authority, clock=None, **settings):
    """Return services that ask ``authority``, by the true time unless another clock is given."""
    settings = {"tsa_url": authority.url, "tsa_chain": authority.chain, **settings}
    changed = replace(services.settings, **settings)
    return replace(services, settings=changed, clock=clock or SystemClock())


def kept(services):
    """Return every stored timestamp."""
    with reading(services.database) as session:
        rows = session.scalars(select(Timestamp).order_by(Timestamp.size, Timestamp.number))
        return [(row.size, row.number, row.response, row.chain) for row in rows]


def test_one_checkpoint_a_day_is_stamped(services, tmp_path, authority):
    """The newest one, once on each Shanghai day, kept with its chain; openssl finds it good."""
    clock = ManualClock(datetime.now(UTC))
    with_tsa = stamping_services(services, authority, clock)
    assert stamp_due(with_tsa) == StampReport(0, 0, 0)
    write(with_tsa)
    note = seal_all(with_tsa, signer_in(tmp_path)).checkpoint
    assert stamp_due(with_tsa) == StampReport(1, 0, 0)
    write(with_tsa)
    seal_all(with_tsa, signer_in(tmp_path))
    assert stamp_due(with_tsa) == StampReport(0, 0, 0)
    clock.advance(2 * DAY)
    assert stamp_due(with_tsa) == StampReport(1, 0, 0)
    assert stamp_due(with_tsa) == StampReport(0, 0, 0)
    (size, number, response, chain), (second, *_) = kept(services)
    assert (size, number, second) == (1, 0, 2)
    assert chain == authority.chain.read_text()
    assert authority.judge(response, Note.parse(note).text.encode())
    assert not authority.judge(response, Note.parse(note).text.encode() + b"\n")


@sqlite_only
@pytest.mark.parametrize("mood", ["down", "garbage", "refuses", "other nonce", "other imprint"])
def test_a_bad_answer_is_dropped_and_asked_for_again(services, tmp_path, authority, mood):
    """Nothing of it is kept and nothing is raised; the next run, with the authority well again, stamps."""
    with_tsa = stamping_services(services, authority)
    write(with_tsa)
    assert seal_all(with_tsa, signer_in(tmp_path)).size == 1
    authority.mood = mood
    assert stamp_due(with_tsa) == StampReport(0, 0, 1)
    assert stamp(with_tsa, 1) is None
    assert kept(services) == []
    authority.mood = ""
    assert stamp_due(with_tsa) == StampReport(1, 0, 0)


@sqlite_only
@pytest.mark.parametrize("how", DRIPS)
def test_an_authority_that_only_trickles_is_cut_off(services, tmp_path, monkeypatch, how):
    """One that is silent or drips without an end costs no more than the limit."""
    monkeypatch.setattr(stamping, "TIMEOUT_SECONDS", 0.3)
    write(services)
    seal_all(services, signer_in(tmp_path))
    with peer(DRIPS[how]) as slow:
        assert stamp(replace(services, settings=replace(services.settings, tsa_url=slow.url)), 1) is None


@sqlite_only
def test_an_authority_nobody_trusts_is_refused(services, tmp_path, authority):
    """Its signature must lead to the root of the chain file; one issued by a stranger does not."""
    stranger = Authority(tmp_path / "stranger")
    stranger.close()
    with_tsa = stamping_services(services, authority, tsa_chain=stranger.chain)
    write(with_tsa)
    seal_all(with_tsa, signer_in(tmp_path))
    assert stamp(with_tsa, 1) is None


@sqlite_only
def test_a_chain_that_came_along_makes_no_root(services, tmp_path, authority):
    """Certificates beside a timestamp only lead to a root from elsewhere; a self-made root is no help."""
    stranger = Authority(tmp_path / "stranger")
    request, nonce = rfc3161.request(b"message")
    response = stranger.answer(request)[1]
    stranger.close()
    theirs = rfc3161.certificates(stranger.chain.read_text())
    ours = rfc3161.self_signed(rfc3161.certificates(authority.chain.read_text()))
    assert rfc3161.check(response, b"message", theirs, rfc3161.self_signed(theirs), nonce)
    with pytest.raises(rfc3161.BadTimestamp, match="signature or chain"):
        rfc3161.check(response, b"message", theirs, ours, nonce)


@sqlite_only
def test_a_timestamp_is_stamped_again_before_it_expires(services, tmp_path):
    """The whole answer gets a timestamp of its own, once a day at most, while its certificates still hold."""
    short = Authority(tmp_path / "short", days=30)
    try:
        clock = ManualClock(datetime.now(UTC))
        with_tsa = stamping_services(services, short, clock)
        write(with_tsa)
        seal_all(with_tsa, signer_in(tmp_path))
        assert stamp_due(with_tsa) == StampReport(1, 0, 0)
        assert stamp_due(with_tsa) == StampReport(0, 0, 0)
        clock.advance(2 * DAY)
        assert stamp_due(with_tsa) == StampReport(0, 1, 0)
        clock.advance(60 * DAY)
        assert stamp_due(with_tsa) == StampReport(0, 0, 0), "what has expired cannot be renewed"
    finally:
        short.close()
    (_, first, before, _), (_, second, response, _) = kept(services)
    assert (first, second) == (0, 1)
    assert short.judge(response, before)
    assert checked(services) == []


def checked(services):
    """Return what the re-check from storage says of timestamps."""
    with reading(services.database) as session:
        return [one for one in fsck(session).problems if "timestamp" in one]


@sqlite_only
def test_stored_timestamps_are_checked_again(services, tmp_path, authority):
    """One of something else, with another time, without its chain, after a gap or of nothing is named."""
    with_tsa = stamping_services(services, authority)
    for _ in range(2):
        write(with_tsa)
        assert stamp(with_tsa, seal_all(with_tsa, signer_in(tmp_path)).size)
    assert checked(services) == []
    with reading(services.database) as session:
        good = session.get_one(Timestamp, (1, 1, 0))
    row = {column.name: getattr(good, column.name) for column in Timestamp.__table__.columns}
    late = good.expires_at + timedelta(days=1)
    wrong = [
        (row | {"size": 3}, "no checkpoint"),
        (row | {"number": 2}, "the one before it is missing"),
        (row | {"number": 1}, "of something else"),
        (row | {"number": 1, "stamped_at": late}, "had expired"),
    ]
    for change, says in wrong:
        with Session(services.database.engine) as session:
            session.execute(insert(Timestamp).values(change))
            assert any(says in one for one in bad_timestamps(session, _log(session), StampCount())), says
    for change, says in (({"chain": authority.root.read_text()}, "chain"), ({"stamped_at": late}, "times")):
        with Session(services.database.engine) as session:
            for guard in ("no_change", "no_delete", "no_replace"):
                session.execute(text(f"DROP TRIGGER compliance_evidence_timestamp_{guard}"))
            session.execute(update(Timestamp).where(Timestamp.size == 1).values(**change))
            assert any(says in one for one in bad_timestamps(session, _log(session), StampCount())), says


def _log(session):
    return session.get_one(Log, 1)


@sqlite_only
def test_without_the_library_only_the_sequence_is_checked(services, tmp_path, authority, monkeypatch):
    """What could not be checked is counted, never called good."""
    with_tsa = stamping_services(services, authority)
    write(with_tsa)
    assert stamp(with_tsa, seal_all(with_tsa, signer_in(tmp_path)).size)
    monkeypatch.setattr(rfc3161, "AVAILABLE", False)
    with reading(services.database) as session:
        report = fsck(session)
    assert (report.timestamps.stamps, report.timestamps.unchecked) == (1, 1)
    assert report.problems == []


@sqlite_only
def test_the_trust_file_names_the_root(services, authority):
    """Only the root of the chain file, so that an intermediate is not trusted by itself."""
    roots = tsa_roots(stamping.trust_lines(stamping_services(services, authority)))
    assert list(roots) == rfc3161.certificates(authority.root.read_text())
    assert stamping.trust_lines(services) == ""
