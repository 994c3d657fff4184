"""Whom a subsidy may be claimed for: what is known of the person, and what was subsidised before.

``eligibility`` judges training and exam; this judges the rest (notice T3, T31, T33, W3, W4, W23–W25).
Everything is judged as of facts handed in, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lmscompliance.policy.notice import Notice
from lmscompliance.rules.verdict import Verdict, met, not_met

_LIFETIME = "lifetime"


@dataclass(frozen=True, slots=True)
class PersonFact:
    """What is known of a person when a claim is made.

    ``insured_months`` (YYYY-MM) are as imported; ``None``: nothing was. ``listed`` names the exclusion
    lists the person stands on. ``category`` is declared, never inferred; ``proofs`` are kinds of accepted
    proofs. ``sex`` is ``male`` or ``female``.
    """

    insured_months: frozenset[str] | None = None
    listed: frozenset[str] = frozenset()
    category: str = ""
    proofs: frozenset[str] = frozenset()
    birth: date | None = None
    sex: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """A training of a person that was or is to be subsidised, here or anywhere a list was imported from.

    ``day`` is the last day of training; years are counted by it. ``level`` is the national one: 5 is the
    lowest, 1 the highest, ``None`` where there is none. Two with one ``id`` are the same one.
    """

    id: str
    project: str
    day: date
    occupation: str = ""
    level: int | None = None
    yuan: Decimal = Decimal(0)


def of_person(fact: PersonFact, first_day: date, notice: Notice) -> list[Verdict]:
    """Judge the conditions that rest on the person alone; ``first_day`` is the first day of training."""
    return [
        *_insured(fact, notice),
        *_listed(fact, notice),
        *_category(fact, notice),
        *_age(fact, first_day, notice),
    ]


def of_history(grant: Grant, earlier: Iterable[Grant], notice: Notice) -> list[Verdict]:
    """Judge ``grant`` beside everything of the same person that was subsidised or claimed before it."""
    known = {one.id: one for one in earlier if one.id != grant.id}
    others = sorted(known.values(), key=lambda one: (one.day, one.id))
    return [
        *_repeated(grant, others, notice),
        *_levels(grant, others, notice),
        *_number(grant, others, notice),
    ]


def _insured(fact: PersonFact, notice: Notice) -> Iterator[Verdict]:
    rule, needed = "subsidy.insured_months", notice.subsidy.insured_months
    if "social_insurance" not in notice.subsidy.requires or not needed:
        return
    months = "、".join(needed)
    if fact.insured_months is None:
        yield not_met(notice, rule, "insurance_unknown", months=months)
        return
    missing = [month for month in needed if month not in fact.insured_months]
    if missing:
        yield not_met(notice, rule, "insurance_missing", months="、".join(missing))
    else:
        yield met(notice, rule, months=months)


def _listed(fact: PersonFact, notice: Notice) -> Iterator[Verdict]:
    rule, lists = "subsidy.excludes", notice.subsidy.excludes
    if not lists:
        return
    found = [name for name in lists if name in fact.listed]
    if found:
        yield not_met(notice, rule, "person_excluded", lists="、".join(found))
    else:
        yield met(notice, rule, lists="、".join(lists))


def _category(fact: PersonFact, notice: Notice) -> Iterator[Verdict]:
    rule = "subsidy.categories"
    kinds = dict(_split(one) for one in notice.subsidy.categories)
    if not kinds:
        return
    if fact.category not in kinds:
        reason = "category_unknown" if fact.category else "category_missing"
        yield not_met(notice, rule, reason, category=fact.category, categories="、".join(kinds))
    elif kinds[fact.category] and kinds[fact.category] not in fact.proofs:
        yield not_met(notice, rule, "category_unproven", category=fact.category)
    else:
        yield met(notice, rule, category=fact.category)


def _split(category: str) -> tuple[str, str]:
    name, _, kind = category.partition("/")
    return name, kind


def _age(fact: PersonFact, first_day: date, notice: Notice) -> Iterator[Verdict]:
    terms = notice.subsidy
    most = {"male": terms.max_age_male, "female": terms.max_age_female}.get(fact.sex)
    most_rule = "subsidy.max_age_female" if fact.sex == "female" else "subsidy.max_age_male"
    if terms.min_age is None and most is None:
        return
    if fact.birth is None:
        yield not_met(notice, "subsidy.min_age", "age_unknown")
        return
    years = age(fact.birth, first_day)
    if terms.min_age is not None and years < terms.min_age:
        yield not_met(notice, "subsidy.min_age", "too_young", age=str(years), need=str(terms.min_age))
    elif most is not None and years >= most:
        yield not_met(notice, most_rule, "too_old", age=str(years), need=str(most))
    else:
        yield met(notice, "subsidy.min_age" if most is None else most_rule, age=str(years))


def age(birth: date, day: date) -> int:
    """Return the full years (周岁) of somebody born on ``birth`` on ``day``: the birthday completes one."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def _repeated(grant: Grant, others: Sequence[Grant], notice: Notice) -> Iterator[Verdict]:
    terms = notice.subsidy
    same_project = [one.day for one in others if one.project == grant.project]
    same_occupation = [
        one.day
        for one in others
        if grant.occupation and (one.occupation, one.level) == (grant.occupation, grant.level)
    ]
    for rule, span, days, reason in (
        ("subsidy.same_project_within", terms.same_project_within, same_project, "project_repeated"),
        (
            "subsidy.same_occupation_within",
            terms.same_occupation_within,
            same_occupation,
            "occupation_repeated",
        ),
    ):
        if span != "none":
            figures = _figures(grant.day, days)
            if counted(grant.day, days, span) > 1:
                yield not_met(notice, rule, reason, **figures, day=str(days[0]))
            else:
                yield met(notice, rule, **figures)


