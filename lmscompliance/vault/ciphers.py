"""The authenticated ciphers a key may be made for. Which one sealed a value is known by its key.

Both are used with a random nonce of 96 bits and a tag of 128: AES-256 in GCM (NIST SP 800-38D), and SM4 in
GCM (GB/T 32907, RFC 8998) where the national algorithm is asked for.
"""

from __future__ import annotations

from typing import Protocol

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lmscompliance.kernel.errors import Misconfigured

AES = "AES-256-GCM"
SM4 = "SM4-GCM"
KEY_BYTES = {AES: 32, SM4: 16}
_TAG = 16


class Aead(Protocol):
    """What both ciphers do, as ``cryptography`` names it."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """Return ciphertext and tag."""

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """Return the plain text, or raise ``InvalidTag``."""


def build(cipher: str, key: bytes) -> Aead:
    """Return ``cipher`` under ``key``; raises ``Misconfigured`` where this machine's OpenSSL has it not."""
    if cipher == AES:
        return AESGCM(key)
    made = _Sm4Gcm(key)
    try:
        made.encrypt(bytes(12), b"", b"")
    except UnsupportedAlgorithm as error:
        raise Misconfigured("vault.no_cipher", cipher=cipher) from error
    return made


class _Sm4Gcm:
    """SM4 in GCM: the library has the parts, not yet the one-call form."""

    def __init__(self, key: bytes) -> None:
        self._algorithm = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """Return ciphertext and tag."""
        context = Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        context.authenticate_additional_data(associated_data)
        return context.update(data) + context.finalize() + context.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """Return the plain text, or raise ``InvalidTag``."""
        if len(data) < _TAG:
            raise InvalidTag
        context = Cipher(self._algorithm, modes.GCM(nonce, data[-_TAG:])).decryptor()
        context.authenticate_additional_data(associated_data)
        return context.update(data[:-_TAG]) + context.finalize()
