"""Receipts (C2SP tlog-proof): one entry's inclusion proof with the checkpoint it leads to, as one text."""

from __future__ import annotations

from dataclasses import dataclass

from lmscompliance.tlog.encoding import decimal, from_base64, hash_from_base64, to_base64
from lmscompliance.tlog.merkle import BadProof, verify_inclusion
from lmscompliance.tlog.notes import VerifyEd25519
from lmscompliance.tlog.trust import Accepted, TrustPolicy

HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class TlogProof:
    """Shows that an entry was logged at ``index``, to anybody who has the entry and a trust policy."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    """The whole signed note, verbatim."""
    extra: bytes | None = None
    """Unauthenticated data for the application; never to be believed as it is."""

    @classmethod
    def parse(cls, text: str) -> TlogProof:
        """Read a receipt; raises ``BadProof`` when it is not one to the letter."""
        head, separator, note = text.partition("\n\n")
        lines = head.split("\n")
        try:
            if not separator or lines.pop(0) != HEADER:
                msg = f"a receipt begins with {HEADER}"
                raise BadProof(msg)
            extra = None
            if lines and lines[0].startswith("extra "):
                extra = from_base64(lines.pop(0).removeprefix("extra "))
            if not lines or not lines[0].startswith("index "):
                msg = "a receipt says which index it is for"
                raise BadProof(msg)
            index = decimal(lines.pop(0).removeprefix("index "))
            return cls(index, tuple(hash_from_base64(line) for line in lines), note, extra)
        except ValueError as error:
            msg = f"not a receipt: {error}"
            raise BadProof(msg) from error

    def encode(self) -> str:
        """Return the text of a ``.tlog-proof`` file."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append("extra " + to_base64(self.extra))
        lines.append(f"index {self.index}")
        lines.extend(to_base64(item) for item in self.hashes)
        return "\n".join(lines) + "\n\n" + self.checkpoint

    def verify(self, leaf: bytes, policy: TrustPolicy, check: VerifyEd25519) -> Accepted:
        """Check that the leaf hash ``leaf`` is in the log under a checkpoint ``policy`` accepts.

        Raises ``Untrusted`` or ``BadProof``.
        """
        accepted = policy.accept(self.checkpoint, check)
        verify_inclusion(self.index, accepted.checkpoint.size, leaf, self.hashes, accepted.checkpoint.root)
        return accepted
