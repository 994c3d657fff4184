"""The signer that stands in this process; production may put it behind another user or host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmscompliance.services import Services

if TYPE_CHECKING:
    from lmscompliance.evidence.signer import LocalSigner


def signer_of(services: Services) -> LocalSigner:
    """Return the signer of ``services``' log; its key and high-water mark live in the data directory."""
    from lmscompliance.evidence.signer import LocalSigner  # noqa: PLC0415

    settings = services.settings
    return LocalSigner.load_or_create(settings.data_dir / "signer", settings.log_origin)
