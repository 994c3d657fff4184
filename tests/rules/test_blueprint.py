"""Blueprints: every topic, exactly the full marks, a bank deep enough; and papers drawn from them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.blueprint import Blueprint, Part, check, shallow, spread
from lmscompliance.rules.marking import KINDS, Item, mark
from lmscompliance.rules.paper import BankTooSmall, disclosures, draw, shown
from lmscompliance.rules.shuffle import places
from tests.rules.build import marking

TOPICS = ("岗位技能", "安全生产", "职业道德", "防疫知识")


@dataclass(frozen=True)
class Terms:
    """A policy's exam terms."""

    full_marks: Decimal = Decimal(100)
    min_questions_per_topic: int = 1


@dataclass(frozen=True)
class Question:
    """A question of a bank."""

    id: str
    topic: str
    kind: str
    stem: str = "?"
    options: tuple[str, ...] = ("甲", "乙", "丙", "丁")
    key: Json = None
    version: int = 1
    level: str = ""
    pictures: tuple[str, ...] = ()
    option_pictures: tuple[str, ...] = ()


DEEP = {(topic, kind): 40 for topic in TOPICS for kind in ("single", "true_false")}


def reasons(blueprint, depth=DEEP, topics=TOPICS, terms=None):
    """Return the reason codes of what is wrong."""
    return [problem.reason for problem in check(blueprint, topics, depth, terms or Terms())]


def even(points="25"):
    """Return one single choice for each topic."""
    return Blueprint(tuple(Part(topic, "single", 1, Decimal(points)) for topic in TOPICS))


def test_a_complete_blueprint_has_no_problem():
    """Four topics, 25 points each, a deep bank: fit to publish."""
    assert reasons(even()) == []


def test_a_missing_topic_is_named():
    """A topic of the plan without a question is a problem that carries its name and its clause's key."""
    blueprint = Blueprint((*even().parts[:2], Part(TOPICS[2], "single", 2, Decimal(25))))
    (problem,) = check(blueprint, TOPICS, DEEP, Terms())
    assert problem.reason == "topic_missing"
    assert problem.params["topic"] == "防疫知识"
    assert problem.term == "exam.min_questions_per_topic"


def test_too_few_questions_of_a_topic_are_a_problem():
    """The policy's own minimum for each topic is what counts."""
    assert reasons(even(), terms=Terms(min_questions_per_topic=2)) == ["topic_missing"] * 4


@pytest.mark.parametrize("points", ["24.99", "25.01", "24"])
def test_the_total_must_be_exact(points):
    """Anything but exactly the full marks is refused, by however little it differs."""
    assert reasons(even(points)) == ["total_differs"]


def test_parts_of_one_pool_are_counted_together():
    """Two parts on the same topic and kind need their sum from the bank."""
    parts = (Part("a", "single", 3, Decimal(20)), Part("a", "single", 2, Decimal(20)))
    assert reasons(Blueprint(parts), {("a", "single"): 4}, ["a"]) == ["bank_too_small"]
    assert reasons(Blueprint(parts), {("a", "single"): 5}, ["a"]) == []


def test_a_topic_outside_the_plan_is_a_problem():
    """An exam asks about what was taught."""
    parts = (*even("20").parts, Part("天文", "single", 1, Decimal(20)))
    assert "topic_not_in_plan" in reasons(Blueprint(parts))


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (Part("a", "ordering", 1, Decimal(100)), "unknown_kind"),
        (Part("a", "single", 0, Decimal(100)), "count_not_positive"),
        (Part("a", "single", 1, Decimal(0)), "points_not_positive"),
        (Part("a", "single", 1, Decimal("NaN")), "points_not_positive"),
        (Part("a", "single", 400, Decimal("0.25")), "too_many"),
    ],
)
def test_nonsense_is_refused_before_anything_is_added_up(part, reason):
    """Unknown kinds, counts below one and points that are no positive number are problems."""
    assert reasons(Blueprint((part,)), topics=["a"]) == [reason]


