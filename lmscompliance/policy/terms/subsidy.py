"""Who is subsidised, with how much, and when it is claimed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

SPANS = ("none", "calendar_year", "rolling_year", "lifetime")
"""What repeated subsidies are counted within."""


@dataclass(frozen=True, slots=True)
class SubsidyTerms:
    """Who may be subsidised, and with how much (补贴), in yuan."""

    requires: tuple[str, ...]
    """Conditions: ``training``, ``exam``, ``social_insurance``."""
    per_person: Decimal | None
    """A fixed amount for each eligible trainee; ``None``: not how this notice pays."""
    max_per_online_hour: Decimal | None
    """Cap for each online 课时; ``None``: none."""
    max_per_offline_hour: Decimal | None
    """Cap for each offline 课时; ``None``: none."""
    rate_by_project: bool
    """Whether what an hour earns is agreed for each project (一事一议), the caps being only its limits."""
    overlap_caps: bool
    """Whether the standard of an overlapping subsidised training is a third cap."""
    max_yuan_a_year: Decimal | None
    """What a person's subsidies of one calendar year may come to; ``None``: no limit."""
    insured_months: tuple[str, ...]
    """Months (YYYY-MM) in which social insurance must have been paid; checked when a claim is made."""
    max_trainings: int | None
    """How many subsidised trainings a person may have ``trainings_within``; ``None``: no limit."""
    trainings_within: str
    """What a limit is counted within (of ``SPANS``). A ``rolling_year`` ends with the same day next year."""
    project: str | None
    """The one project that every class under the notice is of; ``None``: each class has its own."""
    same_project_within: str
    """The same project is not subsidised again within this (of ``SPANS``)."""
    same_occupation_within: str
    """The same occupation at the same level is not subsidised again within this (of ``SPANS``)."""
    higher_bars_lower: bool
    """Whether a subsidised level of an occupation bars its lower levels for good."""
    categories: tuple[str, ...]
    """Whom the training is for, each ``name`` or ``name/kind of proof`` (of ``PROOFS``); none: anybody."""
    excludes: tuple[str, ...]
    """Names of lists of people who are not subsidised."""
    min_age: int | None
    """Full years on the first day of training, at least; ``None``: not asked."""
    max_age_male: int | None
    """Men must be younger than this on the first day of training; ``None``: not asked."""
    max_age_female: int | None
    """The same for women."""
    claim_from: date | None
    """First Shanghai day on which a claim can be made; ``None``: at any time."""
    claim_until: date | None
    """Last day on which a claim can be made."""
