"""Hash tiles: the specification's example, growth in steps, and nodes read back through them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmscompliance.tlog import merkle, tiles
from lmscompliance.tlog.leaf import leaf_hash

LEAVES = [leaf_hash(index.to_bytes(4, "big")) for index in range(70_000)]


def unreadable(level, index):
    """Stand in for a store that must not be asked."""
    pytest.fail(f"tile {level}/{index} was read")


def test_tiles_of_the_specifications_example():
    """A tree of 70,000 has the tiles that tlog-tiles counts, and so has one of 256."""
    assert tiles.widths(70_000) == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert tiles.widths(256) == [(0, 1, 0), (1, 0, 1)]
    assert tiles.widths(0) == []


@pytest.mark.parametrize(
    ("level", "index", "width", "path"),
    [
        (0, 1_234_067, 256, "tile/0/x001/x234/067"),
        (0, 0, 256, "tile/0/000"),
        (2, 999, 1, "tile/2/999.p/1"),
        (1, 1000, 255, "tile/1/x001/000.p/255"),
    ],
)
def test_tile_paths(level, index, width, path):
    """A tile's path is the specification's, its partial width included."""
    assert tiles.path(level, index, width) == path


def test_a_big_tree_at_once():
    """70,000 leaves make exactly the counted tiles, from nothing, and give the right root."""
    grown = tiles.grow(unreadable, 0, LEAVES)
    expected = {
        (level, index): 256 if index < full else partial
        for level, full, partial in tiles.widths(70_000)
        for index in range(full + (partial > 0))
    }
    assert {key: len(data) // 32 for key, data in grown.items()} == expected
    nodes = tiles.nodes(lambda level, index: grown[level, index])
    assert merkle.root(nodes, 70_000) == merkle.root_of_leaves(LEAVES)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=12))
def test_growing_in_steps_gives_the_same_tiles(steps):
    """However the leaves arrive, the tiles and every proof through them are the same."""
    store = {}
    size = 0
    for step in steps:
        store.update(tiles.grow(lambda level, index: store[level, index], size, LEAVES[size : size + step]))
        size += step
    assert store == tiles.grow(unreadable, 0, LEAVES[:size])
    through_tiles = tiles.nodes(lambda level, index: store[level, index])
    in_memory = merkle.in_memory(LEAVES[:size])
    for old in {1, size // 2 or 1, steps[0], size}:
        args = (old, size)
        assert merkle.consistency_proof(through_tiles, *args) == merkle.consistency_proof(in_memory, *args)
        args = (old - 1, size)
        assert merkle.inclusion_proof(through_tiles, *args) == merkle.inclusion_proof(in_memory, *args)


def test_a_wider_tile_serves_a_smaller_tree():
    """Tiles that have grown since still give the proofs of an older tree."""
    grown = tiles.grow(unreadable, 0, LEAVES[:600])
    nodes = tiles.nodes(lambda level, index: grown[level, index])
    assert merkle.root(nodes, 300) == merkle.root_of_leaves(LEAVES[:300])


def test_a_tile_that_is_too_short_is_named():
    """Missing hashes are an error that names the tile, never a wrong proof."""
    with pytest.raises(tiles.MissingHashes, match=r"tile/0/001 holds 3 hashes, the tree needs 44"):
        tiles.grow(lambda *_: bytes(96), 300, LEAVES[:1])
    nodes = tiles.nodes(lambda *_: bytes(96))
    with pytest.raises(tiles.MissingHashes, match=r"tile/0/000 is too short for node 3 of level 0"):
        nodes(0, 3)


def test_every_path_is_read_back_as_it_was_written():
    """Parsing is the inverse of writing, for all widths and long indexes."""
    for index in (0, 1, 255, 999, 1000, 1234067, 10**9):
        for width in (1, 44, 255, 256):
            assert tiles.parse(tiles.path(3, index, width).removeprefix("tile/")) == (3, index, width)
