"""What is handed in before a class: documents of its filing, proofs of its trainees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

DOCUMENTS = (
    "application",
    "plan",
    "commitment",
    "agreement",
    "output_proof",
    "award",
    "evaluation",
    "licence",
    "other",
)
"""Documents of a filing: 申请表, 教学计划, 承诺书, 平台协议, 产值证明, 中标通知书, 专家评估意见, 办学资质,
and whatever else is handed in."""


@dataclass(frozen=True, slots=True)
class FormName:
    """A form as the notice calls it: its annex (附件2) and its title."""

    annex: str
    title: str


@dataclass(frozen=True, slots=True)
class FilingTerms:
    """Applying for a class and the bureau's review of it (申报、审核), in Shanghai days."""

    apply_until: date | None
    """Last day on which a class can be filed; ``None``: at any time."""
    opening_working_days: int
    """A class is filed at least this many working days before its first day of training; 0: any time."""
    documents: tuple[str, ...]
    """Documents (of ``DOCUMENTS``) that must be there, signed and stamped, before a class is filed."""
    form_names: tuple[str, ...]
    """What the notice calls its forms, each ``kind/附件2/title``; others have names of ours."""
    agreement: bool
    """Whether the signed agreement between enterprise and platform must be there, too."""
    min_output_yuan: int | None
    """An enterprise's yearly output must be above this, with a proof; ``None``: not asked."""
    above_scale: bool
    """Whether only enterprises above the designated size (规上) may file."""
    catalogue: bool
    """Whether a class teaches a project of the bureau's published catalogue (目录清单)."""
    award: bool
    """Whether the institution must have been awarded the project (政府采购), with the publicity over."""
    number: bool
    """Whether a class is approved only with its filing number (备案编号)."""
    online_evaluation: bool
    """Whether a purely online plan needs an expert evaluation that was passed."""
    licence: bool
    """Whether the institution's licence must be on record, and valid until the last day of training."""
    standard_lesson_share: Decimal
    """Share of the plan's 课时 that must teach items of an occupational standard; 0 asks for nothing."""
    standard_item_share: Decimal
    """Share of the standard's items that the plan must teach; 0 asks for nothing."""
    recipient: str
    """Who takes filings in (受理单位), as the notice names it; empty: not named."""
    remind_days: int
    """A deadline is reminded of from so many days before it on."""
    remind_licence_days: int
    """The same for the end of a training institution's licence."""
    notice: bool
    """Whether everybody of a class is to be told of the training (培训通知), with receipts."""
    review_working_days: int | None
    """The bureau answers within so many working days after the day of receipt; ``None``: no term."""

    def form(self, kind: str) -> FormName | None:
        """Return what the notice calls its form of this kind; ``None`` where it names none."""
        named = (one.split("/", 2) for one in self.form_names)
        return next((FormName(annex, title) for of, annex, title in named if of == kind), None)


PROOFS = ("itinerary", "household", "residence", "graduation", "insurance", "other")
"""Kinds of proofs (证明材料) a notice may ask trainees for."""


@dataclass(frozen=True, slots=True)
class ProofTerms:
    """What trainees must prove by files, and the consent to that (notice T3, T29, W3)."""

    kinds: tuple[str, ...]
    """Kinds (of ``PROOFS``) the ledger must list for each trainee; empty: none."""
    itinerary_from: date | None
    """First day that itinerary screenshots (行程卡) must cover; ``None``: the training period's."""
    itinerary_to: date | None
    """Last day that they must cover."""
    itinerary_days: int
    """How many days one screenshot shows."""
    itinerary_counts_today: bool
    """Whether the day a screenshot is taken is among them."""
    consent_version: str
    """Version of the separate consent to handing in proofs."""
    consent_zh: str
    consent_en: str
