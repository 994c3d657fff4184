"""When two questions are the same: by their words and answers, not by spacing, width or option order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from lmscompliance.kernel import jcs
from lmscompliance.kernel.jcs import Json
from lmscompliance.questions.draft import FILL_IN, MATCHING, MULTIPLE, SINGLE
from lmscompliance.questions.formats.text import fingerprint


def stem(text: str) -> str:
    """Return the digest of a stem alone."""
    return _digest([fingerprint(text)])


def wording(text: str, options: Sequence[str], pictures: Sequence[str] = ()) -> str:
    """Return the digest of what a trainee reads; two questions that share it must not differ in their key.

    ``pictures`` are the digests of what is shown with it; options that are pictures are named as
    ``rules.pictured.worded`` does.
    """
    offered: list[Json] = [fingerprint(option) for option in _sorted(options)]
    return _digest([fingerprint(text), offered, *pictures])


def normal(
    kind: str, text: str, options: Sequence[str], key: Sequence[Json], pictures: Sequence[str] = ()
) -> str:
    """Return the digest of the whole question, its key included: equal means a duplicate."""
    right: list[Json] = list(key)
    if kind in {SINGLE, MULTIPLE}:
        right = list(_sorted([options[index] for index in key if isinstance(index, int)]))
    elif kind in {FILL_IN, MATCHING}:
        right = list(
            _sorted(["\x1f".join(map(str, part)) if isinstance(part, list) else str(part) for part in key])
        )
    return _digest(
        [kind, wording(text, options, pictures), [fingerprint(r) if isinstance(r, str) else r for r in right]]
    )


def _sorted(texts: Sequence[str]) -> list[str]:
    return sorted(texts, key=fingerprint)


def _digest(value: Json) -> str:
    return hashlib.sha256(jcs.encode(value)).hexdigest()
