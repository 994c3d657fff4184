"""Private keys under a passphrase: scrypt (RFC 7914) and AES-256-GCM, as a file of five lines of text."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from lmscompliance.tlog.encoding import decimal, from_base64, to_base64

HEADER = "lmscompliance encrypted key 1"
COST = 1 << 17
"""scrypt's N: 128 MiB and about half a second for each passphrase tried."""
_BLOCK, _LANES = 8, 1
_MOST_COST = 1 << 20
_SALT_BYTES, _NONCE_BYTES, _KEY_BYTES = 16, 12, 32
_LINES = 5


class WrongPassphrase(ValueError):
    """The passphrase does not open the file, or the file was altered."""


def is_sealed(text: str) -> bool:
    """Tell whether ``text`` is such a file."""
    return text.startswith(HEADER + "\n")


def public_line(text: str) -> str:
    """Return the line that stands in the open: the verifier key. It is authenticated by opening alone."""
    return text.split("\n", 2)[1]


def seal(text: str, public: str, passphrase: bytes, cost: int = COST) -> str:
    """Return ``text`` encrypted under ``passphrase``, with the line ``public`` readable beside it."""
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    head = f"{HEADER}\n{public}\nscrypt {cost} {_BLOCK} {_LANES} {to_base64(salt)}\n"
    key = _derive(passphrase, salt, cost)
    sealed = AESGCM(key).encrypt(nonce, text.encode(), head.encode())
    return f"{head}{to_base64(nonce)}\n{to_base64(sealed)}\n"


def unseal(text: str, passphrase: bytes) -> str:
    """Return what ``seal`` was given; raises ``WrongPassphrase``, or ``ValueError`` for another file."""
    lines = text.split("\n")
    if len(lines) != _LINES + 1 or lines[0] != HEADER:
        msg = "not an encrypted key"
        raise ValueError(msg)
    kind, cost, block, lanes, salt = lines[2].split(" ")
    if (kind, block, lanes) != ("scrypt", str(_BLOCK), str(_LANES)) or decimal(cost) > _MOST_COST:
        msg = f"the key is encrypted in a way that is not known here: {kind} {cost} {block} {lanes}"
        raise ValueError(msg)
    head = "".join(f"{line}\n" for line in lines[:3])
    key = _derive(passphrase, from_base64(salt), decimal(cost))
    try:
        return AESGCM(key).decrypt(from_base64(lines[3]), from_base64(lines[4]), head.encode()).decode()
    except InvalidTag as error:
        raise WrongPassphrase("the passphrase does not open the key") from error


def _derive(passphrase: bytes, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=_KEY_BYTES, n=cost, r=_BLOCK, p=_LANES).derive(passphrase)
