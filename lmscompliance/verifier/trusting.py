"""Reads the trust policy a caller brings, and says what the caller still owes because of it."""

from __future__ import annotations

from lmscompliance.tlog.ended import ended
from lmscompliance.tlog.national import demanded
from lmscompliance.tlog.notes import BadNote, Note
from lmscompliance.tlog.trust import BadPolicy, TrustPolicy
from lmscompliance.tlog.tsa import tsa_roots
from lmscompliance.verifier import ed25519
from lmscompliance.verifier.report import Remark, Report


def read_trust(report: Report, trust: str | bytes | None) -> TrustPolicy | None:
    """Take the step ``trust``; ``None`` says that there is nothing to believe anything by."""
    step = report.step("trust")
    if trust is None:
        step.skip("no_trust")
        report.unverifiable.append(Remark("no_trust"))
        return None
    try:
        policy = TrustPolicy.parse(trust)
        demanded(trust)
        ended(trust)
        tsa_roots(trust)
    except (BadPolicy, ValueError) as error:
        step.skip("bad_trust", reason=str(error))
        report.unverifiable.append(Remark("bad_trust", {"reason": str(error)}))
        return None
    for log in policy.logs:
        report.owes.append(Remark("owe_key", {"log": log.vkey.name, "key": str(log.vkey)}))
    if policy.quorum == "none":
        report.owes.append(Remark("owe_witness"))
    code = "trust_unwitnessed" if policy.quorum == "none" else "trust_detail"
    step.say(code, logs=[log.vkey.name for log in policy.logs], quorum=policy.quorum)
    return policy


def forged(policy: TrustPolicy, text: str) -> bool:
    """Tell whether the note ``text`` bears the name of a listed key and not its signature.

    A good signature under an unmet quorum is missing trust; a wrong one is a forgery. Raises ``BadNote``.
    """
    note = Note.parse(text)
    keys = {(log.vkey.name, log.vkey.key_id): log.vkey for log in policy.logs}
    for one in note.signatures:
        if (one.name, one.key_id) in keys:
            try:
                note.verify([keys[one.name, one.key_id]], ed25519.verify)
            except BadNote:
                return True
    return False
