"""A verdict: a rule is met, or it is not, for a reason and by a clause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from lmscompliance.kernel.messages import text
from lmscompliance.policy.notice import Notice


@dataclass(frozen=True, slots=True)
class Met:
    """The rule (a policy key) is met; ``params`` are the figures it was judged by, as people read them.

    ``clause`` is the Chinese citation of ``term``, the policy key the verdict rests on.
    """

    rule: str
    clause: str
    term: str
    params: Mapping[str, str] = field(default_factory=dict)
    met: Literal[True] = True

    def message(self, locale: str = "zh_CN") -> str:
        """Return one sentence with the figures."""
        return text("rules.met_" + self.rule.replace(".", "_"), locale, **self.params)


@dataclass(frozen=True, slots=True)
class NotMet:
    """The rule is not met: ``reason`` is a code of this room's messages, ``params`` say what is missing.

    ``clause`` is the Chinese citation of ``term``, the policy key the verdict rests on.
    """

    rule: str
    reason: str
    clause: str
    term: str
    params: Mapping[str, str] = field(default_factory=dict)
    met: Literal[False] = False

    def message(self, locale: str = "zh_CN") -> str:
        """Return what is missing and what to do, in one or two sentences."""
        return text(f"rules.{self.reason}", locale, **self.params)


Verdict = Met | NotMet


class Stated(Protocol):
    """What rests on a policy key and has words of its own: a verdict, a reminder."""

    @property
    def term(self) -> str:
        """The policy key."""

    def message(self, locale: str = ...) -> str:
        """Return it in ``locale``."""


@dataclass(frozen=True, slots=True)
class Cited:
    """A verdict or reminder with the citation of what it rests on, in one sentence."""

    stated: Stated
    notice: Notice

    def message(self, locale: str = "zh_CN") -> str:
        """Return it in ``locale``."""
        clause = self.notice.cite(self.stated.term, locale)
        return text("rules.cited", locale, what=self.stated, clause=clause)


def met(notice: Notice, rule: str, **params: str) -> Met:
    """Return that ``rule`` is met, citing its own clause."""
    return Met(rule, notice.cite(rule), rule, params)


def not_met(notice: Notice, rule: str, reason: str, *, term: str = "", **params: str) -> NotMet:
    """Return that ``rule`` is not met, citing ``term`` if it rests on another key than its own."""
    return NotMet(rule, reason, notice.cite(term or rule), term or rule, params)
