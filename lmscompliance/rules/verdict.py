"""A verdict: a rule is met, or it is not, for a reason and by a clause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lmscompliance.kernel.messages import text


@dataclass(frozen=True, slots=True)
class Met:
    """The rule (a policy key) is met; ``params`` are the figures it was judged by, as people read them."""

    rule: str
    clause: str
    params: Mapping[str, str] = field(default_factory=dict)
    met: Literal[True] = True

    def message(self, locale: str = "zh_CN") -> str:
        """Return one sentence with the figures."""
        return text("rules.met_" + self.rule.replace(".", "_"), locale, **self.params)


@dataclass(frozen=True, slots=True)
class NotMet:
    """The rule is not met: ``reason`` is a code of this room's messages, ``params`` say what is missing."""

    rule: str
    reason: str
    clause: str
    params: Mapping[str, str] = field(default_factory=dict)
    met: Literal[False] = False

    def message(self, locale: str = "zh_CN") -> str:
        """Return what is missing and what to do, in one or two sentences."""
        return text(f"rules.{self.reason}", locale, **self.params)


Verdict = Met | NotMet
