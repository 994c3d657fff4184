"""Invented people pass every check that real ones pass."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from lmscompliance.demo.cast import Behaviour, assign
from lmscompliance.demo.people import invent, write_roster
from lmscompliance.identity import roster
from lmscompliance.kernel.clock import SystemClock
from lmscompliance.kernel.ids import Ids, SeededRandomness


def _ids(seed: str) -> Ids:
    return Ids(SystemClock(), SeededRandomness(seed))


def test_a_roster_of_invented_people_is_accepted_whole(tmp_path: Path) -> None:
    """Three hundred different people, none refused and none with a warning."""
    path = tmp_path / "roster.xlsx"
    write_roster(path, invent(_ids("people"), 300))
    report = roster.check(path, date(2021, 1, 29))
    assert report.refused == []
    assert len(report.accepted) == 300
    assert [one.warnings for one in report.accepted if one.warnings] == []


def test_one_seed_is_one_set_of_people() -> None:
    """Who is invented depends on the seed alone."""
    assert invent(_ids("a"), 5) == invent(_ids("a"), 5)
    assert invent(_ids("a"), 5) != invent(_ids("b"), 5)


def test_from_six_players_on_every_behaviour_occurs() -> None:
    """A small cast shows everything there is to show; a large one is mostly diligent."""
    assert assign(_ids("cast"), 6) == list(Behaviour)
    assert assign(_ids("cast"), 2) == list(Behaviour)[:2]
    large = assign(_ids("cast"), 300)
    assert set(large) == set(Behaviour)
    assert large.count(Behaviour.DILIGENT) > 150
