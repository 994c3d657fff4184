"""A witness of transparency logs (C2SP tlog-witness), for an enterprise or a bureau to run by itself.

It signs that a log only ever grew, and remembers how far; it knows nothing of classes or people and shares
no code with the platform but formats and hashes.
"""

from lmscompliance.witness.keys import WitnessKey
from lmscompliance.witness.protocol import Answer, Witness
from lmscompliance.witness.store import Store

__all__ = ["Answer", "Store", "Witness", "WitnessKey"]