def test_an_empty_blueprint_is_refused():
    """An exam of no questions proves nothing."""
    assert reasons(Blueprint(())) == ["no_parts"]


@given(st.integers(1, 150), st.integers(1, 6), st.integers(1, 4))
def test_a_spread_blueprint_always_totals_exactly(questions, topics, kinds):
    """For any number of questions, topics and kinds the spread is exact, even and can be published."""
    names = [f"topic {n}" for n in range(topics)]
    depth = {(name, kind): 60 for name in names for kind in KINDS[:kinds]}
    blueprint = spread(names, depth, Terms(), questions)
    counted = [blueprint.topics()[name] for name in names]
    assert blueprint.total == 100
    assert blueprint.count == min(questions, 60 * topics * kinds)
    assert max(counted) - min(counted) <= 1
    if questions >= topics:
        assert check(blueprint, names, depth, Terms()) == []


@pytest.mark.parametrize(
    ("count", "points"), [(10, {"10"}), (8, {"12.5"}), (7, {"14", "15"}), (3, {"33", "34"})]
)
def test_points_are_as_plain_as_they_can_be(count, points):
    """Equal points when they come out, else whole points that differ by one."""
    blueprint = spread(["a"], {("a", "single"): 99}, Terms(), count)
    assert {str(part.to_json()["points"]) for part in blueprint.parts} == points


def test_a_shallow_topic_gives_its_share_to_the_others():
    """A topic with little in the bank gets what there is."""
    depth = {("a", "single"): 1, ("b", "single"): 30}
    blueprint = spread(["a", "b"], depth, Terms(), 10)
    assert blueprint.topics() == {"a": 1, "b": 9}
    assert blueprint.total == 100


def test_a_part_survives_the_log():
    """What stands in the log reads back as the same part."""
    part = Part("a", "single", 3, Decimal("12.50"))
    assert part.to_json()["points"] == "12.5"
    assert Part.from_json(part.to_json()) == part


def bank(count=20):
    """Return pools with ``count`` single and multiple choices and one matching question."""
    return {
        ("a", "single"): [Question(f"s{n:02}", "a", "single", f"s{n}", key=[n % 4]) for n in range(count)],
        ("a", "multiple"): [Question(f"m{n:02}", "a", "multiple", f"m{n}", key=[0, 2]) for n in range(count)],
        ("a", "matching"): [
            Question(
                "x", "a", "matching", options=("多余",), key=[["左1", "右1"], ["左2", "右2"], ["左3", "右1"]]
            )
        ],
    }


PLAN = Blueprint(
    (
        Part("a", "single", 3, Decimal(10)),
        Part("a", "single", 2, Decimal(15)),
        Part("a", "multiple", 2, Decimal(15)),
        Part("a", "matching", 1, Decimal(10)),
    )
)


GOLDEN = ["s03", "s19", "s16", "s09", "s06", "m18", "m12", "x"]


def test_the_same_seed_draws_the_same_paper():
    """A recorded seed is enough to repeat a draw; another seed draws another paper."""
    assert draw(PLAN, bank(), "seed") == draw(PLAN, bank(), "seed")
    assert draw(PLAN, bank(), "seed") != draw(PLAN, bank(), "other")


def test_a_draw_is_the_same_in_years_to_come():
    """The algorithm is part of the record: this seed must give these questions for ever."""
    assert [one["question"] for one in draw(PLAN, bank(), "golden")] == GOLDEN


class _Counted(list):
    """A pool that counts which of its questions are looked at."""

    looked: int = 0

    def __getitem__(self, place):
        self.looked += 1
        return super().__getitem__(place)


