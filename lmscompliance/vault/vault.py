"""Personal values at rest: AES-256-GCM, bound to the place they belong to.

A sealed value is ``version(1) ‖ key id(2) ‖ nonce(12) ‖ ciphertext+tag``. The associated data is
``table.column``, so a ciphertext moved to another column does not open. Equal texts have unequal
ciphertexts; equality is asked of the blind index, whose key is separate.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.vault.keys import KeyRing

_VERSION = 1
_HEADER = 3
_NONCE = 12


class Vault:
    """Seals, opens and indexes personal values with one key ring."""

    def __init__(self, ring: KeyRing) -> None:
        """Use the keys of ``ring``."""
        self._ring = ring
        self._ciphers = {key_id: AESGCM(key) for key_id, key in ring.encryption.items()}

    def seal(self, place: str, value: str) -> bytes:
        """Encrypt ``value`` for ``place`` (``table.column``)."""
        nonce = secrets.token_bytes(_NONCE)
        key_id = self._ring.current
        header = bytes([_VERSION]) + key_id.to_bytes(2, "big")
        sealed = self._ciphers[key_id].encrypt(nonce, value.encode(), header + place.encode())
        return header + nonce + sealed

    def open(self, place: str, sealed: bytes) -> str:
        """Decrypt what ``seal`` made for the same ``place``.

        Raises ``ComplianceError`` when the key is unknown or the value was altered or moved.
        """
        header, nonce = sealed[:_HEADER], sealed[_HEADER : _HEADER + _NONCE]
        cipher = self._ciphers.get(int.from_bytes(header[1:], "big"))
        if cipher is None or header[:1] != bytes([_VERSION]):
            raise ComplianceError("vault.unknown_key", place=place)
        try:
            plain = cipher.decrypt(nonce, sealed[_HEADER + _NONCE :], header + place.encode())
        except InvalidTag as error:
            raise ComplianceError("vault.altered", place=place) from error
        return plain.decode()

    def blind(self, domain: str, value: str) -> str:
        """Return the keyed index of ``value`` in ``domain``: equal for equal values, guessable by nobody."""
        message = domain.encode() + b"\x00" + value.encode()
        return hmac.new(self._ring.blind_index, message, hashlib.sha256).hexdigest()
