"""Ed25519 for the tests of a room that itself knows no cryptography."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lmscompliance.tlog.notes import COSIGNATURE_V1, ED25519, Signature, VKey, cosignature_message


def check(key, signature, message):
    """Verify an Ed25519 signature."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


class Key:
    """A key pair made from a one-byte seed."""

    def __init__(self, name, seed, kind=ED25519):
        """Derive the pair of ``seed``."""
        self._private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.vkey = VKey(name, kind, self._private.public_key().public_bytes_raw())

    def sign(self, text, timestamp=1_700_000_000):
        """Return a signature (or cosignature) of ``text``."""
        if self.vkey.type == COSIGNATURE_V1:
            raw = timestamp.to_bytes(8, "big") + self._private.sign(cosignature_message(timestamp, text))
        else:
            raw = self._private.sign(text.encode())
        return Signature(self.vkey.name, self.vkey.key_id, raw)
