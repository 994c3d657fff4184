"""What sealing asks of a signer; the signers themselves are a room of their own that knows no platform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from lmscompliance.signer import LocalSigner, RemoteSigner, SignerFrozen, SignerRefuses, SignerUnreachable
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.notes import VKey

__all__ = ["LocalSigner", "RemoteSigner", "Signer", "SignerFrozen", "SignerRefuses", "SignerUnreachable"]


class Signer(Protocol):
    """Whoever holds the log's key, in this process or elsewhere."""

    origin: str
    """The log's name, which is its keys' name as well."""

    @property
    def vkey(self) -> VKey:
        """The public half of the key that signs, the older one during a rotation."""
        ...

    @property
    def vkeys(self) -> tuple[VKey, ...]:
        """Every key a checkpoint of this log may carry: those that sign now, then those that did before."""
        ...

    @property
    def signing(self) -> tuple[VKey, ...]:
        """The keys whose lines the next checkpoint will carry."""
        ...

    @property
    def national(self) -> VKey | None:
        """The SM2 key whose line stands beside the others, if the log has one."""
        ...

    def mark(self) -> Checkpoint:
        """Return the last head that was signed; size 0 before the first."""
        ...

    def sign_checkpoint(self, size: int, root: bytes, consistency_proof: Sequence[bytes]) -> str:
        """Return the signed note of the head (``size``, ``root``).

        ``consistency_proof`` leads from the mark to this head and is empty when the mark is the empty tree
        or this very head. The mark is durable before the note is returned. Asking again for the head of
        the mark returns the same note; anything else that does not extend it raises ``SignerRefuses``.
        """
        ...
