"""A log without a platform: leaves, a key, and the requests it sends to a witness."""

from lmscompliance.evidence.tree import Tree
from lmscompliance.tlog import tiles
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.leaf import leaf_hash
from lmscompliance.tlog.notes import Note
from tests.tlog.keys import Key

ORIGIN = "log.example/witnessed"


class SmallLog:
    """A log over ``leaves`` that can prove anything about itself, or lie."""

    def __init__(self, leaves, *keys):
        """Build the tree; the log signs with every one of ``keys``."""
        grown = tiles.grow(lambda *_: b"", 0, [leaf_hash(leaf) for leaf in leaves])
        self.tree = Tree(lambda level, index: grown[level, index])
        self.keys = keys or (Key(ORIGIN, 1),)

    def head(self, size):
        """Return the tree head."""
        return Checkpoint(ORIGIN, size, self.tree.root(size))

    def note(self, size, head=None):
        """Return the signed checkpoint of ``size``, or of another ``head``."""
        text = (head or self.head(size)).text()
        return Note(text, tuple(key.sign(text) for key in self.keys)).encode()

    def request(self, old, size, *, proof=None, note=None):
        """Return the body that asks for a cosignature of ``size``, coming from ``old``."""
        hashes = self.tree.consistency(old, size) if proof is None else proof
        lines = "".join(f"{to_base64(one)}\n" for one in hashes)
        return f"old {old}\n{lines}\n{note or self.note(size)}".encode()


def log_of(count, first=b"leaf"):
    """Return a log of ``count`` leaves; another ``first`` leaf makes another history."""
    return SmallLog([first, *(b"%d" % number for number in range(1, count))])
