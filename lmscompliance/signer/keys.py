"""The keys in a signer's directory: one that signs, a second during a rotation, and those that did before.

``key`` signs. While ``key.next`` exists it signs as well, so that every checkpoint carries both lines.
``key.sm2``, if there is one, adds an SM2 line to each checkpoint. ``retired`` lists the public halves of
keys that no longer sign, one a line: older checkpoints carry only these, so a trust policy goes on naming
them. Private keys stand in the text form of Go's note package, plain (mode 0600) or under a passphrase
(``box``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.signer import box, files
from lmscompliance.signer.national import Sm2Key
from lmscompliance.tlog.encoding import from_base64, to_base64
from lmscompliance.tlog.notes import ED25519, Note, Signature, VKey

CURRENT, NEXT, RETIRED, NATIONAL = "key", "key.next", "retired", "key.sm2"
_PREFIX = "PRIVATE+KEY+"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key under the log's origin."""

    vkey: VKey
    private: Ed25519PrivateKey

    @classmethod
    def generate(cls, origin: str) -> SigningKey:
        """Return a new key."""
        return cls._of(origin, Ed25519PrivateKey.generate())

    @classmethod
    def decode(cls, text: str) -> SigningKey:
        """Read what ``encode`` wrote; raises ``ValueError``."""
        name, _, material = text.removeprefix(_PREFIX).rstrip("\n").split("+", 2)
        key = cls._of(name, Ed25519PrivateKey.from_private_bytes(from_base64(material)[1:]))
        if key.encode() != text:
            msg = "not a private key of the note package's form"
            raise ValueError(msg)
        return key

    def encode(self) -> str:
        """Return the private key as text."""
        material = to_base64(bytes([ED25519]) + self.private.private_bytes_raw())
        return f"{_PREFIX}{self.vkey.name}+{self.vkey.key_id.hex()}+{material}\n"

    def sign(self, text: str) -> Signature:
        """Return the signature line under ``text``."""
        return Signature(self.vkey.name, self.vkey.key_id, self.private.sign(text.encode()))

    @classmethod
    def _of(cls, origin: str, private: Ed25519PrivateKey) -> SigningKey:
        return cls(VKey(origin, ED25519, private.public_key().public_bytes_raw()), private)


K = TypeVar("K", SigningKey, Sm2Key)


@dataclass(frozen=True, slots=True)
class Keys:
    """What signs now, the older key first, and what did before."""

    signing: tuple[SigningKey, ...]
    retired: tuple[VKey, ...]
    national: Sm2Key | None = None

    @classmethod
    def load(cls, directory: Path, origin: str, passphrase: bytes | None) -> Keys:
        """Read the keys of ``origin``; raises ``Misconfigured`` naming the file."""
        names = [CURRENT, *([NEXT] if (directory / NEXT).exists() else [])]
        loaded = tuple(_load(directory / name, origin, passphrase, SigningKey.decode) for name in names)
        sm2 = directory / NATIONAL
        national = _load(sm2, origin, passphrase, Sm2Key.decode) if sm2.exists() else None
        return cls(loaded, retired(directory), national)

    @property
    def vkeys(self) -> tuple[VKey, ...]:
        """The public halves: those that sign, then those retired."""
        signing = tuple(key.vkey for key in self.signing)
        return (*signing, *(vkey for vkey in self.retired if vkey not in signing))

    def sign(self, text: str) -> str:
        """Return ``text`` as a note with a line of each key that signs now."""
        every: list[SigningKey | Sm2Key] = [*self.signing, *([self.national] if self.national else [])]
        return Note(text, tuple(key.sign(text) for key in every)).encode()


def save(path: Path, key: SigningKey | Sm2Key, passphrase: bytes | None, cost: int = box.COST) -> None:
    """Write ``key`` durably, encrypted when there is a passphrase."""
    text = key.encode()
    files.write(path, text if passphrase is None else box.seal(text, str(key.vkey), passphrase, cost))


def public_halves(directory: Path) -> tuple[tuple[VKey, ...], tuple[VKey, ...]]:
    """Return (the keys that sign, those retired) without opening any; raises ``Misconfigured``."""
    signing = []
    for name in (CURRENT, NEXT):
        path = directory / name
        if name == NEXT and not path.exists():
            continue
        try:
            text = path.read_text(encoding="utf-8")
            sealed = box.is_sealed(text)
            signing.append(VKey.parse(box.public_line(text)) if sealed else SigningKey.decode(text).vkey)
        except (OSError, ValueError) as error:
            raise Misconfigured("signer.unreadable_key", path=str(path)) from error
    return tuple(signing), retired(directory)


def national(directory: Path) -> VKey | None:
    """Return the SM2 key, if there is one, without opening it; raises ``Misconfigured``."""
    path = directory / NATIONAL
    try:
        text = path.read_text(encoding="utf-8")
        return VKey.parse(box.public_line(text)) if box.is_sealed(text) else Sm2Key.decode(text).vkey
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Misconfigured("signer.unreadable_key", path=str(path)) from error


def encrypted(directory: Path) -> bool:
    """Tell whether opening the keys in ``directory`` takes a passphrase."""
    path = directory / CURRENT
    try:
        return box.is_sealed(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Misconfigured("signer.unreadable_key", path=str(path)) from error


def retired(directory: Path) -> tuple[VKey, ...]:
    """Return the keys that signed before; raises ``Misconfigured``."""
    path = directory / RETIRED
    try:
        return tuple(VKey.parse(line) for line in path.read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise Misconfigured("signer.unreadable_key", path=str(path)) from error


def _load(path: Path, origin: str, passphrase: bytes | None, decode: Callable[[str], K]) -> K:
    try:
        text = path.read_text(encoding="utf-8")
        if box.is_sealed(text):
            if passphrase is None:
                raise Misconfigured("signer.no_passphrase", path=str(path))
            text = box.unseal(text, passphrase)
        key = decode(text)
    except box.WrongPassphrase as error:
        raise Misconfigured("signer.wrong_passphrase", path=str(path)) from error
    except (OSError, ValueError) as error:
        raise Misconfigured("signer.bad_key", path=str(path), origin=origin) from error
    if key.vkey.name != origin:
        raise Misconfigured("signer.bad_key", path=str(path), origin=origin)
    return key
