"""Personal values at rest: authenticated encryption, bound to the place they belong to.

A sealed value is ``version(1) ‖ key id(2) ‖ nonce(12) ‖ ciphertext+tag``; the key says which cipher it is.
The associated data is the header and ``table.column``, so a ciphertext moved to another column does not open.
Equal texts have unequal ciphertexts; equality is asked of the blind index, whose keys are separate. A blind
index is 64 hexadecimal digits: two of its key's id, and 62 (248 bits) of an HMAC-SHA-256.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag

from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.vault import ciphers
from lmscompliance.vault.keys import KeyRing
from lmscompliance.vault.sources import FixedKeys, Keys

_VERSION = 1
_HEADER = 3
_NONCE = 12
_BLIND_DIGITS = 62


class Vault:
    """Seals, opens and indexes personal values with the keys of one source, whichever they are just now."""

    def __init__(self, keys: Keys | KeyRing) -> None:
        """Use the keys of ``keys``; a plain ring never changes."""
        self.keys: Keys = FixedKeys(keys) if isinstance(keys, KeyRing) else keys
        self._built = _Built(self.keys.ring())

    @property
    def ring(self) -> KeyRing:
        """The present ring; the same object until the keys change."""
        return self._now().ring

    def seal(self, place: str, value: str) -> bytes:
        """Encrypt ``value`` for ``place`` (``table.column``) with the current key."""
        built = self._now()
        nonce = secrets.token_bytes(_NONCE)
        key_id = built.ring.current
        header = header_of(key_id)
        return header + nonce + built.ciphers[key_id].encrypt(nonce, value.encode(), header + place.encode())

    def open(self, place: str, sealed: bytes) -> str:
        """Decrypt what ``seal`` made for the same ``place``, with whichever key.

        A key that is not known is looked for once more at the source: it may just have been added. Raises
        ``ComplianceError`` when it is not there either, or the value was altered or moved.
        """
        header, nonce = sealed[:_HEADER], sealed[_HEADER : _HEADER + _NONCE]
        key_id = int.from_bytes(header[1:], "big")
        if header[:1] != bytes([_VERSION]):
            raise ComplianceError("vault.unknown_key", place=place)
        cipher = self._now().ciphers.get(key_id)
        if cipher is None:
            self.keys.again()
            cipher = self._now().ciphers.get(key_id)
        if cipher is None:
            raise ComplianceError("vault.unknown_key", place=place)
        try:
            plain = cipher.decrypt(nonce, sealed[_HEADER + _NONCE :], header + place.encode())
        except (InvalidTag, ValueError) as error:  # a value cut short has no whole nonce
            raise ComplianceError("vault.altered", place=place) from error
        return plain.decode()

    def blind(self, domain: str, value: str) -> str:
        """Return the keyed index of ``value`` in ``domain``, to be stored: guessable by nobody."""
        ring = self.ring
        return _blind(ring, ring.index_current, domain, value)

    def blinds(self, domain: str, value: str) -> list[str]:
        """Return every index ``value`` may be stored under, to be looked for: one for each index key."""
        ring = self.ring
        return [_blind(ring, number, domain, value) for number in sorted(ring.index)]

    def matches(self, domain: str, value: str, stored: str) -> bool:
        """Tell whether ``stored`` is the index of ``value``, under whichever key it was made."""
        return any(hmac.compare_digest(stored, one) for one in self.blinds(domain, value))

    def _now(self) -> _Built:
        ring = self.keys.ring()
        built = self._built
        if built.ring is not ring:
            self._built = built = _Built(ring)
        return built


class _Built:
    """A ring and the ciphers of its keys. Replaced whole, so that no thread sees half of a change."""

    __slots__ = ("ciphers", "ring")

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring
        self.ciphers = {
            number: ciphers.build(key.cipher, key.secret) for number, key in ring.encryption.items()
        }


def header_of(key_id: int) -> bytes:
    """Return the bytes that every value begins with that key ``key_id`` sealed."""
    return bytes([_VERSION]) + key_id.to_bytes(2, "big")


def blind_prefix(key_id: int) -> str:
    """Return the digits that every blind index begins with that key ``key_id`` made."""
    return f"{key_id:02x}"


def _blind(ring: KeyRing, key_id: int, domain: str, value: str) -> str:
    message = domain.encode() + b"\x00" + value.encode()
    digest = hmac.new(ring.index[key_id], message, hashlib.sha256).hexdigest()
    return blind_prefix(key_id) + digest[:_BLIND_DIGITS]
