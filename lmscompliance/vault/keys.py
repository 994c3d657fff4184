"""The key ring: encryption keys and blind index keys by id, one of each kind current."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from lmscompliance.vault import ciphers

_INDEX_BYTES = 32
_MOST = {"encryption": 0xFFFF, "index": 0xFF}


class Kind(StrEnum):
    """What a key is for."""

    ENCRYPTION = "encryption"
    INDEX = "index"


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """One encryption key and the cipher it is for."""

    cipher: str
    secret: bytes


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class KeyRing:
    """Everything the vault needs. Losing it loses every name and number: back it up apart from the data.

    Two rings are never equal, so that what is remembered under one is not used under another.

    ``current`` seals, ``index_current`` makes new blind indexes; the other keys open and find what was made
    before.
    """

    current: int
    encryption: Mapping[int, Key]
    index_current: int
    index: Mapping[int, bytes]

    @classmethod
    def new(cls, cipher: str = ciphers.AES) -> KeyRing:
        """Return a ring of fresh keys."""
        return cls(1, {1: _fresh(cipher)}, 1, {1: secrets.token_bytes(_INDEX_BYTES)})

    @classmethod
    def parse(cls, text: str) -> KeyRing:
        """Read what ``text`` wrote; raises ``ValueError`` for anything else."""
        try:
            raw: dict[str, Any] = json.loads(text)
            index = raw["index"]
            ring = cls(
                current=int(raw["current"]),
                encryption={
                    int(k): Key(str(v["cipher"]), base64.b64decode(v["key"], validate=True))
                    for k, v in raw["encryption"].items()
                },
                index_current=int(index["current"]),
                index={int(k): base64.b64decode(v, validate=True) for k, v in index["keys"].items()},
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a key ring") from error
        ring._check()
        return ring

    def text(self) -> str:
        """Return the ring as its file holds it (JSON)."""
        encryption = {
            str(k): {"cipher": key.cipher, "key": base64.b64encode(key.secret).decode()}
            for k, key in self.encryption.items()
        }
        index = {str(k): base64.b64encode(key).decode() for k, key in self.index.items()}
        return json.dumps(
            {
                "current": self.current,
                "encryption": encryption,
                "index": {"current": self.index_current, "keys": index},
            },
            indent=1,
        )

    def ids(self, kind: Kind) -> list[int]:
        """Return the ids of the keys of ``kind``, oldest first."""
        return sorted(self.encryption if kind is Kind.ENCRYPTION else self.index)

    def current_of(self, kind: Kind) -> int:
        """Return the id of the key of ``kind`` that new values are made with."""
        return self.current if kind is Kind.ENCRYPTION else self.index_current

    def added(self, kind: Kind, cipher: str) -> KeyRing:
        """Return the ring with one more fresh key that is not current yet."""
        number = self.ids(kind)[-1] + 1
        if kind is Kind.ENCRYPTION:
            return replace(self, encryption={**self.encryption, number: _fresh(cipher)})
        return replace(self, index={**self.index, number: secrets.token_bytes(_INDEX_BYTES)})

    def promoted(self, kind: Kind) -> KeyRing:
        """Return the ring with its newest key of ``kind`` current."""
        number = self.ids(kind)[-1]
        if kind is Kind.ENCRYPTION:
            return replace(self, current=number)
        return replace(self, index_current=number)

    def without(self, kind: Kind, number: int) -> KeyRing:
        """Return the ring without key ``number`` of ``kind``."""
        if kind is Kind.ENCRYPTION:
            return replace(self, encryption={k: v for k, v in self.encryption.items() if k != number})
        return replace(self, index={k: v for k, v in self.index.items() if k != number})

    def _check(self) -> None:
        fits = (
            self.current in self.encryption
            and self.index_current in self.index
            and all(len(key.secret) == ciphers.KEY_BYTES.get(key.cipher) for key in self.encryption.values())
            and all(len(key) == _INDEX_BYTES for key in self.index.values())
            and all(0 < number <= _MOST["encryption"] for number in self.encryption)
            and all(0 < number <= _MOST["index"] for number in self.index)
        )
        if not fits:
            raise ValueError("not a whole key ring")


def _fresh(cipher: str) -> Key:
    return Key(cipher, secrets.token_bytes(ciphers.KEY_BYTES[cipher]))