def _levels(grant: Grant, others: Sequence[Grant], notice: Notice) -> Iterator[Verdict]:
    rule = "subsidy.higher_bars_lower"
    if not notice.subsidy.higher_bars_lower or not grant.occupation or grant.level is None:
        return
    had = [one.level for one in others if one.occupation == grant.occupation and one.level is not None]
    highest = min(had, default=grant.level)
    params = {"level": str(grant.level), "had": str(highest)}
    if highest < grant.level:
        yield not_met(notice, rule, "level_barred", **params)
    else:
        yield met(notice, rule, level=str(grant.level))


def _number(grant: Grant, others: Sequence[Grant], notice: Notice) -> Iterator[Verdict]:
    rule, most = "subsidy.max_trainings", notice.subsidy.max_trainings
    if most is None:
        return
    days = [one.day for one in others]
    figures = {**_figures(grant.day, days), "most": str(most)}
    if counted(grant.day, days, notice.subsidy.trainings_within) > most:
        yield not_met(notice, rule, "trainings_used", **figures)
    else:
        yield met(notice, rule, **figures)


def _figures(day: date, others: Sequence[date]) -> dict[str, str]:
    """Return the count by each way of counting: whoever decides sees what the others would have said."""
    return {
        "calendar": str(counted(day, others, "calendar_year")),
        "rolling": str(counted(day, others, "rolling_year")),
        "lifetime": str(counted(day, others, _LIFETIME)),
    }


def counted(day: date, others: Iterable[date], span: str) -> int:
    """Return how many trainings, that of ``day`` included, fall within one ``span`` that holds ``day``.

    A rolling year may begin with any of them; of all that hold ``day`` the fullest one counts.
    """
    days = list(others)
    if span == _LIFETIME:
        return 1 + len(days)
    if span == "calendar_year":
        return 1 + sum(one.year == day.year for one in days)
    begins = [one for one in (*days, day) if one <= day <= year_after(one)]
    return max(1 + sum(begin <= one <= year_after(begin) for one in days) for begin in begins)


def year_after(day: date) -> date:
    """Return the last day of the year that begins with ``day``.

    The first day is not counted and the same day next year is the last, or the last of its month (Civil
    Code, articles 201 and 202).
    """
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, day.month, 28)
