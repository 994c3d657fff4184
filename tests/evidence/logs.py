"""Ways the tests put facts into a log and look at what became of them."""

from sqlalchemy import text

from lmscompliance.evidence import class_stream, enrolment_stream, record
from lmscompliance.evidence.fsck import fsck
from lmscompliance.storage.transaction import reading, transaction
from tests.signer.heads import ORIGIN, signer_in

CLASS = "k" * 26
OTHER = "j" * 26
TRAINEE = enrolment_stream("e" * 26)


def write(services, stream=TRAINEE, count=1, *, class_id=CLASS, disclose=None, kind="session.segment"):
    """Record ``count`` facts, each in a transaction of its own."""
    recorded = []
    for number in range(count):
        with transaction(services.database) as session:
            recorded.append(
                record(
                    session,
                    services,
                    class_id=class_id,
                    stream=stream,
                    type=kind,
                    at=services.clock.now(),
                    body={"session": "s1", "n": number, "beats": [[0, 0, 0, "playing"]]},
                    disclose=disclose,
                )
            )
    return recorded


def disarm(services):
    """Remove the guards, as only an owner of the database can, so that a test may tamper.

    Return the names of the triggers that are gone, or of the tables that are without.
    """
    with transaction(services.database) as session:
        if services.database.is_sqlite:
            names = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
            for name in names:
                session.execute(text(f"DROP TRIGGER {name}"))
            return names
        tables = session.scalars(text("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger")).all()
        names = [name for name in tables if name.startswith("compliance_evidence")]
        for name in names:
            session.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
        return names


def assert_sound(services, *signers):
    """Check everything that is stored, and return the counts."""
    with reading(services.database) as session:
        report = fsck(session, services, [vkey for signer in signers for vkey in signer.vkeys])
    assert report.problems == []
    return report


__all__ = [
    "CLASS",
    "ORIGIN",
    "OTHER",
    "TRAINEE",
    "assert_sound",
    "class_stream",
    "disarm",
    "signer_in",
    "write",
]
