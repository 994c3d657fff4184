"""Signs the archive copy of a finished export, again and again beside earlier signatures."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from lmscompliance import evidence
from lmscompliance.documents.pdf_signature import Key, sign
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, NotFound
from lmscompliance.ledgers.downloads import finished
from lmscompliance.ledgers.placing import kept_directory
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction


def sign_export(services: Services, actor: Actor, class_id: str, export_id: str, key: Key) -> str:
    """Add a signature to the archive copy and return the signer's name.

    The signed copy stands beside the unsigned one, whose digest is in the log; the signed one's is recorded
    here. Raises ``NotFound`` for an export without an archive copy, ``Conflict`` when somebody else signed
    meanwhile, and what ``pdf_signature.sign`` raises. Dying after the file was replaced and before the
    commit leaves a signed copy that the log does not name yet; signing again names the next one.
    """
    with reading(services.database) as session:
        found = finished(session, class_id, export_id)
        if found is None:
            raise NotFound("web.not_found")
        folder = kept_directory(services, class_id, export_id)
        plain, target = folder / f"{found.stem}.pdf", folder / f"{found.stem}.signed.pdf"
    before = _bytes(target) or _bytes(plain)
    if before is None:
        raise NotFound("ledgers.file_gone", name=plain.name)
    now = services.clock.now()
    # No transaction is open while the authority is asked for the time.
    made = sign(before, key, now, tsa_url=services.settings.tsa_url)
    aside = folder / f".{services.ids.new()}.pdf"
    try:
        aside.write_bytes(made.pdf)
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        with transaction(services.database) as session:
            # Whoever signs at the same time waits here for the class's stream.
            evidence.record(
                session,
                services,
                class_id=class_id,
                stream=evidence.class_stream(class_id),
                type="export.signed",
                at=now,
                body={
                    "export": export_id,
                    "sha256": hashlib.sha256(made.pdf).hexdigest(),
                    "certificate_sha256": made.certificate_sha256,
                    "stamped": made.stamped,
                    "signed_us": to_micros(now),
                },
                disclose={"by": actor.account, "signer": made.signer},
            )
            if (_bytes(target) or _bytes(plain)) != before:
                raise Conflict("ledgers.signed_meanwhile")
            aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    return made.signer


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
