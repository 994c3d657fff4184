"""Says in Chinese what readers of formats say in English of a damaged file, by ``reasons.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources

_HOLE = re.compile(r"\{(\d*)\}")


def in_chinese(reason: str) -> str:
    """Return ``reason`` in Chinese; what no sentence fits (a library's own words) stays as it is.

    Values are taken over; one that is itself such a sentence is told in Chinese as well.
    """
    for pattern, template in _sentences():
        found = pattern.fullmatch(reason)
        if found is not None:
            return _filled(template, [in_chinese(one) for one in found.groups()])
    return reason


def _filled(template: str, values: Sequence[str]) -> str:
    following = iter(values)
    return _HOLE.sub(lambda hole: values[int(hole[1])] if hole[1] else next(following), template)


@lru_cache(maxsize=1)
def _sentences() -> list[tuple[re.Pattern[str], str]]:
    text = resources.files("lmscompliance.verifier").joinpath("reasons.toml").read_text(encoding="utf-8")
    return [
        (re.compile("(.+?)".join(map(re.escape, english.split("{}"))), re.DOTALL), chinese)
        for sentences in tomllib.loads(text).values()
        for english, chinese in sentences.items()
    ]
