"""What unions of records take from credit: one person's time counts once, and back when it is undone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.rules.merging import (
    APART,
    DUPLICATE,
    MERGED,
    OVERLAP,
    SECOND,
    YIELDS,
    MergeFact,
    Span,
    merged_voids,
    united,
    yielding,
)


def _span(enrolment: str, session: str, start: int, end: int, until: int | None = None) -> Span:
    return Span(enrolment, session, start * 1_000_000, start, end, end if until is None else until)


def test_the_session_that_began_later_keeps_the_time() -> None:
    """An earlier one yields for as long as the later ran, and has what follows to itself."""
    found = yielding([_span("a", "s1", 0, 100), _span("b", "s2", 30, 50), _span("a", "s3", 60, 80)])
    assert found == {"a": (("s1", 30, 50),), "b": ()}
    taken_over = yielding([_span("a", "s1", 0, 100), _span("b", "s2", 30, 90, until=40)])
    assert taken_over["a"] == (("s1", 30, 40),)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 60), st.integers(1, 30), st.integers(0, 30)),
        max_size=12,
    )
)
def test_no_second_is_left_to_two_enrolments(drawn: list[tuple[str, int, int, int]]) -> None:
    """Whatever ran when, each second belongs to at most one enrolment, and none is lost altogether."""
    spans = [
        _span(who, f"s{place:02d}", start, start + length, until=min(start + length, start + kept))
        for place, (who, start, length, kept) in enumerate(drawn)
    ]
    found = yielding(spans)
    owners: dict[int, set[str]] = {}
    ran: set[int] = set()
    for span in spans:
        lost = {
            second
            for name, low, high in found[span.enrolment]
            if name == span.session
            for second in range(low, high)
        }
        mine = set(range(span.start, span.until))
        ran |= mine
        for second in mine - lost:
            owners.setdefault(second, set()).add(span.enrolment)
    assert all(len(one) == 1 for one in owners.values())
    assert owners.keys() == ran


def test_a_second_enrolment_counts_again_once_the_union_is_taken_back() -> None:
    """The latest entry of each union holds; with an instant, what held then."""
    facts = [
        MergeFact(1, SECOND, "m1"),
        MergeFact(2, YIELDS, "", (("s1", 10, 20),)),
        MergeFact(3, MERGED, "m2"),
        MergeFact(4, APART, "m1"),
    ]
    assert [one.reason for one in merged_voids(facts, by_us=3)] == [DUPLICATE]
    assert [(one.session, one.start_s, one.end_s, one.reason) for one in merged_voids(facts)] == [
        ("s1", 10, 20, OVERLAP)
    ]
    assert united(facts) == {"m2"}
    more = [*facts, MergeFact(5, YIELDS, "", (("s1", 30, 40),), continues=True), MergeFact(6, YIELDS)]
    assert len(merged_voids(more, by_us=5)) == 2
    assert merged_voids(more) == ()
