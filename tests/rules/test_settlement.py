"""Claims settled together: nobody is paid twice, and no order of events changes a decision."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.kernel import jcs
from lmscompliance.kernel.clock import SHANGHAI, to_micros
from lmscompliance.policy import Catalogue
from lmscompliance.rules.blended import Share
from lmscompliance.rules.claim_record import Basis, LineRecord, decision
from lmscompliance.rules.entitlement import Grant, PersonFact, counted, of_person
from lmscompliance.rules.settlement import Claimed, settle
from lmscompliance.rules.subsidy import Project, Rates
from lmscompliance.rules.verdict import met
from tests.rules.build import CLASS

S1, S2 = (Catalogue.builtin().get(name) for name in ("liusu-youji-2021", "wudi-gongjiang-draft"))
SHARE = Share(Decimal(14), Decimal(21))
VERDICT = met(S1, "subsidy.requires")
WORKER = PersonFact(
    insured_months=frozenset({"2021-02", "2021-03"}),
    category="本市户籍劳动者",
    proofs=frozenset({"household"}),
    birth=date(1990, 5, 1),
    sex="male",
)
CAPPED = S2.supposing({"subsidy.max_yuan_a_year": 1000})


def claimed(claim, at, person, grant, notice=S1) -> Claimed:
    """Return a trainee of a claim for whom all but history is met."""
    project = Project(grant.project, grant.occupation, grant.level, Rates(Decimal(12), Decimal(28)))
    return Claimed(claim, at, person, grant, project, SHARE, (), notice)


def test_T33_of_two_enterprises_that_claim_one_person_the_first_is_paid():
    """Handing in first decides, not the order in which claims are looked at; the other is told why."""
    one = claimed("A", 2, "p", Grant("a", "liusu", date(2021, 2, 28)))
    two = claimed("B", 1, "p", Grant("b", "liusu", date(2021, 2, 28)))
    for order in ([one, two], [two, one]):
        decided = settle(order, {})
        assert decided["B", "b"].granted
        assert decided["B", "b"].amount.yuan == 300
        (missing,) = decided["A", "a"].missing
        assert (missing.reason, missing.clause) == ("project_repeated", "太人社培[2021]1号 六.2")
        assert decided["A", "a"].amount.yuan == 0


def test_T33_an_imported_list_counts_like_our_own_payments():
    """Whoever stands in a list of earlier subsidies is refused here."""
    one = claimed("A", 2, "p", Grant("a", "liusu", date(2021, 2, 28)))
    history = {"p": [Grant("list-7", "liusu", date(2021, 2, 20))]}
    assert not settle([one], history)["A", "a"].granted
    assert settle([one], {"q": history["p"]})["A", "a"].granted


def test_what_was_granted_itself_is_not_held_against_it():
    """A claim decided again meets its own earlier grant and stands."""
    one = claimed("A", 2, "p", Grant("a", "liusu", date(2021, 2, 28)))
    assert settle([one], {"p": [one.grant]})["A", "a"].granted


def test_a_yearly_limit_cuts_what_goes_beyond_it():
    """1,000 yuan a year: the second training gets what the first left, the third of the next year all."""
    grants = [
        Grant("a", "a", date(2023, 3, 1)),
        Grant("b", "b", date(2023, 9, 1)),
        Grant("c", "c", date(2024, 3, 1)),
    ]
    decided = settle([claimed(one.id, n, "p", one, CAPPED) for n, one in enumerate(grants)], {})
    assert [decided[one.id, one.id].amount.yuan for one in grants] == [756, 244, 756]
    assert "当年已享受 756 元" in decided["b", "b"].amount.lines[-1].message()


_grants = st.builds(
    Grant,
    id=st.just(""),
    project=st.sampled_from("pq"),
    day=st.integers(0, 800).map(lambda n: date(2023, 1, 1) + timedelta(days=n)),
    occupation=st.sampled_from(["", "o"]),
    level=st.sampled_from([4, 5]),
)
_claims = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from("xyz"), _grants, st.sampled_from([S1, S2, CAPPED])),
    max_size=9,
).map(
    lambda rows: [
        claimed(f"c{n}", at, person, replace(grant, id=f"g{n}"), notice)
        for n, (at, person, grant, notice) in enumerate(rows)
    ]
)


@given(_claims, st.randoms(use_true_random=False))
def test_no_permutation_changes_a_decision(claims, random):
    """The same claims in any order give the same verdicts and yuan."""
    shuffled = list(claims)
    random.shuffle(shuffled)
    assert settle(shuffled, {}) == settle(claims, {})


@given(_claims)
def test_no_person_is_paid_twice(claims):
    """Granted trainings keep each limit of their notice, and the yearly sum its cap."""
    decided = settle(claims, {})
    paid = defaultdict(list)
    for one in sorted(claims, key=lambda one: (one.submitted_us, one.claim)):
        if decided[one.claim, one.grant.id].granted:
            terms, before = one.notice.subsidy, paid[one.person]
            same = [other.day for other, _ in before if other.project == one.grant.project]
            assert counted(one.grant.day, same, terms.same_project_within) == 1
            if terms.max_trainings:
                years = Counter(other.day.year for other, _ in before)
                assert years[one.grant.day.year] < terms.max_trainings
            yuan = decided[one.claim, one.grant.id].amount.yuan
            year = sum(sum_ for other, sum_ in before if other.day.year == one.grant.day.year)
            if terms.max_yuan_a_year:
                assert yuan == 0 or year + yuan <= terms.max_yuan_a_year
            before.append((one.grant, yuan))
        else:
            assert decided[one.claim, one.grant.id].amount.yuan == 0


@given(_claims)
def test_a_line_judged_again_from_what_it_discloses_gives_the_same(claims):
    """Whoever holds the bundle, and nothing of other enterprises, comes to every decision and yuan."""
    decided = settle(claims, {})
    for one in claims:
        made = decided[one.claim, one.grant.id]
        line = LineRecord(made.granted, made.amount.yuan, SHARE, None, eligible=True, first=not made.earlier)
        said = jcs.decode(jcs.encode(Basis(WORKER, made.earlier).to_json()))
        first_day = date(2021, 2, 1)
        again = decision(
            line, Basis.from_json(said), VERDICT, (_class(first_day, one.grant.day), one.project), one.notice
        )
        expected = settle(
            [replace(one, verdicts=(VERDICT, *of_person(WORKER, first_day, one.notice)))],
            {one.person: made.earlier},
        )
        assert (again.granted, again.amount) == (
            expected[one.claim, one.grant.id].granted,
            expected[one.claim, one.grant.id].amount,
        )
        if all(verdict.met for verdict in of_person(WORKER, first_day, one.notice)):
            assert (again.granted, again.amount.yuan) == (made.granted, made.amount.yuan)


def _class(first, last):
    return replace(
        CLASS,
        window_start_us=to_micros(datetime(first.year, first.month, first.day, tzinfo=SHANGHAI)),
        window_end_us=to_micros(
            datetime(last.year, last.month, last.day, tzinfo=SHANGHAI) + timedelta(days=1)
        ),
    )