def test_a_draw_looks_at_no_more_of_a_pool_than_it_takes():
    """However large the bank, a paper costs what it takes, and questions seen before are passed over."""
    pool = _Counted(Question(f"{n:05}", "a", "single", key=[0]) for n in range(10_000))
    plan = Blueprint((Part("a", "single", 50, Decimal(2)),))
    first = {str(one["question"]) for one in draw(plan, {("a", "single"): pool}, "one")}
    assert (len(first), pool.looked) == (50, 50)
    again = {str(one["question"]) for one in draw(plan, {("a", "single"): pool}, "one", first)}
    assert (len(again), again & first, pool.looked) == (50, set(), 150)


@given(st.text(max_size=8), st.integers(0, 40), st.integers(0, 40))
def test_the_first_places_of_an_order_do_not_depend_on_how_many_are_asked_for(seed, count, asked):
    """An order is one of all its places, whether it is taken whole or only its beginning."""
    whole = list(places(seed, count))
    assert sorted(whole) == list(range(count))
    assert list(islice(places(seed, count), asked)) == whole[:asked]


@given(st.text(max_size=8))
def test_a_frozen_key_still_names_the_right_options(seed):
    """However options are shuffled, the key names the same texts and answering by it earns all."""
    pools = bank()
    known = {question.id: question for pool in pools.values() for question in pool}
    paper = draw(PLAN, pools, seed)
    assert len({one["question"] for one in paper}) == 8
    for one in paper:
        question = known[one["question"]]
        if one["kind"] == "matching":
            shown_pairs = {
                (left, one["options"]["right"][right])
                for left, right in zip(one["options"]["left"], one["key"], strict=True)
            }
            assert shown_pairs == {("左1", "右1"), ("左2", "右2"), ("左3", "右1")}
            assert sorted(one["options"]["right"]) == ["右1", "右2", "多余"]
        else:
            assert sorted(one["options"]) == sorted(question.options)
            assert {one["options"][n] for n in one["key"]} == {question.options[n] for n in question.key}
    marked = mark([Item.from_json(one) for one in paper], [one["key"] for one in paper], marking())
    assert marked.score == marked.full == 100


@given(st.text(max_size=8), st.text(max_size=8))
def test_a_second_paper_repeats_as_little_as_the_bank_allows(first, second):
    """Seen questions come back only when nothing else is left."""
    pools = bank(8)
    seen = {one["question"] for one in draw(PLAN, pools, first)}
    again = {one["question"] for one in draw(PLAN, pools, second, seen)}
    # 8 singles for 5 + 5 leave 2 to repeat, 8 multiples for 2 + 2 none, one matching question for both.
    assert len(seen & again) == 3


@given(st.integers(1, 12), st.integers(0, 14), st.integers(1, 12), st.integers(0, 14), st.text(max_size=6))
def test_two_papers_overlap_by_exactly_what_cannot_be_avoided(singles, more, multiples, spare, seed):
    """In each topic and kind the overlap is the theoretical minimum, and ``shallow`` foretells it."""
    plan = Blueprint((Part("a", "single", singles, Decimal(1)), Part("a", "multiple", multiples, Decimal(1))))
    pools = {
        ("a", "single"): [Question(f"s{n:02}", "a", "single", key=[0]) for n in range(singles + more)],
        ("a", "multiple"): [Question(f"m{n:02}", "a", "multiple", key=[0]) for n in range(multiples + spare)],
    }
    first = {str(one["question"]) for one in draw(plan, pools, seed)}
    second = {str(one["question"]) for one in draw(plan, pools, seed + "2", first)}
    told = {
        one.params["kind"]: one.params["repeated"]
        for one in shallow(plan, {need: len(pool) for need, pool in pools.items()}, 2)
    }
    for kind, letter, least in (
        ("single", "s", max(0, singles - more)),
        ("multiple", "m", max(0, multiples - spare)),
    ):
        assert sum(one.startswith(letter) for one in first & second) == least == told.get(kind, 0)


def test_a_bank_that_shrank_says_where():
    """A draw that cannot be made names topic, kind and the numbers."""
    with pytest.raises(BankTooSmall) as caught:
        draw(PLAN, bank(4), "seed")
    assert (caught.value.kind, caught.value.needed, caught.value.held) == ("single", 5, 4)


