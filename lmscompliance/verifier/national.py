"""Checks the national suite where a trust policy asks for it: SM2 lines on checkpoints, SM3 digests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from lmscompliance.tlog.national import SIGNER_IDENTITY, sm2_point
from lmscompliance.tlog.notes import BadNote, Note, VKey
from lmscompliance.tlog.proof import TlogProof
from lmscompliance.verifier import bundle
from lmscompliance.verifier.bundle import SM3, FileDigest
from lmscompliance.verifier.loose import AnyArchive
from lmscompliance.verifier.report import Remark, Report, Step


def check(report: Report, keys: Iterable[VKey], archive: AnyArchive, files: Iterable[FileDigest]) -> None:
    """Add the step: both checkpoints signed by one of ``keys``, the SM3 digests of ``files`` right.

    A signature or digest that this machine cannot compute is said to be unchecked, as something the caller
    still owes; the rest of the verification does not rest on it.
    """
    step = report.step("national")
    known = {(vkey.name, vkey.key_id): vkey for vkey in keys}
    try:
        proof = TlogProof.parse(archive.read(bundle.EXPORT_PROOF, bundle.MAX_SMALL).decode("utf-8"))
        notes = archive.read(bundle.CHECKPOINT, bundle.MAX_SMALL).decode("utf-8"), proof.checkpoint
    except ValueError as error:
        step.fail("unreadable_part", reason=str(error))
        return
    able = [_signed(step, note, known) for note in notes]
    able += [_digested(step, archive, file) for file in files if file.sm3]
    if not all(able):
        step.skip("national_unchecked")
        report.owes.append(Remark("owe_national"))
    else:
        step.say("national_detail", keys=[str(vkey) for vkey in known.values()])


def _signed(step: Step, text: str, known: dict[tuple[str, bytes], VKey]) -> bool:
    """Check one note; tell whether it could be checked."""
    try:
        note = Note.parse(text)
    except BadNote as error:
        step.fail("bad_checkpoint", reason=str(error))
        return True
    for line in note.signatures:
        vkey = known.get((line.name, line.key_id))
        if vkey is not None:
            good = _verify(vkey, line.blob, note.text.encode())
            if good is False:
                step.fail("national_bad", key=str(vkey))
            return good is not None
    step.fail("national_missing", origin=note.text.partition("\n")[0])
    return True


def _verify(vkey: VKey, signature: bytes, message: bytes) -> bool | None:
    """Tell whether the signature is good; ``None`` where the extra is not installed."""
    try:
        import gmssl_pyx  # noqa: PLC0415  # an extra: without it the step says so
    except ImportError:
        return None
    try:
        return bool(gmssl_pyx.sm2_verify(sm2_point(vkey), message, signature, signer_id=SIGNER_IDENTITY))
    except (gmssl_pyx.InvalidValueError, gmssl_pyx.GmsslInnerError):
        return False


def _digested(step: Step, archive: AnyArchive, file: FileDigest) -> bool:
    if SM3 not in hashlib.algorithms_available:
        return False
    digest = hashlib.new(SM3)
    for chunk in archive.chunks(file.name):
        digest.update(chunk)
    if digest.hexdigest() != file.sm3:
        step.fail("national_digest", name=file.name, expected=file.sm3, found=digest.hexdigest())
    return True
