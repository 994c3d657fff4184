"""Finds among freshly read questions those that stand there twice, and those that contradict each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lmscompliance.questions import digest, pictures
from lmscompliance.questions.draft import Reason, Source, reason
from lmscompliance.questions.report import Finding
from lmscompliance.questions.sources import Placed


@dataclass(frozen=True, slots=True)
class Sifted:
    """A question that is to be kept, with the digests it is known by."""

    placed: Placed
    wording: str
    normal: str


def sift(placed: Iterable[Placed]) -> tuple[list[Sifted], list[Finding]]:
    """Return the questions to keep and the duplicates, first come first kept, topic by topic.

    Questions that read alike but have different keys are kept and flagged, each pointing to the other:
    one of them is wrong, and nobody can tell which.
    """
    kept: dict[tuple[str | None, str], Sifted] = {}
    alike: dict[tuple[str | None, str], list[Sifted]] = defaultdict(list)
    duplicates = []
    for entry in placed:
        draft = entry.draft
        shown = pictures.digests(draft.pictures)
        options = pictures.options_worded(draft)
        own = digest.normal(draft.kind, draft.stem, options, draft.key, shown)
        first = kept.get((entry.topic, own))
        if first is not None:
            duplicates.append(Finding(draft.source, (same_as(first.placed.draft.source),)))
            continue
        sifted = Sifted(entry, digest.wording(draft.stem, options, shown), own)
        kept[entry.topic, own] = sifted
        alike[entry.topic, sifted.wording].append(sifted)
    contradicted = {
        sifted.placed.draft.source: other.placed.draft.source
        for group in alike.values()
        if len(group) > 1
        for sifted, other in zip(group, [*group[1:], group[0]], strict=True)
    }
    return [_told(sifted, contradicted) for sifted in kept.values()], duplicates


def same_as(source: Source) -> Reason:
    """Return the reason that the same question already stands at ``source``."""
    return reason("duplicate", file=source.file, sheet=source.sheet, row=source.row)


def contradicts(source: Source) -> Reason:
    """Return the reason that the question at ``source`` reads the same but has another key."""
    return reason("contradicts", file=source.file, sheet=source.sheet, row=source.row)


def _told(sifted: Sifted, contradicted: dict[Source, Source]) -> Sifted:
    draft = sifted.placed.draft
    if draft.source not in contradicted:
        return sifted
    flagged = draft.flagged(contradicts(contradicted[draft.source]))
    return replace(sifted, placed=replace(sifted.placed, draft=flagged))
