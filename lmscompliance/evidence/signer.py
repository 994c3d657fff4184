"""Signs tree heads, and guards that the log never takes anything back.

The signer is its own domain of trust: it believes neither the database nor the sealer, only its own
high-water mark. What does not extend the last head it signed is refused, whoever asks and whatever the
database was restored from.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lmscompliance.kernel.errors import Conflict, Misconfigured
from lmscompliance.tlog.checkpoint import BadCheckpoint, Checkpoint
from lmscompliance.tlog.encoding import from_base64, to_base64
from lmscompliance.tlog.merkle import EMPTY_ROOT, BadProof, verify_consistency
from lmscompliance.tlog.notes import ED25519, BadNote, Note, Signature, VKey
from lmscompliance.verifier import ed25519


class SignerRefuses(Conflict):
    """The head does not extend the last one signed. Nothing was signed and the mark has not moved."""


class Signer(Protocol):
    """Whoever holds the log's key, in this process or elsewhere."""

    @property
    def vkey(self) -> VKey:
        """The public half; its name is the log's origin."""
        ...

    def mark(self) -> Checkpoint:
        """Return the last head that was signed; size 0 before the first."""
        ...

    def sign_checkpoint(self, size: int, root: bytes, consistency_proof: Sequence[bytes]) -> str:
        """Return the signed note of the head (``size``, ``root``).

        ``consistency_proof`` leads from the mark to this head and is empty when the mark is the empty tree
        or this very head. The mark is durable before the note is returned. Asking again for the head of
        the mark returns the same note; anything else that does not extend it raises ``SignerRefuses``.
        """
        ...


class LocalSigner:
    """A signer whose key and mark are files in one directory of this machine.

    ``key`` holds the private key (the text form of Go's note package, mode 0600), ``checkpoint`` the last
    note signed. Any number of processes may use the directory: a lock file makes them take turns.
    """

    def __init__(self, directory: Path, origin: str) -> None:
        """Read the key in ``directory``; raises ``Misconfigured`` when it is not one for ``origin``."""
        self._directory = directory
        path = directory / "key"
        try:
            self._private = _parse_private(path.read_text(encoding="utf-8"), origin)
        except (OSError, ValueError) as error:
            raise Misconfigured("evidence.bad_signer_key", path=str(path), origin=origin) from error
        self._vkey = _vkey(origin, self._private)

    @classmethod
    def load_or_create(cls, directory: Path, origin: str) -> LocalSigner:
        """Open the signer in ``directory``, or make a new key for ``origin`` there.

        The mark of the empty tree is written before the key, so a key without a mark is always a loss and
        never a fresh start. If the process dies in between, restart finds no key and begins again.
        """
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _lock(directory):
            for unfinished in directory.glob(".*"):
                unfinished.unlink()  # of a process that died while writing; the lock says none is now
            if not (directory / "key").exists():
                private = Ed25519PrivateKey.generate()
                empty = _sign(private, _vkey(origin, private), Checkpoint(origin, 0, EMPTY_ROOT))
                _write(directory / "checkpoint", empty)
                _write(directory / "key", _format_private(private, origin))
        return cls(directory, origin)

    @property
    def vkey(self) -> VKey:
        """The public half; its name is the log's origin."""
        return self._vkey

    def mark(self) -> Checkpoint:
        """Return the last head that was signed; size 0 before the first."""
        return self._last()[0]

    def sign_checkpoint(self, size: int, root: bytes, consistency_proof: Sequence[bytes]) -> str:
        """Sign (``size``, ``root``) if it extends the mark; see ``Signer``.

        If the process dies before the new mark is in place, restart sees the old one and the head was never
        given out; if it dies after, restart is asked for the same head again and gives the same note.
        """
        with _lock(self._directory):
            last, note = self._last()
            if (size, root) == (last.size, last.root):
                return note
            if not _extends(last, size, root, consistency_proof):
                raise SignerRefuses(
                    "evidence.signer_refuses", origin=self._vkey.name, size=size, signed=last.size
                )
            note = _sign(self._private, self._vkey, Checkpoint(self._vkey.name, size, root))
            _write(self._directory / "checkpoint", note)
            return note

    def _last(self) -> tuple[Checkpoint, str]:
        path = self._directory / "checkpoint"
        try:
            text = path.read_text(encoding="utf-8")
            note = Note.parse(text)
            note.verify([self._vkey], ed25519.verify)
            return Checkpoint.parse(note.text), text
        except (OSError, UnicodeError, BadNote, BadCheckpoint) as error:
            raise Misconfigured("evidence.no_signer_mark", path=str(path)) from error


def _extends(last: Checkpoint, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    if size <= last.size:
        return False
    if last.size == 0:
        return True  # any tree extends the empty one; there is nothing a proof could show
    try:
        verify_consistency(last.size, size, proof, last.root, root)
    except BadProof:
        return False
    return True


def _sign(private: Ed25519PrivateKey, vkey: VKey, head: Checkpoint) -> str:
    text = head.text()
    return Note(text, (Signature(vkey.name, vkey.key_id, private.sign(text.encode())),)).encode()


def _vkey(origin: str, private: Ed25519PrivateKey) -> VKey:
    return VKey(origin, ED25519, private.public_key().public_bytes_raw())


def _format_private(private: Ed25519PrivateKey, origin: str) -> str:
    material = to_base64(bytes([ED25519]) + private.private_bytes_raw())
    return f"PRIVATE+KEY+{origin}+{_vkey(origin, private).key_id.hex()}+{material}\n"


def _parse_private(text: str, origin: str) -> Ed25519PrivateKey:
    material = from_base64(text.rstrip("\n").split("+", 4)[-1])
    private = Ed25519PrivateKey.from_private_bytes(material[1:])
    if _format_private(private, origin) != text:
        msg = "not a key of this origin"
        raise ValueError(msg)
    return private


@contextmanager
def _lock(directory: Path) -> Iterator[None]:
    """Let one process or thread at a time through; the kernel frees the lock of one that dies."""
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(path: Path, text: str) -> None:
    """Replace ``path`` as a whole, durably: after a crash it holds the old text or the new, never a part."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    parent = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
