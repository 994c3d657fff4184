"""What an exam consists of, and whether it may be published.

A blueprint lists parts: so many questions of one kind on one topic, of one difficulty or of any, each worth
so many points. It is fit when it totals exactly the policy's full marks (notice T22: 百分制), when every
topic of the plan has at least the policy's number of questions (notice T21: 考核试题应涵盖上述各项培训内容),
and when the bank holds enough confirmed questions to draw it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.marking import KINDS, MACHINE_KINDS, exact_sum, plain

EASY, MEDIUM, HARD = "easy", "medium", "hard"
LEVELS = (EASY, MEDIUM, HARD)
"""What a bank may say of a question's difficulty; a question of which it says nothing is of none."""

Depth = Mapping[tuple[str, ...], int]
"""How many questions can be drawn: by topic and kind, and of these by topic, kind and level."""


MAX_QUESTIONS = 300
"""More would not fit into one entry of the log, nor into anybody's patience."""


class Terms(Protocol):
    """What a blueprint needs of a policy's exam terms."""

    @property
    def full_marks(self) -> Decimal:
        """The points all questions together are worth."""
        ...

    @property
    def min_questions_per_topic(self) -> int:
        """How many questions each topic of the plan has at least."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """``count`` questions of one ``kind`` on one ``topic``, each worth ``points``; of any level if empty."""

    topic: str
    kind: str
    count: int
    points: Decimal
    level: str = ""

    def to_json(self) -> dict[str, Json]:
        """Return the form that stands in the log: points as text, the level only where one is asked for."""
        level: dict[str, Json] = {"level": self.level} if self.level else {}
        stated: dict[str, Json] = {"topic": self.topic, "kind": self.kind, "count": self.count}
        return stated | level | {"points": plain(self.points)}

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Part:
        """Read what ``to_json`` wrote."""
        count = value["count"]
        return cls(
            topic=str(value["topic"]),
            kind=str(value["kind"]),
            count=count if isinstance(count, int) else int(str(count)),
            points=Decimal(str(value["points"])),
            level=str(value.get("level", "")),
        )


@dataclass(frozen=True, slots=True)
class Blueprint:
    """The parts of an exam, in the order in which a paper shows them."""

    parts: tuple[Part, ...]

    @property
    def total(self) -> Decimal:
        """The exact points of the whole paper."""
        return exact_sum(part.points * part.count for part in self.parts)

    @property
    def count(self) -> int:
        """The number of questions."""
        return sum(part.count for part in self.parts)

    def topics(self) -> Counter[str]:
        """Return how many questions each topic has."""
        counted: Counter[str] = Counter()
        for part in self.parts:
            counted[part.topic] += part.count
        return counted

    def needs(self) -> Counter[tuple[str, str]]:
        """Return how many questions must be drawn, by topic and kind (parts draw from one pool)."""
        counted: Counter[tuple[str, str]] = Counter()
        for part in self.parts:
            counted[part.topic, part.kind] += part.count
        return counted

    def cells(self) -> Counter[tuple[str, ...]]:
        """Return what the bank has to hold: for each topic and kind in all, then for each level asked for.

        A bank that holds all of it holds enough: what asks for a level is drawn first, and what asks for none
        from the rest, of which enough is left as long as the whole is.
        """
        counted: Counter[tuple[str, ...]] = Counter()
        counted.update(self.needs())
        for part in self.parts:
            if part.level:
                counted[part.topic, part.kind, part.level] += part.count
        return counted


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a blueprint may not be published: a reason code and what it speaks of.

    ``term`` is the policy key whose clause demands it (``Notice.cite``), or empty.
    """

    reason: str
    term: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


def check(blueprint: Blueprint, plan_topics: Iterable[str], depth: Depth, terms: Terms) -> list[Problem]:
    """Return every reason why ``blueprint`` may not be published; an empty list means that it may."""
    problems = _malformed(blueprint)
    if problems:
        return problems
    topics = list(dict.fromkeys(plan_topics))
    counted = blueprint.topics()
    for topic in topics:
        if counted[topic] < terms.min_questions_per_topic:
            params = {"topic": topic, "count": counted[topic], "needed": terms.min_questions_per_topic}
            problems.append(Problem("topic_missing", "exam.min_questions_per_topic", params))
    problems += [
        Problem("topic_not_in_plan", "", {"topic": topic}) for topic in counted if topic not in topics
    ]
    if blueprint.total != terms.full_marks:
        params = {"total": plain(blueprint.total), "full_marks": plain(terms.full_marks)}
        problems.append(Problem("total_differs", "exam.full_marks", params))
    for cell, needed in blueprint.cells().items():
        held = depth.get(cell, 0)
        if held < needed:
            params = {**_named(cell), "held": held, "needed": needed}
            problems.append(Problem("bank_too_small" if len(cell) == _ANY else "level_too_small", "", params))
    return problems


