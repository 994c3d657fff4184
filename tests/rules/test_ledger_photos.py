"""Photos of an attempt, held against the moments that were drawn for them when it was opened."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lmscompliance.kernel.jcs import Json
from lmscompliance.rules import ledger_attempts
from lmscompliance.rules.ledger_body import BadFact, Body
from lmscompliance.rules.ledger_facts import Record, TraineeRecord
from lmscompliance.tlog.leaf import Leaf

OPENED = {"attempt": "a1", "number": 1, "opened_us": 0, "deadline_us": 9_000, "blueprint_version": 1}
FIRST: dict[str, Json] = {"attempt": "a1", "n": 1, "due_us": 300, "asked_us": 310}


def _opened(photos: Json, *, told: bool = True) -> TraineeRecord:
    trainee = TraineeRecord("e1", 1)
    leaf = Leaf("attempt.opened", "c1", "e1", 0, "", 0, dict(OPENED), {"photos": "digest"} if photos else {})
    values = {"photos": photos} if photos and told else {}
    ledger_attempts.read_opened(trainee, Record(leaf, values), Body(leaf))
    return trainee


def _photo(trainee: TraineeRecord, **changes: Json) -> None:
    body: Mapping[str, Json] = {**FIRST, **changes}
    leaf = Leaf("attempt.photo", "c1", "e1", 1, "", 0, body)
    ledger_attempts.read_photo(trainee, Record(leaf), Body(leaf))


def test_photos_at_their_moments_are_taken() -> None:
    """In any order, and without the moments as far as what is told goes."""
    trainee = _opened([300, 700])
    _photo(trainee, n=2, due_us=700, asked_us=700)
    _photo(trainee)
    withheld = _opened([300], told=False)
    _photo(withheld, due_us=301)
    assert (trainee.attempts["a1"].photographed, withheld.attempts["a1"].photographed) == ({1, 2}, {1})


@pytest.mark.parametrize(
    ("photos", "changes", "said"),
    [
        ([300], {"due_us": 301, "asked_us": 400}, "not drawn for this moment"),
        ([300], {"n": 2}, "not drawn for this moment"),
        ([300], {"n": 0}, "not drawn for this moment"),
        (None, {}, "not drawn for this moment"),
        ([300], {"asked_us": 299}, "before its moment"),
        ([300], {"attempt": "a2"}, "never opened"),
    ],
)
def test_a_photo_that_was_not_drawn_is_refused(photos: Json, changes: dict[str, Json], said: str) -> None:
    """Another moment, another number, none drawn at all, or asked for too early: the leaf is named."""
    with pytest.raises(BadFact, match=said):
        _photo(_opened(photos), **changes)


def test_a_second_answer_and_moments_of_another_kind_are_refused() -> None:
    """One photo has one answer, and the moments are instants."""
    trainee = _opened([300])
    _photo(trainee)
    with pytest.raises(BadFact, match="answered twice"):
        _photo(trainee)
    with pytest.raises(BadFact, match="not a list of instants"):
        _opened(["soon"])
