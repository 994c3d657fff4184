"""What a project must have before it is filed: in the catalogue, awarded, licensed, by a standard (S2).

Each gate is judged only where the notice asks for it. Shares are compared exactly.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from lmscompliance.policy.notice import Notice
from lmscompliance.rules.marking import plain
from lmscompliance.rules.verdict import Verdict, met, not_met


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a plan teaches items of a standard (课时), and how many of its items are taught."""

    mapped_hours: Decimal = Decimal(0)
    hours: Decimal = Decimal(0)
    taught_items: int = 0
    items: int = 0

    @property
    def lesson_share(self) -> Fraction:
        """Mapped over all 课时; 0 while there is nothing."""
        return Fraction(self.mapped_hours) / Fraction(self.hours) if self.hours else Fraction(0)

    @property
    def item_share(self) -> Fraction:
        """Taught over all items; 0 while there is nothing."""
        return Fraction(self.taught_items, self.items) if self.items else Fraction(0)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What there is of a project. ``documents`` are the kinds of scans that were handed in.

    ``online_only`` is ``None`` while no plan is published, ``evaluated`` while no evaluation is on record.
    ``last_day`` is the last of the training.
    """

    documents: Collection[str]
    last_day: date
    in_catalogue: bool = False
    awarded: bool = False
    online_only: bool | None = None
    evaluated: bool | None = None
    licence_until: date | None = None
    coverage: Coverage = Coverage()


def gates(found: Prepared, notice: Notice) -> list[Verdict]:
    """Judge each gate that the notice sets before a class of a project is filed."""
    terms = notice.filing
    verdicts: list[Verdict] = []
    if terms.catalogue:
        rule = "filing.catalogue"
        verdicts.append(
            met(notice, rule) if found.in_catalogue else not_met(notice, rule, "catalogue_missing")
        )
    if terms.award:
        rule = "filing.award"
        missing = "" if "award" in found.documents else "award_unproven"
        missing = missing if found.awarded else "award_missing"
        verdicts.append(not_met(notice, rule, missing) if missing else met(notice, rule))
    if terms.online_evaluation and found.online_only is not False:
        verdicts.append(_evaluation(found, notice))
    if terms.licence:
        verdicts.append(_licence(found, notice))
    return verdicts + _standard(found.coverage, notice)


def _evaluation(found: Prepared, notice: Notice) -> Verdict:
    rule = "filing.online_evaluation"
    if found.online_only is None:
        return not_met(notice, rule, "plan_unpublished")
    if not found.evaluated:
        return not_met(notice, rule, "evaluation_missing" if found.evaluated is None else "evaluation_failed")
    return (
        met(notice, rule) if "evaluation" in found.documents else not_met(notice, rule, "evaluation_unproven")
    )


def _licence(found: Prepared, notice: Notice) -> Verdict:
    rule, until = "filing.licence", found.licence_until
    if until is None:
        return not_met(notice, rule, "licence_missing")
    if until < found.last_day:
        return not_met(notice, rule, "licence_ends", until=str(until), last=str(found.last_day))
    if "licence" not in found.documents:
        return not_met(notice, rule, "licence_unproven")
    return met(notice, rule, until=str(until), last=str(found.last_day))


def _standard(coverage: Coverage, notice: Notice) -> list[Verdict]:
    """Judge the two shares, each where the notice sets one."""
    terms = notice.filing
    hours = coverage.lesson_share, plain(coverage.mapped_hours), plain(coverage.hours)
    items = coverage.item_share, str(coverage.taught_items), str(coverage.items)
    verdicts: list[Verdict] = []
    for rule, reason, need, (share, have, total) in (
        ("filing.standard_lesson_share", "standard_lessons_short", terms.standard_lesson_share, hours),
        ("filing.standard_item_share", "standard_items_short", terms.standard_item_share, items),
    ):
        figures = {"have": have, "total": total, "need": f"{plain(need * 100)}%"}
        if need and share >= Fraction(need):
            verdicts.append(met(notice, rule, **figures))
        elif need:
            verdicts.append(not_met(notice, rule, reason, **figures))
    return verdicts
