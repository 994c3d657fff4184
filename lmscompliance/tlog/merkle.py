"""RFC 6962 Merkle trees: roots, inclusion and consistency proofs, and their verification.

A tree is asked for through ``Nodes``: a function that returns the hash of the complete subtree ``index``
of height ``level``. Where the subtrees come from (tiles, a list in memory) is nobody's business here.
Verification follows transparency-dev/merkle where it is stricter than the RFC: a proof from the empty
tree is meaningless and refused, and a proof has exactly the length it must have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from lmscompliance.tlog.encoding import HASH_BYTES

EMPTY_ROOT = hashlib.sha256(b"").digest()

Nodes = Callable[[int, int], bytes]


class BadProof(ValueError):
    """The proof does not show what it claims to show."""


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 6962, section 2.1): SHA-256 of 0x01 and both children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that only remembers its right edge: appends leaves and tells the root, in logarithmic memory."""

    def __init__(self) -> None:
        """Start with the empty tree."""
        self.size = 0
        self._edge: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash at the right."""
        carry = leaf
        size = self.size
        while size & 1:
            carry = node_hash(self._edge.pop(), carry)
            size >>= 1
        self._edge.append(carry)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree so far."""
        if not self._edge:
            return EMPTY_ROOT
        result = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            result = node_hash(left, result)
        return result


def root_of_leaves(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the root over ``leaf_hashes``, read once."""
    frontier = Frontier()
    for leaf in leaf_hashes:
        frontier.append(leaf)
    return frontier.root()


def in_memory(leaf_hashes: Sequence[bytes]) -> Nodes:
    """Return ``Nodes`` over a list of leaf hashes."""
    levels = [list(leaf_hashes)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return lambda level, index: levels[level][index]


def root(nodes: Nodes, size: int) -> bytes:
    """Return the root of the tree of ``size`` leaves."""
    return range_root(nodes, 0, size) if size else EMPTY_ROOT


def range_root(nodes: Nodes, begin: int, end: int) -> bytes:
    """Return the root over leaves ``[begin, end)``.

    ``begin`` must be a multiple of some power of two that is at least the length.
    """
    parts = []
    position = begin
    while position < end:
        level = (end - position).bit_length() - 1
        parts.append(nodes(level, position >> level))
        position += 1 << level
    result = parts.pop()
    while parts:
        result = node_hash(parts.pop(), result)
    return result


def inclusion_proof(
    nodes: Nodes, index: int, size: int, cut: dict[tuple[int, int], bytes] | None = None, *, above: int = 0
) -> list[bytes]:
    """Return the proof that leaf ``index`` is in the tree of ``size``, lowest level first (section 2.1.1).

    ``cut`` keeps the roots of what the tree's end cuts off, which are the same in many proofs of one tree.
    With ``above`` the proof begins at that level: the part that all leaves below its node have in common,
    where the tree's last leaf is not one of them.
    """
    if not 0 <= index < size:
        msg = f"there is no leaf {index} in a tree of {size}"
        raise ValueError(msg)
    return _path(nodes, index, size, above, cut)


def consistency_proof(nodes: Nodes, old_size: int, size: int) -> list[bytes]:
    """Return the proof that the tree of ``size`` extends that of ``old_size`` ≥ 1 (section 2.1.2)."""
    if not 0 < old_size <= size:
        msg = f"no consistency can be proved from size {old_size} to {size}"
        raise ValueError(msg)
    if old_size == size:
        return []
    shift = _trailing_zeros(old_size)
    path = _path(nodes, old_size - 1, size, shift)
    if old_size == 1 << shift:
        return path  # the old root itself is where the path starts; whoever verifies has it
    return [nodes(shift, (old_size - 1) >> shift), *path]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], tree_root: bytes) -> None:
    """Check that the leaf hash ``leaf`` stands at ``index`` of the tree (``size``, ``tree_root``).

    Raises ``BadProof``.
    """
    if not 0 <= index < size:
        msg = f"index {index} is not in a tree of {size}"
        raise BadProof(msg)
    inner, border = _lengths(index, size)
    _check_hashes([leaf, *proof], 1 + inner + border)
    computed = _chain(leaf, proof[:inner], index)
    _match(_chain_border(computed, proof[inner:]), tree_root, f"leaf {index} is not in the tree of {size}")


def verify_consistency(
    old_size: int, size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Check that the tree (``size``, ``new_root``) extends (``old_size``, ``old_root``), ``old_size`` ≥ 1.

    Raises ``BadProof``, also for the empty old tree, from which no proof can be computed.
    """
    if not 0 < old_size <= size:
        msg = f"a proof from size {old_size} to size {size} is meaningless"
        raise BadProof(msg)
    mismatch = f"the tree of {size} does not extend the tree of {old_size}"
    if old_size == size:
        if proof:
            msg = "the sizes are equal but the proof is not empty"
            raise BadProof(msg)
        _match(old_root, new_root, mismatch)
        return
    shift = _trailing_zeros(old_size)
    inner, border = _lengths(old_size - 1, size)
    inner -= shift
    seeded = list(proof) if old_size != 1 << shift else [old_root, *proof]
    _check_hashes(seeded, 1 + inner + border)
    seed, inner_part, border_part = seeded[0], seeded[1 : 1 + inner], seeded[1 + inner :]
    mask = (old_size - 1) >> shift
    lefts = [sibling for i, sibling in enumerate(inner_part) if mask >> i & 1]
    _match(_chain_border(_chain_border(seed, lefts), border_part), old_root, mismatch)
    _match(_chain_border(_chain(seed, inner_part, mask), border_part), new_root, mismatch)


def _path(
    nodes: Nodes, index: int, size: int, start: int, cut: dict[tuple[int, int], bytes] | None = None
) -> list[bytes]:
    """Return the siblings of the node above leaf ``index`` from level ``start`` to the root of ``size``.

    Below the level where the ways to ``index`` and to the last leaf part, siblings lie on both sides (the
    topmost may be cut off by the tree's end); above it only complete ones at the left.
    """
    inner = (index ^ (size - 1)).bit_length()
    path = []
    for level in range(start, inner):
        sibling = (index >> level) ^ 1
        if (sibling + 1) << level <= size:
            path.append(nodes(level, sibling))
            continue
        begin, known = sibling << level, {} if cut is None else cut
        if (begin, size) not in known:
            known[begin, size] = range_root(nodes, begin, size)
        path.append(known[begin, size])
    border = [level for level in range(inner, size.bit_length()) if index >> level & 1]
    return path + [nodes(level, (index >> level) - 1) for level in border]


def _lengths(index: int, size: int) -> tuple[int, int]:
    inner = (index ^ (size - 1)).bit_length()
    return inner, (index >> inner).bit_count()


def _chain(seed: bytes, proof: Sequence[bytes], index: int) -> bytes:
    for level, sibling in enumerate(proof):
        seed = node_hash(sibling, seed) if index >> level & 1 else node_hash(seed, sibling)
    return seed


def _chain_border(seed: bytes, proof: Sequence[bytes]) -> bytes:
    for left in proof:
        seed = node_hash(left, seed)
    return seed


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1


def _check_hashes(hashes: Sequence[bytes], count: int) -> None:
    if len(hashes) != count:
        msg = f"the proof is {len(hashes) - count:+d} hashes away from the length it must have"
        raise BadProof(msg)
    if any(len(item) != HASH_BYTES for item in hashes):
        msg = f"a hash of the proof does not have {HASH_BYTES} bytes"
        raise BadProof(msg)


def _match(computed: bytes, expected: bytes, message: str) -> None:
    if computed != expected:
        raise BadProof(message)
