"""What happens in a key's life: made, encrypted, joined by its successor, retired; and a log's last day.

Each step holds the directory alone, so a running ``lmscompliance signer serve`` has to be stopped; sealing
waits meanwhile. Each is a few durable renames in such an order that doing it again finishes what a crash
left.
"""

from __future__ import annotations

from pathlib import Path

from lmscompliance.kernel.errors import Conflict
from lmscompliance.signer import files, keys
from lmscompliance.signer.keys import SigningKey
from lmscompliance.signer.local import FROZEN, MARK, LocalSigner
from lmscompliance.signer.national import Sm2Key
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.notes import BadNote, Note, VKey
from lmscompliance.verifier import ed25519


def create(
    directory: Path, origin: str, passphrase: bytes | None, after: Checkpoint | None = None
) -> LocalSigner:
    """Make a signer of ``origin`` in ``directory``; raises ``Conflict`` where there is one already.

    ``after`` is the last checkpoint of the log that this one continues.
    """
    if (directory / keys.CURRENT).exists():
        raise Conflict("signer.exists", directory=str(directory))
    return LocalSigner.load_or_create(directory, origin, passphrase, after)


def protect(directory: Path, origin: str, old: bytes | None, new: bytes) -> None:
    """Put every private key of ``directory`` under the passphrase ``new``."""
    with files.alone(directory), files.turn(directory):
        opened = keys.Keys.load(directory, origin, old)
        for name, key in zip((keys.CURRENT, keys.NEXT), opened.signing, strict=False):
            keys.save(directory / name, key, new)
        if opened.national is not None:
            keys.save(directory / keys.NATIONAL, opened.national, new)


def begin_rotation(directory: Path, origin: str, passphrase: bytes | None) -> VKey:
    """Let a new key sign beside the present one; return its public half. Asked again, it is the same key."""
    with files.alone(directory), files.turn(directory):
        present = keys.Keys.load(directory, origin, passphrase)
        if len(present.signing) > 1:
            return present.signing[1].vkey
        if (directory / FROZEN).exists():
            raise Conflict("signer.frozen_keys", directory=str(directory))
        key = SigningKey.generate(origin)
        keys.save(directory / keys.NEXT, key, passphrase if keys.encrypted(directory) else None)
        return key.vkey


def finish_rotation(directory: Path, origin: str, passphrase: bytes | None) -> VKey:
    """Retire the older of two keys and return the public half of the one that goes on.

    Raises ``Conflict`` unless a checkpoint with both signatures was given out: without one, nobody who
    trusts the old key has seen the new. The old private key is gone afterwards. If the process dies in
    between, the old key is listed as retired but still signs; doing it again finishes.
    """
    with files.alone(directory), files.turn(directory):
        present = keys.Keys.load(directory, origin, passphrase)
        if len(present.signing) < 2:  # noqa: PLR2004  # the old and the new
            raise Conflict("signer.no_rotation", directory=str(directory))
        old, new = (key.vkey for key in present.signing)
        note = Note.parse((directory / MARK).read_text(encoding="utf-8"))
        for vkey in (old, new):
            try:
                note.verify([vkey], ed25519.verify)
            except BadNote as error:
                raise Conflict("signer.not_yet_both", key=str(vkey)) from error
        if old not in present.retired:
            lines = "".join(f"{vkey}\n" for vkey in (*present.retired, old))
            files.write(directory / keys.RETIRED, lines)
        files.rename(directory / keys.NEXT, directory / keys.CURRENT)
        return new


def add_national(directory: Path, origin: str, passphrase: bytes | None) -> VKey:
    """Let an SM2 key sign beside the others; return its public half. Asked again, it is the same key."""
    with files.alone(directory), files.turn(directory):
        present = keys.Keys.load(directory, origin, passphrase)
        if present.national is not None:
            return present.national.vkey
        key = Sm2Key.generate(origin)
        keys.save(directory / keys.NATIONAL, key, passphrase if keys.encrypted(directory) else None)
        return key.vkey


def freeze(directory: Path, reason: str) -> str:
    """End the log: its last checkpoint, which is returned, stays the last. Asking again changes nothing."""
    with files.alone(directory), files.turn(directory):
        note = (directory / MARK).read_text(encoding="utf-8")
        if not (directory / FROZEN).exists():
            files.write(directory / FROZEN, f"{reason}\n")
        return note
