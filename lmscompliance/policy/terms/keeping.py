"""Who a trainee is, what they agree to, what evidence is asked for and how long it is kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EvidenceTerms:
    """What is asked of the evidence itself (存证)."""

    max_lag_seconds: int
    """From what an entry says of its time to the first outside proof that it was there; more is named."""
    max_ahead_seconds: int
    """How far an entry's own time may lie after that proof; more is named, because it cannot be."""


@dataclass(frozen=True, slots=True)
class IdentityTerms:
    """What a real-name verification (实名核验) that is open or failed means, and the consent to a photo."""

    pending_blocks_credit: bool
    """Whether nothing counts until a verification that is still open has been passed."""
    failed_blocks_credit: bool
    """Whether nothing counts while the last verification is one that failed."""
    suspicion_blocks_credit: bool
    """Whether nothing counts from the decision that fraud is suspected until that is lifted."""
    recheck_before_exam: bool
    """Whether an attempt begins only with a verification passed a short while ago."""
    recheck_seconds: int
    """How long ago such a verification may have been passed."""
    photo_consent_version: str
    """Version of the separate consent to handing in a photo for a manual verification."""
    photo_consent_zh: str
    photo_consent_en: str


@dataclass(frozen=True, slots=True)
class RetentionTerms:
    """How long what a class left is kept (留存期限), by category (``rules.retention``).

    ``years`` (whole years) is the ledger's own term; nothing that a ledger shows goes before it. The
    ``…_extra_months`` are kept on top of it, ``photos_months`` counts from the same beginning by itself.
    """

    years: int
    addresses_extra_months: int
    proofs_extra_months: int
    accounts_extra_months: int
    identity_extra_months: int
    photos_months: int


@dataclass(frozen=True, slots=True)
class ConsentTerms:
    """What a trainee agrees to when activating; a changed text is a new version."""

    version: str
    text_zh: str
    text_en: str


@dataclass(frozen=True, slots=True)
class CertificateTerms:
    """What certificates of passed trainees carry."""

    label: str
    """The mark that the notice wants every project to bear, on its pages, ledgers and certificates; empty
    where it wants none."""
    number_prefix: str
    """What their numbers begin with; the year and six digits follow."""
    in_results: bool
    """Whether sheet ⑤ of the ledger names each trainee's certificates, and if they hold."""
