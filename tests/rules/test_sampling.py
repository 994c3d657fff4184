"""Drawing a sample: the same for everybody, and nobody is favoured."""

from __future__ import annotations

import hashlib
from collections import Counter

from lmscompliance.rules.sampling import drawn

CLASS = {f"enrolment-{number}": number for number in range(1, 41)}


def test_T38_W41_a_seed_draws_the_same_people_for_everybody() -> None:
    """The order in which trainees are listed changes nothing; the smallest digests are taken."""
    backwards = dict(reversed(CLASS.items()))
    assert drawn(CLASS, 5, "2021-03-15 双色球 03 11") == drawn(backwards, 5, "2021-03-15 双色球 03 11")
    by_hand = min(CLASS, key=lambda one: hashlib.sha256(f"s/{one}".encode()).hexdigest())
    assert drawn(CLASS, 1, "s") == [CLASS[by_hand]]
    assert set(drawn(CLASS, 1, "s")) < set(drawn(CLASS, 2, "s"))
    assert drawn(CLASS, 99, "s") == list(range(1, 41))
    assert drawn({}, 3, "s") == []


def test_everybody_is_as_likely_as_anybody() -> None:
    """Over two thousand fixed seeds each of forty is drawn about two hundred times."""
    found = Counter(one for seed in range(2000) for one in drawn(CLASS, 4, str(seed)))
    assert found.keys() == set(CLASS.values())
    assert all(130 < times < 270 for times in found.values())
