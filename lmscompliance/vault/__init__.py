"""Keys, authenticated encryption of personal values, and the keyed blind index."""

from lmscompliance.vault.vault import Vault

__all__ = ["Vault"]
