"""The signer that stands in this process; production may put it behind another user or host."""

from __future__ import annotations

from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.services import Services


def signer_of(services: Services) -> LocalSigner:
    """Return the signer of ``services``' log; its key and high-water mark live in the data directory."""
    settings = services.settings
    return LocalSigner.load_or_create(settings.data_dir / "signer", settings.log_origin)
