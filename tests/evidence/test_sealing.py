"""Sealing: every step can be the last one, two sealers do no harm, and nothing altered is signed."""

import threading

import pytest
from sqlalchemy import delete, select, update

from lmscompliance.evidence import enrolment_stream, sealer, staging
from lmscompliance.evidence.models import Batch, Entry, Log, Outbox, Position, Tile
from lmscompliance.evidence.sealer import seal, seal_all
from lmscompliance.evidence.signer import LocalSigner, SignerRefuses
from lmscompliance.kernel.errors import ComplianceError, Misconfigured
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.notes import Note
from lmscompliance.verifier import ed25519
from tests.evidence.logs import ORIGIN, TRAINEE, assert_sound, disarm, signer_in, write

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Crash(BaseException):
    """The process dies here."""


def die(*_args, **_kwargs):
    """Stand in for a step that the process does not live to take."""
    raise Crash


def test_an_empty_log_has_nothing_to_sign(services, tmp_path):
    """Sealing nothing makes no checkpoint."""
    report = seal_all(services, signer_in(tmp_path))
    assert (report.size, report.sealed, report.checkpoint) == (0, 0, None)
    assert seal(services, signer_in(tmp_path)).sealed == 0


def test_what_was_recorded_is_sealed_under_a_checkpoint(services, tmp_path):
    """The report tells size, count and a note that commits to the entries; sealing again changes nothing."""
    signer = signer_in(tmp_path)
    write(services, count=5)
    report = seal_all(services, signer)
    assert (report.size, report.sealed) == (5, 5)
    note = Note.parse(report.checkpoint)
    note.verify([signer.vkey], ed25519.verify)
    assert Checkpoint.parse(note.text).size == 5
    again = seal_all(services, signer)
    assert (again.size, again.sealed, again.checkpoint) == (5, 0, report.checkpoint)
    assert assert_sound(services, signer).sealed == 5


def test_batches_of_any_size_make_one_log(services, tmp_path):
    """Many small batches over a tile's edge give the tree that one batch would have given."""
    signer = signer_in(tmp_path)
    for number in range(6):
        write(services, enrolment_stream(f"{number:026d}"), 50)
    assert seal(services, signer, limit=7).sealed == 7
    assert seal_all(services, signer, limit=60).size == 300
    assert assert_sound(services, signer).checkpoints == 6


def test_sealing_all_ends_although_somebody_keeps_recording(services, tmp_path, monkeypatch):
    """The call seals what was committed before it, and does not chase a busy writer."""
    write(services, count=3)
    publish = sealer._publish

    def publish_while_recording(*args):
        write(services)
        return publish(*args)

    monkeypatch.setattr(sealer, "_publish", publish_while_recording)
    assert seal_all(services, signer_in(tmp_path)).sealed == 3


@pytest.mark.parametrize(
    ("step", "staged"), [("stage", 0), ("_build", 4), ("_publish", 4), ("_report", 0)], ids=str
)
def test_a_crash_before_any_step_is_made_good_by_the_next_call(services, tmp_path, monkeypatch, step, staged):
    """Whatever the process did not live to do is done by the next call, with entries that came meanwhile."""
    signer = signer_in(tmp_path)
    write(services, count=4)
    with monkeypatch.context() as patch:
        patch.setattr(sealer, step, die)
        with pytest.raises(Crash):
            seal_all(services, signer)
    with reading(services.database) as session:
        batches = [batch.end_size - batch.start_size for batch in session.scalars(select(Batch))]
    assert sum(batches) == staged
    write(services, count=2)
    assert seal_all(services, signer_in(tmp_path)).size == 6
    assert assert_sound(services, signer).sealed == 6


def test_a_crash_after_signing_gives_the_same_note(services, tmp_path, monkeypatch):
    """The signer's mark is ahead of the log; restart is given the very note that was lost."""
    signer = signer_in(tmp_path)
    write(services, count=4)
    with monkeypatch.context() as patch:
        patch.setattr(sealer, "_publish", die)
        with pytest.raises(Crash):
            seal_all(services, signer)
    lost = (tmp_path / "signer" / "checkpoint").read_text()
    write(services)
    assert seal(services, signer).checkpoint == lost
    assert_sound(services, signer)


def test_two_sealers_on_one_batch_do_no_harm(services, tmp_path):
    """Both work on the batch that is staged; one publishes it, the other finds it done."""
    signer = signer_in(tmp_path)
    write(services, count=4)
    first = staging.stage(services, ORIGIN, 100)
    second = staging.stage(services, ORIGIN, 100)
    assert (first.end, first.fresh, second.end, second.fresh) == (4, True, 4, False)
    assert sealer._seal_staged(services, signer, second) == 4
    assert sealer._seal_staged(services, signer, first) == 0
    write(services)
    assert seal_all(services, signer).size == 5
    assert sealer._seal_staged(services, signer, first) == 0
    assert_sound(services, signer)


