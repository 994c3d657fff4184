"""Checks a ledger's bundle offline, without trusting the platform that made it.

Standard library, and ``cryptography`` where it is installed; no database, no network, no Flask.
"""

from lmscompliance.verifier.handed import said, to_json, verify_file
from lmscompliance.verifier.receipt import Receipt, verify_receipt
from lmscompliance.verifier.report import Exit, Remark, Report, Status, Step, Verdict
from lmscompliance.verifier.verify import verify

__all__ = [
    "Exit",
    "Receipt",
    "Remark",
    "Report",
    "Status",
    "Step",
    "Verdict",
    "said",
    "to_json",
    "verify",
    "verify_file",
    "verify_receipt",
]
