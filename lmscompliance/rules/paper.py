"""Drawing a paper: the same blueprint, pools, seed and seen questions always give the same paper.

The seed drives SHA-256 in counter mode; numbers come from it by rejection sampling and orders by
Fisher-Yates, so an auditor can repeat a draw in any language. A drawn paper is frozen: wording, option
order, key and points are copied, so that a later change of the bank changes nobody's paper.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, MutableSequence, Sequence
from functools import lru_cache
from typing import Protocol, TypeVar

from lmscompliance.kernel import jcs
from lmscompliance.kernel.ids import SeededRandomness
from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.blueprint import Blueprint
from lmscompliance.rules.marking import plain

_T = TypeVar("_T")
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
    shuffle = _Shuffle(seed)
    known = frozenset(seen)
    orders: dict[tuple[str, str], list[_L]] = {}
    for (topic, kind), needed in sorted(blueprint.needs().items()):
        pool = list(pools.get((topic, kind), ()))
        if len(pool) < needed:
            raise BankTooSmall(topic, kind, needed, len(pool))
        shuffle.shuffle(pool)
        # Stable, so each half keeps its shuffled order.
        orders[topic, kind] = sorted(pool, key=lambda question: question.id in known)
    asked = {(part.topic, part.kind, part.level) for part in blueprint.parts if part.level}
    chosen: dict[int, list[_L]] = {}
    for place, part in sorted(enumerate(blueprint.parts), key=lambda one: not one[1].level):
        left = orders[part.topic, part.kind]
        fitting = [one for one in left if part.level in {"", one.level}]
        if not part.level and asked:
            # What other parts ask for by its level is left to the person's next paper where it can be.
            fitting.sort(key=lambda one: (one.id in known, (part.topic, part.kind, one.level) in asked))
        if len(fitting) < part.count:
            raise BankTooSmall(part.topic, part.kind, part.count, len(fitting))
        chosen[place] = fitting[: part.count]
        taken = {one.id for one in chosen[place]}
        orders[part.topic, part.kind] = [one for one in left if one.id not in taken]
    drawn = [
        (listed, plain(part.points)) for place, part in enumerate(blueprint.parts) for listed in chosen[place]
    ]
    whole = read([listed for listed, _ in drawn])
    return [_freeze(whole[listed.id], points, shuffle) for listed, points in drawn]


def basis(
    pools: Mapping[tuple[str, str], Sequence[Listed]], seed: str, seen: Collection[str] = ()
) -> dict[str, Json]:
    """Return what a draw rested on, as evidence keeps it: enough to repeat it beside the bank.

    A pool's digest is the SHA-256 of the canonical JSON of its ``[id, version]`` pairs in order, with the
    level behind them where a question has one.
    """
    told: list[Json] = []
    for (topic, kind), pool in sorted(pools.items()):
        digest = _digest(tuple((one.id, one.version, one.level) for one in pool))
        told.append({"topic": topic, "kind": kind, "held": len(pool), "sha256": digest})
    return {"seed": seed, "pools": told, "avoided": [*sorted(seen)]}


@lru_cache(maxsize=256)
def _digest(pool: tuple[tuple[str, int, str], ...]) -> str:
    # A whole class draws from the same pools, and looking one up costs a tenth of hashing it.
    listed = [[id_, version, level] if level else [id_, version] for id_, version, level in pool]
    return hashlib.sha256(jcs.encode(listed)).hexdigest()


def shown(frozen: Mapping[str, Json], number: int) -> dict[str, Json]:
    """Return what the trainee may see of a frozen question while the attempt is open: never the key."""
    visible = {name: frozen[name] for name in ("topic", "kind", "stem", "options", "points")}
    pictured = {"pictures": frozen["pictures"]} if frozen.get("pictures") else {}
    return {"no": number, **visible, **pictured}


def disclosures(paper: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """Return a paper's questions under the names they have in the log: ``q001``, ``q002`` and so on."""
    return {f"q{number:03}": dict(frozen) for number, frozen in enumerate(paper, 1)}


def _freeze(question: Question, points: str, shuffle: _Shuffle) -> dict[str, Json]:
    options: Json = list(question.options)
    key = question.key
    if question.kind in {"single", "multiple"}:
        order = list(range(len(question.options)))
        shuffle.shuffle(order)
        options = [question.options[old] for old in order]
        right = _list(question.key)
        key = [place for place, old in enumerate(order) if old in right]
    elif question.kind == "matching":
        options, key = _matching(question, shuffle)
    level: dict[str, Json] = {"level": question.level} if question.level else {}
    pictured: dict[str, Json] = {"pictures": [*question.pictures]} if question.pictures else {}
    return {
        "question": question.id,
        "version": question.version,
        "topic": question.topic,
        "kind": question.kind,
        **level,
        **pictured,
        "stem": question.stem,
        "options": options,
        "key": key,
        "points": points,
    }


def _matching(question: Question, shuffle: _Shuffle) -> tuple[dict[str, Json], list[Json]]:
    pairs = [(str(pair[0]), str(pair[1])) for pair in _list(question.key) if isinstance(pair, list)]
    # Two lefts may share a right, and a bank may add rights that fit nothing.
    rights = list(dict.fromkeys([right for _, right in pairs] + list(question.options)))
    shuffle.shuffle(pairs)
    shuffle.shuffle(rights)
    shown_options: dict[str, Json] = {"left": [left for left, _ in pairs], "right": list(rights)}
    return shown_options, [rights.index(right) for _, right in pairs]


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


class _Shuffle:
    """Fisher-Yates over a seeded stream."""

    def __init__(self, seed: str) -> None:
        self._stream = SeededRandomness(seed)

    def shuffle(self, values: MutableSequence[_T]) -> None:
        for last in range(len(values) - 1, 0, -1):
            other = self._below(last + 1)
            values[last], values[other] = values[other], values[last]

    def _below(self, limit: int) -> int:
        ceiling = (1 << 32) // limit * limit
        while True:
            value = int.from_bytes(self._stream.bytes(4), "big")
            if value < ceiling:
                return value % limit
