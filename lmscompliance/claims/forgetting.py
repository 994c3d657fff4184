"""What claims let go of a class: who was granted what and why, the lists, whom the money went to.

The claim itself stays with its sums: how much public money went out for a class is nobody's personal data.
"""

from __future__ import annotations

from lmscompliance.claims.models import Claim, ClaimFact, ClaimLine, ClaimPayment, ClaimPreview
from lmscompliance.rules.retention import RECORDS
from lmscompliance.storage.erasing import Erasing


def forget(erasing: Erasing) -> None:
    """Name the rows and the values."""
    own = [erasing.class_id]
    erasing.of_class(RECORDS, ClaimFact, ClaimLine, ClaimPreview)
    erasing.empty(RECORDS, Claim.class_id, own, Claim.payee_sealed, Claim.reason_sealed)
    erasing.empty(RECORDS, ClaimPayment.class_id, own, ClaimPayment.reason_sealed)
    erasing.values(RECORDS, ClaimPayment.class_id, own, {ClaimPayment.enrolment_id: None})
