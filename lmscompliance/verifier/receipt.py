"""Receipts: one entry, what its holder may know of it, and the proof that it is in the log, as one text.

The text is a C2SP tlog-proof; entry and disclosures stand in its ``extra`` line, which any other reader of
the format passes over. Nothing there is believed before the proof has shown that the log holds this entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lmscompliance.kernel import jcs
from lmscompliance.kernel.jcs import Json
from lmscompliance.tlog.leaf import Leaf, disclosure_digest, leaf_hash
from lmscompliance.tlog.merkle import BadProof
from lmscompliance.tlog.notes import Note
from lmscompliance.tlog.proof import TlogProof
from lmscompliance.tlog.trust import Untrusted
from lmscompliance.verifier import ed25519
from lmscompliance.verifier.report import Remark, Report
from lmscompliance.verifier.trusting import forged, read_trust

Disclosed = tuple[str, str, Json]
"""Name, salt in base64, value."""


@dataclass(slots=True)
class Receipt:
    """What a receipt was found to hold; ``leaf`` is ``None`` where there is none to read."""

    report: Report
    leaf: Leaf | None = None
    values: Mapping[str, Json] = field(default_factory=dict)


def encode_extra(leaf: bytes, disclosed: Sequence[Disclosed]) -> bytes:
    """Return what stands in a receipt's ``extra`` line."""
    values: list[Json] = [{"name": name, "salt": salt, "value": value} for name, salt, value in disclosed]
    return jcs.encode({"leaf": leaf.decode("utf-8"), "disclosures": values})


def verify_receipt(
    text: bytes, trust: str | bytes | None, leaf: bytes | None = None, document: bytes | None = None
) -> Receipt:
    """Verify a receipt against ``trust``, the text of a C2SP tlog-policy file.

    ``leaf`` is the entry's exact text, where the receipt comes without it; ``document`` is a file, such as a
    certificate, whose digest the entry must name. Never raises for what is wrong with any of them: the
    report says it.
    """
    report = Report()
    policy = read_trust(report, trust)
    step = report.step("receipt")
    try:
        proof = TlogProof.parse(text.decode("utf-8"))
        data, disclosed = _extra(proof.extra, leaf)
        Note.parse(proof.checkpoint)
        found = Leaf.decode(data)
    except ValueError as error:
        step.fail("bad_receipt", reason=str(error))
        return Receipt(report)
    step.say("receipt_detail", type=found.t, stream=found.stream, n=found.n)
    included = report.step("receipt_log")
    if policy is None:
        included.skip("earlier_failure")
    else:
        try:
            accepted = proof.verify(leaf_hash(data), policy, ed25519.verify)
            head = accepted.checkpoint
            included.say("export_detail", size=head.size, index=proof.index)
            report.subject |= {"log": head.origin, "size": str(head.size)}
            report.owes.append(Remark("owe_time"))
        except BadProof:
            included.fail("receipt_not_included", index=proof.index)
        except Untrusted as error:
            if forged(policy, proof.checkpoint):
                included.fail("bad_signature", reason=str(error))
                return Receipt(report, found)
            included.skip("unknown_log", reason=str(error))
            report.unverifiable.append(Remark("unknown_log", {"reason": str(error)}))
    if document is not None:
        _check_document(report, found, document)
    values = report.step("disclosures")
    for name, salt, value in disclosed:
        if found.d.get(name) != disclosure_digest(salt, name, value):
            values.fail("disclosure_differs", name=name, stream=found.stream, n=found.n)
    values.say("disclosures_detail", count=len(disclosed))
    report.subject |= {"class": found.class_id, "stream": found.stream, "n": str(found.n), "type": found.t}
    report.owes.append(Remark("owe_truth"))
    return Receipt(report, found, {name: value for name, _, value in disclosed})


_DIGESTS = ("pdf_sha256", "sha256")
"""Members of an entry's body that name a file."""


def _check_document(report: Report, leaf: Leaf, document: bytes) -> None:
    step = report.step("receipt_document")
    found = hashlib.sha256(document).hexdigest()
    named = [leaf.body[name] for name in _DIGESTS if name in leaf.body]
    if found not in named:
        step.fail("document_differs", expected=named[0] if named else "—", found=found)
    step.say("document_detail", sha256=found)


def _extra(extra: bytes | None, leaf: bytes | None) -> tuple[bytes, list[Disclosed]]:
    """Return the entry's bytes and the disclosures; raises ``ValueError``."""
    if extra is None:
        if leaf is None:
            raise ValueError("the receipt comes without its entry: hand it in with --leaf")
        return leaf, []
    held = jcs.decode(extra)
    if not isinstance(held, dict) or held.keys() != {"disclosures", "leaf"}:
        raise ValueError("the extra line holds an entry and its disclosures")
    listed = held.get("disclosures")
    disclosed: list[Disclosed] = []
    for one in listed if isinstance(listed, list) else [None]:
        if not isinstance(one, dict) or one.keys() != {"name", "salt", "value"}:
            raise ValueError("a disclosure has name, salt and value")
        disclosed.append((str(one["name"]), str(one["salt"]), one["value"]))
    return leaf if leaf is not None else str(held["leaf"]).encode("utf-8"), disclosed
