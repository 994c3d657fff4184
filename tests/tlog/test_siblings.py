"""What proofs take from a tile, laid out for one short read."""

from __future__ import annotations

import json

from lmscompliance.tlog import merkle, siblings, tiles
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.leaf import leaf_hash


def test_the_way_to_a_tiles_top_is_the_proof_in_a_tree_of_one_tile() -> None:
    """For each of 256 leaves: the siblings, lowest first, in the form of a JSON list's members."""
    leaves = [leaf_hash(bytes([number])) for number in range(tiles.WIDTH)]
    made = siblings.laid_out(b"".join(leaves))
    assert len(made) == siblings.GROUP_BYTES * tiles.WIDTH // siblings.GROUP
    nodes = merkle.in_memory(leaves)
    for leaf in range(tiles.WIDTH):
        group, within = divmod(leaf, siblings.GROUP)
        start = group * siblings.GROUP_BYTES
        text = siblings.within(made[start : start + siblings.GROUP_BYTES], within)
        proof = merkle.inclusion_proof(nodes, leaf, tiles.WIDTH)
        assert json.loads(b"[%b]" % text[:-1]) == [to_base64(one) for one in proof]
