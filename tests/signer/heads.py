"""Tree heads and proofs without a platform, and signers of one test log."""

from lmscompliance.signer import LocalSigner
from lmscompliance.tlog import merkle
from lmscompliance.tlog.leaf import leaf_hash

ORIGIN = "log.example/test"
LEAVES = [leaf_hash(bytes([index])) for index in range(20)]


def signer_in(path):
    """Return the signer of the test log in ``path``."""
    return LocalSigner.load_or_create(path / "signer", ORIGIN)


def head(size, leaves=LEAVES):
    """Return (size, root) of the first ``size`` leaves."""
    return size, merkle.root_of_leaves(leaves[:size])


def proof(old, new, leaves=LEAVES):
    """Return the consistency proof between two sizes; none is needed from the empty tree."""
    return merkle.consistency_proof(merkle.in_memory(leaves[:new]), old, new) if old else []