def shallow(blueprint: Blueprint, depth: Depth, attempts: int) -> list[Problem]:
    """Return where ``attempts`` papers of one person must repeat questions because the bank holds too few.

    That forbids nothing. ``repeated`` is how many questions of the last of them at least were seen before.
    """
    told = []
    for cell, needed in blueprint.cells().items():
        held = depth.get(cell, 0)
        repeated = min(needed, max(0, needed * attempts - held)) if attempts > 1 else 0
        if repeated:
            params = {**_named(cell), "held": held, "needed": needed * attempts, "repeated": repeated}
            told.append(Problem("bank_shallow" if len(cell) == _ANY else "level_shallow", "", params))
    return told


def spread(plan_topics: Iterable[str], depth: Depth, terms: Terms, questions: int) -> Blueprint:
    """Return a blueprint of at most ``questions`` questions, spread evenly over topics, then over kinds.

    It totals exactly the full marks: equal points when they come out in at most two decimals, else whole
    points with the remainder given one each to the harder kinds. A topic whose bank is too small gets what
    there is and the others take over; whether the result may be published is for ``check`` to say. Essays
    are never among them: whoever wants two people to mark each answer says so.
    """
    topics = list(dict.fromkeys(plan_topics))
    pools = {topic: {kind: depth.get((topic, kind), 0) for kind in MACHINE_KINDS} for topic in topics}
    shares = _deal(questions, {topic: sum(kinds.values()) for topic, kinds in pools.items()})
    chosen = [
        (topic, kind)
        for topic in topics
        for kind, count in _deal(shares[topic], pools[topic]).items()
        for _ in range(count)
    ]
    worth = _points(terms.full_marks, [kind for _, kind in chosen])
    grouped = Counter((topic, kind, points) for (topic, kind), points in zip(chosen, worth, strict=True))
    return Blueprint(
        tuple(Part(topic, kind, count, points) for (topic, kind, points), count in grouped.items())
    )


_ANY = 2
"""Topic and kind, without a level."""


def _named(cell: tuple[str, ...]) -> dict[str, object]:
    return dict(zip(("topic", "kind", "level"), cell, strict=False))


def _malformed(blueprint: Blueprint) -> list[Problem]:
    problems = [] if blueprint.parts else [Problem("no_parts")]
    for part in blueprint.parts:
        params = {"topic": part.topic, "kind": part.kind}
        if part.kind not in KINDS:
            problems.append(Problem("unknown_kind", "", params))
        if part.level not in {"", *LEVELS}:
            problems.append(Problem("unknown_level", "", {**params, "level": part.level}))
        if part.count < 1:
            problems.append(Problem("count_not_positive", "", {**params, "count": part.count}))
        if not part.points.is_finite() or part.points <= 0:
            problems.append(Problem("points_not_positive", "", {**params, "points": str(part.points)}))
    if blueprint.count > MAX_QUESTIONS:
        problems.append(Problem("too_many", "", {"count": blueprint.count, "limit": MAX_QUESTIONS}))
    return problems


def _deal(total: int, limits: Mapping[str, int]) -> dict[str, int]:
    """Deal ``total`` out one at a time, round after round, never beyond a limit."""
    dealt = dict.fromkeys(limits, 0)
    left = min(total, sum(limits.values()))
    while left:
        for name, limit in limits.items():
            if left and dealt[name] < limit:
                dealt[name] += 1
                left -= 1
    return dealt


_HARDEST_FIRST = ("matching", "multiple", "numeric", "fill_in", "single", "true_false")


def _points(full: Decimal, kinds: Sequence[str]) -> list[Decimal]:
    count = len(kinds)
    if not count:
        return []
    hundredths = int(full * 100)
    step = 1 if hundredths % count == 0 or count * 100 > hundredths else 100
    each, rest = divmod(hundredths // step, count)
    order = sorted(range(count), key=lambda place: (_HARDEST_FIRST.index(kinds[place]), place))
    lucky = set(order[:rest])
    return [_hundredths((each + (place in lucky)) * step) for place in range(count)]


def _hundredths(value: int) -> Decimal:
    return Decimal(plain(Decimal(value).scaleb(-2)))