def test_sealers_and_writers_at_once_lose_nothing(services, tmp_path):
    """Under four writers and two sealers every committed entry gets exactly one place."""
    signer = signer_in(tmp_path)
    done = threading.Event()
    failures = []

    def guarded(work):
        try:
            work()
        except Exception as error:
            failures.append(error)
            raise

    def sealing():
        while not done.is_set():
            seal(services, signer_in(tmp_path), limit=17)

    def writing(number):
        for round_ in range(15):
            write(services, enrolment_stream(f"{number}{round_ % 3:025d}"))
            write(services, TRAINEE)

    sealers = [threading.Thread(target=guarded, args=(sealing,)) for _ in range(2)]
    writers = [threading.Thread(target=guarded, args=(lambda n=n: writing(n),)) for n in range(4)]
    for thread in [*sealers, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in sealers:
        thread.join()
    assert failures == []
    seal_all(services, signer)
    assert assert_sound(services, signer).sealed == 120


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_entry_that_commits_late_is_not_missed(services, tmp_path):
    """What began before a sealing and commits after it is sealed next, in its stream's order."""
    signer = signer_in(tmp_path)
    slow, other = enrolment_stream("s" * 26), enrolment_stream("o" * 26)
    with transaction(services.database) as session:
        from lmscompliance.evidence import record

        for stream in (slow, slow):
            record(
                session,
                services,
                class_id="c" * 26,
                stream=stream,
                type="session.opened",
                at=services.clock.now(),
                body={},
            )
        services.clock.advance(60)
        write(services, other, 3)
        assert seal_all(services, signer).size == 3
    assert seal_all(services, signer).size == 5
    assert_sound(services, signer)


@sqlite_only
def test_an_altered_leaf_is_not_signed(services, tmp_path):
    """Bytes that no longer have the recorded hash stop the sealing, and the entry is named."""
    write(services, count=3)
    disarm(services)
    with transaction(services.database) as session:
        session.execute(update(Entry).where(Entry.n == 1).values(leaf=b"{}"))
    with pytest.raises(ComplianceError, match=rf"Entry 1 of stream {TRAINEE}"):
        seal_all(services, signer_in(tmp_path))
    assert signer_in(tmp_path).mark().size == 0


@sqlite_only
def test_a_lost_leaf_is_not_passed_over(services, tmp_path):
    """A recorded entry that is no longer there stops the sealing."""
    write(services, count=3)
    disarm(services)
    with transaction(services.database) as session:
        session.execute(delete(Entry).where(Entry.n == 2))
    with pytest.raises(ComplianceError, match="only 2 are there"):
        seal_all(services, signer_in(tmp_path))


@sqlite_only
def test_a_database_older_than_the_signer_is_refused(services, tmp_path):
    """After a restore from a backup the log cannot grow differently from what was signed."""
    signer = signer_in(tmp_path)
    write(services, count=3)
    with services.database.engine.connect() as connection:
        backup = list(connection.connection.driver_connection.iterdump())
    seal_all(services, signer)
    with services.database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        raw.rollback()
        raw.execute("PRAGMA foreign_keys=OFF")
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            raw.execute(f"DROP TABLE {name}")
        raw.executescript("\n".join(backup))
    services.database.dispose()
    write(services)
    with pytest.raises(SignerRefuses, match="restored from an old backup"):
        seal(services, signer, limit=2)
    with pytest.raises(SignerRefuses):
        seal(services, signer)


@sqlite_only
def test_a_rewritten_history_is_refused_by_the_signer(services, tmp_path):
    """Whoever rewrites sealed entries and every hash in the database still cannot get it signed."""
    signer = signer_in(tmp_path)
    write(services, count=3)
    seal_all(services, signer)
    disarm(services)
    with transaction(services.database) as session:
        session.execute(update(Tile).values(data=bytes(96)))
    write(services)
    with pytest.raises(SignerRefuses):
        seal_all(services, signer)
    assert signer.mark().size == 3


@sqlite_only
def test_a_signer_of_another_origin_is_refused(services, tmp_path):
    """A log keeps its name; a mistyped origin is an error that shows both."""
    write(services)
    seal_all(services, signer_in(tmp_path))
    write(services)
    stranger = LocalSigner.load_or_create(tmp_path / "other", "log.example/other")
    with pytest.raises(Misconfigured, match=ORIGIN):
        seal(services, stranger)


@sqlite_only
def test_staging_moves_rows_and_loses_none(services):
    """Staged entries have left the outbox and have places beyond the tree head."""
    write(services, count=5)
    staging.stage(services, ORIGIN, 3)
    with reading(services.database) as session:
        assert session.scalars(select(Position.log_index).order_by(Position.log_index)).all() == [0, 1, 2]
        assert session.scalars(select(Outbox.n).order_by(Outbox.n)).all() == [3, 4]
        assert session.scalars(select(Log.size)).one() == 0
    assert assert_sound(services).waiting == 2