def test_what_is_shown_never_holds_the_key():
    """The trainee's view of a frozen question has neither key nor id."""
    paper = draw(PLAN, bank(), "seed")
    assert set(shown(paper[0], 1)) == {"no", "topic", "kind", "stem", "options", "points"}
    assert list(disclosures(paper))[:2] == ["q001", "q002"]


def levelled(levels: str) -> dict[tuple[str, str], list[Question]]:
    """Return a pool with a question for each letter: easy, medium, hard, or of no level."""
    names = {"e": "easy", "m": "medium", "h": "hard", "-": ""}
    return {
        ("a", "single"): [
            Question(f"{n:03}", "a", "single", key=[0], level=names[one]) for n, one in enumerate(levels)
        ]
    }


def held(levels: str) -> dict[tuple[str, ...], int]:
    """Return the depth of such a pool."""
    found = {("a", "single"): len(levels)}
    return found | {("a", "single", name): levels.count(name[0]) for name in ("easy", "medium", "hard")}


def split(easy: int, hard: int, whatever: int) -> Blueprint:
    """Return a blueprint of as many easy, hard and other questions."""
    parts = ((whatever, ""), (easy, "easy"), (hard, "hard"))
    return Blueprint(tuple(Part("a", "single", n, Decimal(1), level) for n, level in parts if n))


@given(st.text("emh-", max_size=12), *[st.integers(0, 5)] * 3, st.text("0123456789abcdef", min_size=8))
def test_the_gate_lets_through_exactly_what_can_be_drawn(levels, easy, hard, whatever, seed):
    """A blueprint with levels passes the gate if and only if a paper of it can be drawn, and then it fits."""
    blueprint = split(easy, hard, whatever)
    terms = Terms(full_marks=blueprint.total, min_questions_per_topic=0)
    problems = check(blueprint, ["a"], held(levels), terms)
    if blueprint.count == 0:
        assert [one.reason for one in problems] == ["no_parts"]
    elif problems:
        assert {one.reason for one in problems} <= {"bank_too_small", "level_too_small"}
        with pytest.raises(BankTooSmall):
            draw(blueprint, levelled(levels), seed)
    else:
        paper = draw(blueprint, levelled(levels), seed)
        assert len({one["question"] for one in paper}) == blueprint.count
        drawn = [one.get("level", "") for one in paper]
        assert drawn[whatever : whatever + easy] == ["easy"] * easy
        assert drawn[whatever + easy :] == ["hard"] * hard


@given(st.text("0123456789abcdef", min_size=8), st.text("0123456789abcdef", min_size=8))
def test_a_second_paper_with_levels_repeats_only_what_it_must(one_seed, other_seed):
    """Two of ten questions must be seen again, one of them easy; and the gate says so beforehand."""
    pools = levelled("eeehhhh---")
    seen = {str(one["question"]) for one in draw(split(2, 2, 2), pools, one_seed)}
    again = [str(one["question"]) for one in draw(split(2, 2, 2), pools, other_seed, seen)]
    assert [len(seen & {*again[at : at + 2]}) for at in (0, 2, 4)] == [1, 1, 0]
    told = shallow(split(2, 2, 2), held("eeehhhh---"), 2)
    assert [(one.reason, one.params.get("level"), one.params["repeated"]) for one in told] == [
        ("bank_shallow", None, 2),
        ("level_shallow", "easy", 1),
    ]


def test_an_unknown_level_is_refused_and_parts_read_back():
    """A level that no bank has is a problem; what stands in the log gives the same parts again."""
    assert reasons(Blueprint((Part("a", "single", 1, Decimal(100), "insane"),)), topics=["a"]) == [
        "unknown_level"
    ]
    for part in split(1, 2, 3).parts:
        assert Part.from_json(part.to_json()) == part
    assert "level" not in split(0, 0, 1).parts[0].to_json()
