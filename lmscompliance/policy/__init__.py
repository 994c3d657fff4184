"""Notices as data: typed terms, each with its clause or its rationale.

A bureau's notice is one TOML file; nothing a notice can change is a constant in code.
"""

from lmscompliance.policy.catalogue import Catalogue
from lmscompliance.policy.loader import load_file
from lmscompliance.policy.notice import Notice, Source
from lmscompliance.policy.reading import PolicyInvalid, Problem
from lmscompliance.policy.terms import (
    DOCUMENTS,
    PROOFS,
    REASONS,
    STATES,
    AnomalyTerms,
    ConsentTerms,
    CreditTerms,
    EvidenceTerms,
    ExamTerms,
    FilingTerms,
    HoursTerms,
    PresenceTerms,
    ProofTerms,
    RetentionTerms,
    SubsidyTerms,
    TopicTerms,
    WindowTerms,
)

__all__ = [
    "DOCUMENTS",
    "PROOFS",
    "REASONS",
    "STATES",
    "AnomalyTerms",
    "Catalogue",
    "ConsentTerms",
    "CreditTerms",
    "EvidenceTerms",
    "ExamTerms",
    "FilingTerms",
    "HoursTerms",
    "Notice",
    "PolicyInvalid",
    "PresenceTerms",
    "Problem",
    "ProofTerms",
    "RetentionTerms",
    "Source",
    "SubsidyTerms",
    "TopicTerms",
    "WindowTerms",
    "load_file",
]
