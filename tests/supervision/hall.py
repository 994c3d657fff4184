"""Short ways to let people learn and the jobs look at it."""

from __future__ import annotations

from sqlalchemy import select

from lmscompliance.completion import service as completion
from lmscompliance.evidence.models import Entry
from lmscompliance.learning.origin import Origin
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.supervision import jobs
from lmscompliance.supervision.models import Anomaly
from lmscompliance.tlog.leaf import Leaf
from tests.learning.school import Player, School

FACTORY = "203.0.113.50"


def look(services: Services) -> None:
    """Do what the periodic jobs do, in their order."""
    completion.refresh_due(services)
    jobs.watch(services)
    jobs.compare(services)


def found(services: Services) -> list[Anomaly]:
    """Return every anomaly, by kind and subject."""
    with reading(services.database) as session:
        return list(session.scalars(select(Anomaly).order_by(Anomaly.kind, Anomaly.subject)))


def learn(
    school: School,
    account: str,
    lesson: int = 0,
    seconds: int = 60,
    *,
    ip: str = FACTORY,
    answers: bool = False,
) -> None:
    """Learn for a while with a browser of one's own; presence checks are answered at once or not at all."""
    player = begin(school, account, lesson, ip=ip)
    player.attentive = answers
    player.play(seconds)
    player.end()


def begin(school: School, account: str, lesson: int = 0, *, ip: str = FACTORY) -> Player:
    """Open a session with a browser of one's own."""
    sender = Origin(ip, f"Phone of {account}")
    return Player(school, school.start(account, lesson, sender), sender)


def crowd(school: School, people: int = 10) -> None:
    """Let so many people learn at the factory's address, one after the other."""
    for number in range(1, people + 1):
        learn(school, f"trainee-{number}")


def leaves(school: School, *types: str) -> list[Leaf]:
    """Return the class's leaves of the given types."""
    with reading(school.services.database) as session:
        rows = session.scalars(
            select(Entry.leaf).where(Entry.stream == f"class/{school.class_id}").order_by(Entry.n)
        )
        return [leaf for leaf in map(Leaf.decode, rows) if leaf.t in types]
