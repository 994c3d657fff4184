"""The signer of the evidence log: a domain of trust of its own.

It believes neither the database nor whoever asks, only its own high-water mark: what does not extend the
last head it signed is refused, whatever the database was restored from. In one process with the platform
by default; in production ``lmscompliance signer`` runs it as another user. It knows nothing of classes or
people and shares no code with the platform but formats and hashes.
"""

from lmscompliance.signer.client import RemoteSigner, SignerUnreachable
from lmscompliance.signer.local import LocalSigner, SignerFrozen, SignerRefuses

__all__ = ["LocalSigner", "RemoteSigner", "SignerFrozen", "SignerRefuses", "SignerUnreachable"]
