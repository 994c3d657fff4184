"""What proofs let go of a class: the files handed in, and who looked at them."""

from __future__ import annotations

from sqlalchemy import select

from lmscompliance.proofs.models import Proof, ProofView
from lmscompliance.rules.retention import PROOFS
from lmscompliance.storage.erasing import Erasing


def forget(erasing: Erasing) -> None:
    """Name the rows and the files."""
    erasing.file(
        PROOFS, erasing.session.scalars(select(Proof.sha256).where(Proof.class_id == erasing.class_id))
    )
    erasing.of_class(PROOFS, Proof, ProofView)
