"""What is unusual about several people: farms and shops, told from classrooms and factories."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from lmscompliance.rules.company import Sighting, Visit, at_one_address, lockstep, many_addresses
from lmscompliance.rules.facts import SessionFact
from tests.rules import traces
from tests.rules.build import NOTICE, us

ANOMALY = NOTICE.anomaly


def _visits(people: dict[str, list[SessionFact]]) -> list[Visit]:
    return [
        Visit(person, f"e-{person}", fact.session, fact.opened_us, fact.closed_us or fact.opened_us)
        for person, facts in people.items()
        for fact in facts
    ]


def _seen(person: str, second: int = 0, *, address: str = "a", device: str = "d", class_id: str = "k"):
    return Sighting(
        person, class_id, f"e-{person}", f"s-{person}-{second}", address, device, date(2021, 2, 1),
        us(second), us(second + 600),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_a_farm_is_found_among_a_classroom(seed: int) -> None:
    """Five accounts that one program plays are one group; the thirty who were called in are none."""
    people = traces.called_in(seed) | traces.farm(seed)
    (found,) = lockstep(_visits(people), ANOMALY)
    assert found.enrolments == tuple(f"e-f{number}" for number in range(5))
    assert found.facts == {"persons": 5, "sessions": 40}
    assert found.subject == "e-f0"


def test_a_classroom_that_starts_on_the_word_is_no_farm() -> None:
    """Thirty people called in twenty-four times: the rate of false groups over ten seeds is nil."""
    assert [seed for seed in range(10) if lockstep(_visits(traces.called_in(seed)), ANOMALY)] == []


def test_lockstep_needs_enough_sessions_enough_of_them_and_enough_people() -> None:
    """Each number decides by itself."""

    def pair(shared: int, alone: int, people: int = 3) -> list[Visit]:
        return [
            Visit(f"p{who}", f"e{who}", f"s{who}-{n}", us(n * 5000), us(n * 5000 + 1800))
            for who in range(people)
            for n in range(shared)
        ] + [Visit("p0", "e0", f"alone-{n}", us(n * 5000 + 2500), us(n * 5000 + 3000)) for n in range(alone)]

    assert lockstep(pair(5, 0), ANOMALY)
    assert not lockstep(pair(4, 0), ANOMALY)
    assert not lockstep(pair(5, 0, people=2), ANOMALY)
    assert lockstep(pair(8, 2), ANOMALY)[0].facts["persons"] == 3
    # p0 does a third of their sessions alone: the other two are bound together, and two are not enough.
    assert not lockstep(pair(6, 3), ANOMALY)
    assert not lockstep(pair(9, 0), replace(ANOMALY, lockstep_sessions=0))


def test_together_is_at_both_ends() -> None:
    """Beginning together is nothing; a second more at the end is apart."""

    def visits(apart_seconds: float) -> list[Visit]:
        return [
            Visit(
                f"p{who}", f"e{who}", f"s{who}-{n}", us(n * 5000), us(n * 5000 + 1800 + who * apart_seconds)
            )
            for who in range(3)
            for n in range(6)
        ]

    assert lockstep(visits(0.5), ANOMALY)
    assert not lockstep(visits(1.001), ANOMALY)


def test_a_crowd_at_one_address_is_shown_to_each_class_by_its_own_people() -> None:
    """People of all classes count; a class is told its own and how many others there were."""
    here = [_seen(f"p{n}", n, device=f"d{n}") for n in range(6)]
    here += [_seen(f"q{n}", n, device=f"d{n}", class_id="other") for n in range(4)]
    (found,) = at_one_address(here, "k", ANOMALY)
    assert (found.kind, found.facts) == ("address_cluster", {"persons": 10, "own": 6, "others": 4})
    assert found.enrolments == tuple(f"e-p{n}" for n in range(6))
    assert at_one_address(here[:-1], "k", ANOMALY) == []
    assert at_one_address(here, "elsewhere", ANOMALY) == []


def test_one_person_is_no_crowd_however_often_they_come() -> None:
    """Sessions do not count, people do."""
    assert at_one_address([_seen("p", n) for n in range(50)], "k", ANOMALY) == []


def test_one_browser_for_four_people_is_a_shared_device() -> None:
    """The same browser at the same address; other browsers there are nobody's business."""
    here = [_seen(f"p{n}", n) for n in range(4)] + [_seen("q", 9, device="other")]
    (found,) = at_one_address(here, "k", ANOMALY)
    assert (found.kind, found.facts["persons"]) == ("shared_device", 4)
    assert at_one_address(here[1:], "k", ANOMALY) == []


def test_many_addresses_within_an_hour_are_shown() -> None:
    """Six addresses within the hour are shown; spread over the day, or the same ones again, they are not."""
    quick = [_seen("p", 600 * n, address=f"a{n}") for n in range(6)]
    (found,) = many_addresses(quick, ANOMALY)
    assert (found.subject, found.facts) == ("2021-02-01", {"addresses": 6, "minutes": 50})
    assert many_addresses([_seen("p", 721 * n, address=f"a{n}") for n in range(6)], ANOMALY) == []
    assert many_addresses([_seen("p", 60 * n, address=f"a{n % 5}") for n in range(40)], ANOMALY) == []
