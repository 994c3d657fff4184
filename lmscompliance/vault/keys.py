"""The key file: encryption keys by id (one is current), and the separate key of the blind index."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from lmscompliance.kernel.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Everything the vault needs. Losing it loses every name and number: back it up apart from the data."""

    current: int
    encryption: dict[int, bytes]
    blind_index: bytes

    @classmethod
    def load(cls, path: Path) -> KeyRing:
        """Read ``path``; raises ``Misconfigured`` naming the file when it is not a key ring."""
        try:
            raw = json.loads(path.read_text(encoding="ascii"))
            ring = cls(
                current=int(raw["current"]),
                encryption={int(k): base64.b64decode(v) for k, v in raw["encryption"].items()},
                blind_index=base64.b64decode(raw["blind_index"]),
            )
            sizes = {len(key) for key in (*ring.encryption.values(), ring.blind_index)}
            if sizes != {32} or ring.current not in ring.encryption:
                raise ValueError(sizes)  # noqa: TRY301  # told like any other fault of the file
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Misconfigured("vault.bad_key_file", path=str(path)) from error
        return ring

    @classmethod
    def load_or_create(cls, path: Path) -> KeyRing:
        """Read ``path``, or make a new ring there that only this user can read.

        The file appears whole under its final name or not at all (written aside, then linked), so two
        processes that start at once agree on one ring and a crash leaves no half key.
        """
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            ring = {
                "current": 1,
                "encryption": {"1": base64.b64encode(secrets.token_bytes(32)).decode()},
                "blind_index": base64.b64encode(secrets.token_bytes(32)).decode(),
            }
            aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                json.dump(ring, file)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(aside, path)
            except FileExistsError:
                pass
            finally:
                aside.unlink()
        return cls.load(path)
