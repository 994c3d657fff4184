"""Drawing a paper: the same blueprint, pools, seed and seen questions always give the same paper.

Everything left to chance follows from the seed (``shuffle``): the order in which a pool is gone through, from
``<seed>|<topic>|<kind>``, and the order of a question's options, from ``<seed>|<question's id>`` (of a
matching question's left and right sides, with ``|left`` and ``|right`` behind it). So an auditor can repeat a
draw in any language, and a pool costs only as far as it is gone through. A drawn paper is frozen: wording,
option order, key and points are copied, so that a later change of the bank changes nobody's paper.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from lmscompliance.kernel import jcs
from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.blueprint import Blueprint
from lmscompliance.rules.marking import plain
from lmscompliance.rules.shuffle import places, shuffled

_L = TypeVar("_L", bound="Listed")


class Listed(Protocol):
    """What a draw needs of every question that may be drawn."""

    @property
    def id(self) -> str:
        """The question's id."""
        ...

    @property
    def version(self) -> int:
        """Which wording of the question this is."""
        ...

    @property
    def level(self) -> str:
        """One of ``blueprint.LEVELS``, or empty."""
        ...


class Question(Listed, Protocol):
    """What a paper needs of a question that was drawn; keys refer to ``options`` as the bank has them."""

    @property
    def topic(self) -> str:
        """The topic of the plan it belongs to."""
        ...

    @property
    def kind(self) -> str:
        """One of ``marking.KINDS``."""
        ...

    @property
    def stem(self) -> str:
        """The question's text."""
        ...

    @property
    def options(self) -> Sequence[str]:
        """What there is to choose from, in the bank's order."""
        ...

    @property
    def pictures(self) -> Sequence[str]:
        """SHA-256 digests of the pictures shown with it."""
        ...

    @property
    def option_pictures(self) -> Sequence[str]:
        """Of each option the digest of its picture, or empty; nothing at all where no option has one."""
        ...

    @property
    def key(self) -> Json:
        """What is right."""
        ...


class BankTooSmall(ValueError):
    """The bank no longer holds what the published blueprint asks for."""

    def __init__(self, topic: str, kind: str, needed: int, held: int) -> None:
        """Say where it falls short."""
        super().__init__(f"{needed} {kind} questions on {topic} are needed, {held} are there")
        self.topic, self.kind, self.needed, self.held = topic, kind, needed, held


Pools = Mapping[tuple[str, str], Sequence[Question]]
"""The questions that may be drawn, by topic and kind, in a fixed order (by id)."""


class Pool(Protocol):
    """Such questions as a listing, and what ``pool_digest`` says of it."""

    @property
    def questions(self) -> Sequence[Listed]:
        """The questions, ordered by id."""
        ...

    @property
    def sha256(self) -> str:
        """What the listing is known by."""
        ...


def draw(blueprint: Blueprint, pools: Pools, seed: str, seen: Collection[str] = ()) -> list[dict[str, Json]]:
    """Return the frozen questions of a paper drawn from whole questions; ``draw_listed`` says how."""
    return draw_listed(blueprint, pools, seed, seen, read=lambda drawn: {one.id: one for one in drawn})


def draw_listed(
    blueprint: Blueprint,
    pools: Mapping[tuple[str, str], Sequence[_L]],
    seed: str,
    seen: Collection[str] = (),
    *,
    read: Callable[[Sequence[_L]], Mapping[str, Question]],
) -> list[dict[str, Json]]:
    """Return the frozen questions of a paper, in the order shown.

    Which are drawn depends on their ids and levels alone; ``read`` returns those that were, by id, so that a
    bank of thousands need not be read in full. Parts that ask for a level draw before those that do not.
    Questions whose id is in ``seen`` (those of an earlier attempt) are taken only when nothing else is left,
    so two papers of one person overlap as little as the bank allows. Raises ``BankTooSmall``.
    """
    orders: dict[tuple[str, str], _Order[_L]] = {}
    for (topic, kind), needed in sorted(blueprint.needs().items()):
        pool = pools.get((topic, kind), ())
        if len(pool) < needed:
            raise BankTooSmall(topic, kind, needed, len(pool))
        asked = {part.level for part in blueprint.parts if (part.topic, part.kind) == (topic, kind)} - {""}
        orders[topic, kind] = _Order(pool, f"{seed}|{topic}|{kind}", frozenset(seen), asked)
    chosen: dict[int, list[_L]] = {}
    for place, part in sorted(enumerate(blueprint.parts), key=lambda one: not one[1].level):
        chosen[place] = orders[part.topic, part.kind].take(part.count, part.level)
        if len(chosen[place]) < part.count:
            raise BankTooSmall(part.topic, part.kind, part.count, len(chosen[place]))
    drawn = [
        (listed, plain(part.points)) for place, part in enumerate(blueprint.parts) for listed in chosen[place]
    ]
    whole = read([listed for listed, _ in drawn])
    return [_freeze(whole[listed.id], points, seed) for listed, points in drawn]


