"""The signature algorithm of signed notes, used wherever one is checked.

``cryptography`` does it where it is installed, else ``edwards``. Both see only what has the one spelling
RFC 8032 allows, so that no verdict depends on which of them is at hand.
"""

from __future__ import annotations

from lmscompliance.verifier import edwards

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    BACKEND = "edwards"
else:
    BACKEND = "cryptography"


def verify(key: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether ``signature`` over ``message`` was made with the private half of ``key`` (RFC 8032)."""
    if BACKEND == "edwards":
        return edwards.verify(key, signature, message)
    if not edwards.well_formed(key, signature):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
