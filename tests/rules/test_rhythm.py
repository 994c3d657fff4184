"""What is unusual: found in programs, hardly ever in people, and whatever the order of the facts."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmscompliance.rules.facts import PresenceFact, SessionFact
from lmscompliance.rules.finding import Finding
from lmscompliance.rules.rhythm import findings
from tests.rules import traces
from tests.rules.build import NOTICE, TERMS, session, us, watch
from tests.rules.test_credit_properties import sessions

ANOMALY = NOTICE.anomaly
OFF = replace(ANOMALY, **{name: 0 for name in ANOMALY.__slots__ if name != "lockstep_persons"})
SEEDS = range(40)
PEOPLE_BEFORE_ONE_IS_FLAGGED = 50


def _kinds(facts: list[SessionFact], terms=ANOMALY) -> set[str]:
    return {one.kind for one in findings(facts, terms, TERMS)}


def false_positives(seeds) -> Counter[str]:
    """Count the kinds that honest months are flagged with."""
    return Counter(kind for seed in seeds for kind in _kinds(traces.honest_month(seed)))


def test_honest_months_are_hardly_ever_flagged() -> None:
    """Of simulated people who learn for a month, pause and sleep at most one in fifty is flagged."""
    flagged = sum(bool(_kinds(traces.honest_month(seed))) for seed in SEEDS)
    assert flagged * PEOPLE_BEFORE_ONE_IS_FLAGGED <= len(SEEDS), false_positives(SEEDS)


@pytest.mark.soak
def test_honest_months_are_hardly_ever_flagged_among_many() -> None:
    """The same of two thousand people, with the rates told."""
    seeds = range(1000, 3000)
    flagged = false_positives(seeds)
    print({kind: f"{number / len(seeds):.2%}" for kind, number in flagged.items()})
    assert flagged.total() * 100 <= len(seeds), flagged


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("program", "kind"),
    [
        (traces.sleeping_loop, "regular_beats"),
        (traces.fast_clock, "clock_drift"),
        (traces.all_night, "round_the_clock"),
        (traces.all_night, "long_day"),
        (traces.all_night, "unbroken"),
        (traces.in_background, "background"),
    ],
)
def test_each_program_is_found_by_what_it_forgets(program, kind: str, seed: int) -> None:
    """Every simulated fraud is flagged for its own reason, from each seed; with the kind off, it is not."""
    facts = program(seed)
    assert kind in _kinds(facts)
    assert _kinds(facts, OFF) == set()


def test_beats_are_regular_by_their_middle_four_fifths() -> None:
    """One late beat in sixteen hides no program, and a millisecond decides."""
    beats = [(60 * n + (0.5 if n % 16 == 0 else 0), 60 * n, "playing") for n in range(80)]
    assert _kinds([session(beats)], replace(OFF, regular_beats=60, regular_spread_ms=1)) == {"regular_beats"}
    swaying = [(60 * n + (0.001 if n % 2 else 0), 60 * n, "playing") for n in range(80)]
    assert _kinds([session(swaying)], replace(OFF, regular_beats=60, regular_spread_ms=2)) == set()
    assert _kinds([session(swaying)], replace(OFF, regular_beats=60, regular_spread_ms=3)) == {
        "regular_beats"
    }


def test_too_few_beats_say_nothing() -> None:
    """A short session is never too regular."""
    assert _kinds([session(watch(0, 3540))], replace(OFF, regular_beats=60, regular_spread_ms=9)) == set()
    assert _kinds([session(watch(0, 3600))], replace(OFF, regular_beats=60, regular_spread_ms=9)) != set()


def test_a_speed_that_the_policy_permits_is_no_drift() -> None:
    """At a permitted 1.5× the page's clock is compared with 1.5×."""
    beats = [(60 * n, 90 * n, "playing") for n in range(40)]
    terms = replace(OFF, drift_seconds=1800, drift_permille=10)
    assert [one.kind for one in findings([session(beats)], terms, TERMS)] == ["clock_drift"]
    assert findings([session(beats)], terms, replace(TERMS, max_rate_permille=1500)) == []


