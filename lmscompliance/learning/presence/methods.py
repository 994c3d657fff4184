"""The ways to ask that come with the product; ``sms`` and ``face`` are offered by their own modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from lmscompliance.kernel.ids import Ids
from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.presence import Asking, Posed, PresenceMethod
from lmscompliance.rules.marking import is_correct
from lmscompliance.rules.text_answer import number
from lmscompliance.services import Services


class ContentQuestion:
    """A question of the lesson's topic, its options in another order each time.

    A program that guesses one of four passes one check in four; that is what the make-up limit is for.
    """

    name: ClassVar[str] = "question"
    consent: ClassVar[str] = ""
    consent_text: ClassVar[str] = ""

    def pose(self, asking: Asking) -> Posed | None:
        """Return a question, or ``None`` when the banks have none of the topic."""
        drawn = asking.question()
        if drawn is None:
            return None
        order = shuffled(len(drawn.options), asking.ids)
        return Posed(
            form="choice" if len(drawn.key) == 1 and drawn.kind != "multiple" else "choices",
            text=drawn.stem,
            options=tuple(drawn.options[place] for place in order),
            key=[*sorted(order.index(right) for right in drawn.key)],
            source=drawn.id,
        )

    def passes(self, asking: Asking, key: Json, answer: Json) -> bool:
        """Compare as an exam does: exactly the right options, in any order."""
        return is_correct("multiple", key, answer)


class Arithmetic:
    """A small sum, for lessons whose topic has no confirmed question."""

    name: ClassVar[str] = "arithmetic"
    consent: ClassVar[str] = ""
    consent_text: ClassVar[str] = ""

    def pose(self, asking: Asking) -> Posed:
        """Return the sum of a two-digit and a one-digit number."""
        first, second = 11 + asking.ids.below(80), 2 + asking.ids.below(8)
        return Posed(form="text", text=f"{first} + {second} = ?", key=first + second)

    def passes(self, asking: Asking, key: Json, answer: Json) -> bool:
        """Compare as numbers; full-width digits are digits."""
        text = only_text(answer)
        return text is not None and number(text) == key


class Tap:
    """A button, and nothing more: shows that somebody reacts, not that they learn."""

    name: ClassVar[str] = "tap"
    consent: ClassVar[str] = ""
    consent_text: ClassVar[str] = ""

    def pose(self, asking: Asking) -> Posed:
        """Return the button."""
        return Posed(form="tap")

    def passes(self, asking: Asking, key: Json, answer: Json) -> bool:
        """Take the press of the button."""
        return isinstance(answer, list) and len(answer) == 1 and answer[0] is True


ARITHMETIC = Arithmetic()
BUILT_IN: Mapping[str, PresenceMethod] = {one.name: one for one in (ContentQuestion(), ARITHMETIC, Tap())}


def named(services: Services, name: str) -> PresenceMethod | None:
    """Return the method that a policy calls ``name``: the host's plug-in, or one of ours."""
    return services.presence.get(name) or BUILT_IN.get(name)


def shuffled(count: int, ids: Ids) -> list[int]:
    """Return the numbers below ``count`` in a random order (Fisher-Yates)."""
    order = list(range(count))
    for last in range(count - 1, 0, -1):
        other = ids.below(last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def only_text(answer: Json) -> str | None:
    """Return the one text of ``answer``, or ``None`` when it is anything else."""
    if isinstance(answer, list) and len(answer) == 1 and isinstance(answer[0], str):
        return answer[0]
    return None
