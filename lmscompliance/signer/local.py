"""A signer whose keys and mark are files of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lmscompliance.kernel.errors import Conflict, Misconfigured
from lmscompliance.signer import files, keys
from lmscompliance.signer.keys import Keys, SigningKey
from lmscompliance.tlog.checkpoint import BadCheckpoint, Checkpoint
from lmscompliance.tlog.merkle import EMPTY_ROOT, BadProof, verify_consistency
from lmscompliance.tlog.notes import BadNote, Note, VKey
from lmscompliance.verifier import ed25519

MARK, FROZEN = "checkpoint", "frozen"


class SignerRefuses(Conflict):
    """The head does not extend the last one signed. Nothing was signed and the mark has not moved."""


class SignerFrozen(Conflict):
    """The log was ended: its last checkpoint stands and no other will ever be signed."""


class LocalSigner:
    """A signer whose keys and mark are files in one directory of this machine.

    ``key`` holds the private key (see ``keys``), ``checkpoint`` the last note signed, ``frozen`` why the
    log was ended, if it was. Any number of processes may use the directory: a lock makes them take turns.
    """

    def __init__(self, directory: Path, origin: str, passphrase: bytes | None = None) -> None:
        """Read the keys in ``directory``; raises ``Misconfigured`` when they are not those of ``origin``."""
        self._directory = directory
        self._keys = Keys.load(directory, origin, passphrase)
        self.origin = origin

    @classmethod
    def load_or_create(
        cls, directory: Path, origin: str, passphrase: bytes | None = None, after: Checkpoint | None = None
    ) -> LocalSigner:
        """Open the signer in ``directory``, or make a new key for ``origin`` there.

        A new signer begins with the empty tree, or with that of ``after``, the last checkpoint of a log that
        goes on under this name.

        That mark is written before the key, so a key without a mark is always a loss and
        never a fresh start. If the process dies in between, restart finds no key and begins again.
        """
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with files.turn(directory):
            files.clear_unfinished(directory)
            if not (directory / keys.CURRENT).exists():
                key = SigningKey.generate(origin)
                begin = (after.size, after.root) if after else (0, EMPTY_ROOT)
                files.write(directory / MARK, Keys((key,), ()).sign(Checkpoint(origin, *begin).text()))
                keys.save(directory / keys.CURRENT, key, passphrase)
        return cls(directory, origin, passphrase)

    @property
    def vkey(self) -> VKey:
        """The public half of the key that signs, the older one during a rotation."""
        return self._keys.signing[0].vkey

    @property
    def vkeys(self) -> tuple[VKey, ...]:
        """Every key a checkpoint of this log may carry: those that sign now, then those that did before."""
        return self._keys.vkeys

    @property
    def signing(self) -> tuple[VKey, ...]:
        """The keys whose lines the next checkpoint will carry."""
        return tuple(key.vkey for key in self._keys.signing)

    @property
    def national(self) -> VKey | None:
        """The SM2 key whose line stands beside the others, if the log has one."""
        return self._keys.national.vkey if self._keys.national else None

    def mark(self) -> Checkpoint:
        """Return the last head that was signed; size 0 before the first."""
        return Checkpoint.parse(Note.parse(self.mark_note()).text)

    def mark_note(self) -> str:
        """Return the last note that was signed; raises ``Misconfigured`` when it is lost or altered."""
        path = self._directory / MARK
        try:
            text = path.read_text(encoding="utf-8")
            note = Note.parse(text)
            note.verify(self.vkeys, ed25519.verify)
            Checkpoint.parse(note.text)
        except (OSError, UnicodeError, BadNote, BadCheckpoint) as error:
            raise Misconfigured("signer.no_mark", path=str(path)) from error
        return text

    def sign_checkpoint(self, size: int, root: bytes, consistency_proof: Sequence[bytes]) -> str:
        """Sign (``size``, ``root``) if it extends the mark; the note is durable before it is returned.

        If the process dies before the new mark is in place, restart sees the old one and the head was never
        given out; if it dies after, restart is asked for the same head again and gives the same note.
        """
        with files.turn(self._directory):
            last = self.mark()
            if (size, root) == (last.size, last.root):
                return self.mark_note()
            told = {"origin": self.origin, "size": size, "signed": last.size}
            if (self._directory / FROZEN).exists():
                raise SignerFrozen("signer.frozen", **told)
            if size <= last.size:
                raise SignerRefuses("signer.refuses", **told)
            # Any tree extends the empty one; there is nothing a proof could show.
            if last.size and not _extends(last, size, root, consistency_proof):
                raise SignerRefuses("signer.refuses_history", **told)
            note = self._keys.sign(Checkpoint(self.origin, size, root).text())
            files.write(self._directory / MARK, note)
            return note


def _extends(last: Checkpoint, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    try:
        verify_consistency(last.size, size, proof, last.root, root)
    except BadProof:
        return False
    return True