def test_a_day_is_a_day_in_shanghai() -> None:
    """Study over midnight counts for both days, each with its own share."""
    # START is eight in the morning.
    late = session(watch(15 * 3600, 17 * 3600), opened=15 * 3600)
    found = findings([late], replace(OFF, day_seconds=3599), TERMS)
    assert [(one.subject, one.facts["seconds"]) for one in found] == [
        ("2021-02-01", 3600),
        ("2021-02-02", 3600),
    ]
    assert findings([late], replace(OFF, day_seconds=3600), TERMS) == []


def test_time_on_two_devices_counts_once() -> None:
    """Overlapping sessions make no day longer than it was."""
    both = [session(watch(0, 7200), name="s1"), session(watch(0, 7200), name="s2")]
    (found,) = findings(both, replace(OFF, day_seconds=7199), TERMS)
    assert found.facts["seconds"] == 7200


def test_four_hours_of_rest_are_rest() -> None:
    """A day and a night with one rest of the required length is not round the clock; a second less is."""
    for rest, expected in ((14_400, set()), (14_399, {"round_the_clock"})):
        second = 14 * 3600 + rest
        facts = [
            session(watch(0, 14 * 3600), name="s1"),
            session(watch(second, second + 8 * 3600), name="s2", opened=second),
        ]
        assert _kinds(facts, replace(OFF, rest_seconds=14_400)) == expected


def test_a_pause_breaks_an_unbroken_stretch() -> None:
    """Three hours in one go are shown; with a pause, a look away or a seek in between they are not."""
    terms = replace(OFF, unbroken_seconds=10_800, linear_tolerance_ms=500)
    assert _kinds([session(watch(0, 10_800))], terms) == {"unbroken"}
    for middle in [(5400, 5400, "paused")], [(5400, 5400, "hidden")], [(5400, 5390, "playing")]:
        broken = [*watch(0, 5340), *middle, *watch(5460, 10_860, position=5460)]
        assert _kinds([session(broken)], terms) == set()


def test_answers_nobody_could_have_read_are_shown() -> None:
    """Three checks of a day answered within a second are shown, two are not, and neither are slow ones."""

    def answers(*milliseconds: int) -> list[PresenceFact]:
        return [
            PresenceFact(f"c{n}", n, "s1", us(60 * n), us(60 * n + 60), decided_us=us(60 * n) + ms * 1000)
            for n, ms in enumerate(milliseconds)
        ]

    (found,) = findings([], ANOMALY, TERMS, checks=answers(400, 999, 700, 8000))
    assert (found.kind, found.facts) == ("quick_answers", {"answers": 3, "fastest_ms": 400})
    assert findings([], ANOMALY, TERMS, checks=answers(400, 700, 1000, 8000)) == []


@settings(max_examples=60)
@given(sessions(), st.randoms(use_true_random=False))
def test_the_order_of_the_facts_changes_nothing(facts: list[SessionFact], chance: random.Random) -> None:
    """Whatever beats hold and however they are handed in, the same is found, under one name each."""
    keen = replace(
        ANOMALY,
        regular_beats=2,
        regular_spread_ms=60_000,
        drift_seconds=1,
        unbroken_seconds=60,
        day_seconds=60,
        hidden_seconds=1,
        hidden_permille=1,
    )
    found = findings(facts, keen, TERMS)
    assert len({(one.kind, one.subject) for one in found}) == len(found)
    assert all(isinstance(one, Finding) and one.first_us <= one.last_us and one.sessions for one in found)
    shuffled = [replace(one, segments=tuple(chance.sample(one.segments, len(one.segments)))) for one in facts]
    chance.shuffle(shuffled)
    assert findings(shuffled, keen, TERMS) == found
