"""The terms of a notice as typed values: what rules and services read instead of constants.

Every field is one parameter of ``schema``; its meaning and unit stand here, its value and where that value
comes from stand in a notice's TOML file.
"""

from lmscompliance.policy.terms.anomalies import AnomalyTerms
from lmscompliance.policy.terms.attending import AttendanceTerms, PresenceTerms
from lmscompliance.policy.terms.exams import ExamTerms, ProctorTerms, QuizTerms
from lmscompliance.policy.terms.filing import DOCUMENTS, PROOFS, FilingTerms, ProofTerms
from lmscompliance.policy.terms.keeping import (
    CertificateTerms,
    ConsentTerms,
    EvidenceTerms,
    IdentityTerms,
    RetentionTerms,
)
from lmscompliance.policy.terms.learning import (
    REASONS,
    STATES,
    CreditTerms,
    DeliveryTerms,
    DisputeTerms,
    HoursTerms,
    ReportedTerms,
    TopicTerms,
    WindowTerms,
)
from lmscompliance.policy.terms.subsidy import SPANS, SubsidyTerms

__all__ = [
    "DOCUMENTS",
    "PROOFS",
    "REASONS",
    "SPANS",
    "STATES",
    "AnomalyTerms",
    "AttendanceTerms",
    "CertificateTerms",
    "ConsentTerms",
    "CreditTerms",
    "DeliveryTerms",
    "DisputeTerms",
    "EvidenceTerms",
    "ExamTerms",
    "FilingTerms",
    "HoursTerms",
    "IdentityTerms",
    "PresenceTerms",
    "ProctorTerms",
    "ProofTerms",
    "QuizTerms",
    "ReportedTerms",
    "RetentionTerms",
    "SubsidyTerms",
    "TopicTerms",
    "WindowTerms",
]
