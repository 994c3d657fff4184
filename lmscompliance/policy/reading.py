"""One policy file on its way in, and everything found wrong with it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.kernel.messages import text as message_text
from lmscompliance.policy import locate


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a policy file: where, which key, what, and what to do."""

    path: str
    line: int
    key: str
    code: str
    params: Mapping[str, object]

    def message(self, locale: str = "zh_CN") -> str:
        """Return ``file:line: key: what is wrong and the remedy``."""
        what = message_text(self.code, locale, **self.params)
        return (
            f"{self.path}:{self.line}: {self.key}: {what}" if self.key else f"{self.path}:{self.line}: {what}"
        )


class PolicyInvalid(InvalidInput):
    """A policy file cannot be used; ``problems`` holds everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("policy.invalid", file=problems[0].path, count=len(problems))
        self.problems = problems

    def message(self, locale: str = "zh_CN") -> str:
        """Return the summary and one line for each problem."""
        return "\n".join([super().message(locale), *(problem.message(locale) for problem in self.problems)])


class Reading:
    """One TOML file on its way in: the parsed data, and the problems found so far."""

    def __init__(self, name: str, text: str) -> None:
        """Parse ``text``; raises ``PolicyInvalid`` at once when it is no TOML at all."""
        self.name = name
        self.problems: list[Problem] = []
        try:
            self.data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            line, detail = locate.syntax_error(error, text)
            raise PolicyInvalid([Problem(name, line, "", "policy.not_toml", {"detail": detail})]) from error
        self._lines = locate.lines(text)

    def refuse(self, key: str, code: str, /, **params: object) -> None:
        """Note that what ``key`` (dotted) says is wrong."""
        line = locate.line_of(self._lines, tuple(key.split(".")))
        self.problems.append(Problem(self.name, line, key, f"policy.{code}", params))

    def finish(self) -> None:
        """Raise ``PolicyInvalid`` if anything was refused, in the order of the file."""
        if self.problems:
            raise PolicyInvalid(sorted(self.problems, key=lambda problem: (problem.line, problem.key)))