class _Order(Generic[_L]):
    """A pool in the order of a draw; it is gone through no further than something is wanted of it."""

    def __init__(self, pool: Sequence[_L], seed: str, seen: Collection[str], asked: Collection[str]) -> None:
        """Put ``pool`` in the order of ``seed``; ``asked`` are the levels that parts of the paper ask for."""
        self._rest = (pool[place] for place in places(seed, len(pool)))
        self._met: list[_L] = []
        """What has been gone through and not been taken, in order."""
        self._seen, self._asked = seen, asked

    def take(self, count: int, level: str) -> list[_L]:
        """Return the first ``count`` questions of ``level`` (of any, if empty), or as many as there are."""
        held = sum(self._rank(one, level) == 0 for one in self._met)
        while held < count and (one := next(self._rest, None)) is not None:
            self._met.append(one)
            held += self._rank(one, level) == 0
        # Stable: equally good ones come in the order of the draw.
        fitting = sorted(
            (one for one in self._met if self._rank(one, level) is not None),
            key=lambda one: self._rank(one, level) or 0,
        )
        taken = fitting[:count]
        ids = {one.id for one in taken}
        self._met = [one for one in self._met if one.id not in ids]
        return taken

    def _rank(self, one: _L, level: str) -> int | None:
        """Return how gladly ``one`` is taken, 0 before all others; ``None`` where it has another level.

        Of any level, what other parts ask for is left to the person's next paper where it can be.
        """
        if level and one.level != level:
            return None
        return 2 * (one.id in self._seen) + (not level and one.level in self._asked)


def basis(pools: Mapping[tuple[str, str], Pool], seed: str, seen: Collection[str] = ()) -> dict[str, Json]:
    """Return what a draw rested on, as evidence keeps it: enough to repeat it beside the bank."""
    told: list[Json] = [
        {"topic": topic, "kind": kind, "held": len(pool.questions), "sha256": pool.sha256}
        for (topic, kind), pool in sorted(pools.items())
    ]
    return {"seed": seed, "pools": told, "avoided": [*sorted(seen)]}


def pool_digest(pool: Iterable[Listed]) -> str:
    """Return what a pool is known by.

    It is the SHA-256 of the canonical JSON of its ``[id, version]`` pairs in order, with the level behind
    them where a question has one.
    """
    listed: list[Json] = [
        [one.id, one.version, one.level] if one.level else [one.id, one.version] for one in pool
    ]
    return hashlib.sha256(jcs.encode(listed)).hexdigest()


def shown(frozen: Mapping[str, Json], number: int) -> dict[str, Json]:
    """Return what the trainee may see of a frozen question while the attempt is open: never the key."""
    visible = {name: frozen[name] for name in ("topic", "kind", "stem", "options", "points")}
    pictured = {name: frozen[name] for name in ("pictures", "option_pictures") if frozen.get(name)}
    return {"no": number, **visible, **pictured}


def disclosures(paper: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """Return a paper's questions under the names they have in the log: ``q001``, ``q002`` and so on."""
    return {f"q{number:03}": dict(frozen) for number, frozen in enumerate(paper, 1)}


def _freeze(question: Question, points: str, seed: str) -> dict[str, Json]:
    own = f"{seed}|{question.id}"
    options: Json = list(question.options)
    key = question.key
    pictures: dict[str, Json] = {"pictures": [*question.pictures]} if question.pictures else {}
    if question.kind in {"single", "multiple"}:
        order = list(places(own, len(question.options)))
        options = [question.options[old] for old in order]
        right = _list(question.key)
        key = [place for place, old in enumerate(order) if old in right]
        if question.option_pictures:
            pictures["option_pictures"] = [question.option_pictures[old] for old in order]
    elif question.kind == "matching":
        options, key = _matching(question, own)
    level: dict[str, Json] = {"level": question.level} if question.level else {}
    return {
        "question": question.id,
        "version": question.version,
        "topic": question.topic,
        "kind": question.kind,
        **level,
        **pictures,
        "stem": question.stem,
        "options": options,
        "key": key,
        "points": points,
    }


def _matching(question: Question, seed: str) -> tuple[dict[str, Json], list[Json]]:
    pairs = [(str(pair[0]), str(pair[1])) for pair in _list(question.key) if isinstance(pair, list)]
    # Two lefts may share a right, and a bank may add rights that fit nothing.
    rights = shuffled(
        f"{seed}|right", list(dict.fromkeys([right for _, right in pairs] + list(question.options)))
    )
    pairs = shuffled(f"{seed}|left", pairs)
    shown_options: dict[str, Json] = {"left": [left for left, _ in pairs], "right": list(rights)}
    return shown_options, [rights.index(right) for _, right in pairs]


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
