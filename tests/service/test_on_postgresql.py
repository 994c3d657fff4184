"""Where the database matters to accounts: what several do at once is counted and taken once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lmscompliance.kernel.actor import Role
from lmscompliance.kernel.clock import ManualClock
from tests.service.house import PASSWORD, House, open_house

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def house(tmp_path: Path, clock: ManualClock, database_url: str) -> Iterator[House]:
    """Return a service on PostgreSQL."""
    house = open_house(tmp_path / "service", clock, database_url=database_url)
    yield house
    house.services.database.dispose()


def _at_once(people: int, work) -> list[int]:
    """Let so many do the same at the same moment and return what each was answered."""
    barrier, answers = threading.Barrier(people), []

    def run() -> None:
        barrier.wait(60)
        answers.append(work())

    threads = [threading.Thread(target=run) for _ in range(people)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(120)
    return sorted(answers)


def test_a_burst_of_guesses_is_counted_whole(house: House):
    """Of eight wrong passwords at once five are looked at, and then even the right one waits."""
    house.staff("boss", Role.ADMINISTRATOR)
    browsers = [house.browser() for _ in range(8)]
    for one in browsers:
        one.get("/login")
    answers = _at_once(8, lambda: browsers.pop().sign_in("boss", "wrong password").status_code)
    assert answers == [401] * 5 + [429] * 3
    assert house.browser().sign_in("boss").status_code == 429
    house.clock.advance(31)
    assert house.browser().sign_in("boss").status_code == 303


def test_a_code_is_taken_once_by_two_at_once(house: House):
    """Whoever looks over a shoulder and is as quick still stays outside."""
    admin = house.staff("boss", Role.ADMINISTRATOR)
    house.clock.advance(30)
    browsers = [house.browser() for _ in range(2)]
    for one in browsers:
        one.secret = admin.secret
        assert one.sign_in("boss", PASSWORD).status_code == 303
    assert _at_once(2, lambda: (one := browsers.pop()).post("/login/code", code=one.code()).status_code) == [
        303,
        401,
    ]
