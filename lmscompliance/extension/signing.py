"""The signer the settings name: in this process, or another one under another user."""

from __future__ import annotations

from lmscompliance.evidence.signer import LocalSigner, RemoteSigner, Signer
from lmscompliance.services import Services


def signer_of(services: Services) -> Signer:
    """Return the signer of ``services``' log.

    Without ``COMPLIANCE_SIGNER_URL`` its key and high-water mark live in the data directory, and the key is
    made on first use.
    """
    settings = services.settings
    if settings.signer_url:
        return RemoteSigner(settings.signer_url, settings.log_origin, settings.signer_token_file)
    return LocalSigner.load_or_create(settings.data_dir / "signer", settings.log_origin)
