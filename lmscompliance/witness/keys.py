"""The witness's key: a file only its owner can read, in the text form of Go's note package."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.tlog.encoding import from_base64, to_base64
from lmscompliance.tlog.notes import COSIGNATURE_V1, Signature, VKey, cosignature_message


class WitnessKey:
    """Signs ``cosignature/v1`` under a name; this key must never sign anything else."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        """Hold ``private`` under the witness's ``name`` (a URL without scheme, no space or plus)."""
        self._private = private
        self.vkey = VKey(name, COSIGNATURE_V1, private.public_key().public_bytes_raw())

    @classmethod
    def create(cls, path: Path, name: str) -> WitnessKey:
        """Make a new key in the file ``path``, which must not exist. A crash leaves a whole key or none."""
        private = Ed25519PrivateKey.generate()
        aside = path.with_name(f".{path.name}.new")
        aside.unlink(missing_ok=True)
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_format(name, private))
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, path)
        aside.unlink()
        return cls(name, private)

    @classmethod
    def load(cls, path: Path, name: str) -> WitnessKey:
        """Read the key of ``name`` in ``path``; raises ``Misconfigured`` when it is not one."""
        try:
            text = path.read_text(encoding="utf-8")
            private = Ed25519PrivateKey.from_private_bytes(from_base64(text.strip().split("+", 4)[-1])[1:])
            if _format(name, private) != text:
                raise Misconfigured("witness.bad_key", path=str(path), name=name)
        except (OSError, ValueError) as error:
            raise Misconfigured("witness.bad_key", path=str(path), name=name) from error
        return cls(name, private)

    def cosign(self, text: str, timestamp: int) -> Signature:
        """Sign that the checkpoint ``text`` was the latest at ``timestamp`` (POSIX seconds, never 0)."""
        signed = self._private.sign(cosignature_message(timestamp, text))
        return Signature(self.vkey.name, self.vkey.key_id, timestamp.to_bytes(8, "big") + signed)


def _format(name: str, private: Ed25519PrivateKey) -> str:
    vkey = VKey(name, COSIGNATURE_V1, private.public_key().public_bytes_raw())
    material = to_base64(bytes([COSIGNATURE_V1]) + private.private_bytes_raw())
    return f"PRIVATE+KEY+{name}+{vkey.key_id.hex()}+{material}\n"
