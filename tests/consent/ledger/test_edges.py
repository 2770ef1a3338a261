"""Tiles: edge, tiles and tree agree; damaged tiles are refused."""

from collections.abc import Collection, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.ledger.edges import (
    Edge,
    ReadTiles,
    TileKey,
    consistency_from_tiles,
    inclusion_from_tiles,
    root_at,
    tiles_of,
)
from consent.ledger.errors import ProofError, TileError
from consent.ledger.merkle import EMPTY_ROOT, Tree, leaf_hash

BATCHES = st.lists(st.integers(0, 700), min_size=1, max_size=6)


def reader(tiles: Mapping[TileKey, bytes], asked: list[int] | None = None) -> ReadTiles:
    def read(keys: Collection[TileKey]) -> Mapping[TileKey, bytes]:
        if asked is not None:
            asked.append(len(keys))
        return {key: tiles[key] for key in keys if key in tiles}

    return read


def grown(counts: list[int]) -> tuple[Tree, Edge, dict[TileKey, bytes]]:
    """A log that grew in batches; each write keeps what its tile held."""
    tree, edge, tiles = Tree(), Edge(), dict[TileKey, bytes]()
    for count in counts:
        entries = [at.to_bytes(4, "big") for at in range(tree.size, tree.size + count)]
        tree.extend(entries)
        edge, writes = edge.extend([leaf_hash(entry) for entry in entries])
        for write in writes:
            key = (write.level, write.n)
            assert write.data.startswith(tiles.get(key, b""))
            tiles[key] = write.data
        assert edge.root() == tree.root()
    return tree, edge, tiles


class TestEdge:
    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(counts=BATCHES, data=st.data())
    def test_edge_tiles_and_tree_agree_on_random_batches(
        self, counts: list[int], data: st.DataObject
    ) -> None:
        tree, edge, tiles = grown(counts)
        read = reader(tiles)
        assert edge.size == tree.size
        if not tree.size:
            return
        new = data.draw(st.integers(1, tree.size))
        old, index = data.draw(st.integers(1, new)), data.draw(st.integers(0, new - 1))
        assert root_at(new, read) == tree.root(new)
        assert inclusion_from_tiles(index, new, read) == tree.inclusion_proof(index, new)
        assert consistency_from_tiles(old, new, read) == tree.consistency_proof(old, new)

    @pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_536, 65_537])
    def test_one_batch_gives_the_root(self, size: int) -> None:
        tree, edge, tiles = grown([size])

        assert edge.root() == tree.root() == root_at(size, reader(tiles))
        assert {(level, n): 32 * width for level, n, width in tiles_of(size)} == {
            key: len(tile) for key, tile in tiles.items()
        }

    def test_an_edge_of_another_size_is_refused(self) -> None:
        with pytest.raises(TileError):
            Edge(3, bytes(64))

    def test_a_hash_of_another_length_is_refused(self) -> None:
        with pytest.raises(TileError):
            Edge().extend([bytes(31)])


class TestTilesOf:
    def test_the_example_of_the_text(self) -> None:
        """C2SP tlog-tiles, partial tiles: a tree of 70,000 entries."""
        found = list(tiles_of(70_000))

        assert found.count((0, 273, 112)) == 1
        assert [tile for tile in found if tile[0] == 1] == [(1, 0, 256), (1, 1, 17)]
        assert [tile for tile in found if tile[0] == 2] == [(2, 0, 1)]
        assert sum(level == 0 and width == 256 for level, _, width in found) == 273


class TestFromTiles:
    def test_a_proof_asks_once_and_for_two_tiles_a_level(self) -> None:
        tree, _, tiles = grown([65_537 + 300])
        asked: list[int] = []

        for index in (0, 255, 65_535, 65_536, 65_800):
            inclusion_from_tiles(index, tree.size, reader(tiles, asked))

        assert len(asked) == 5
        assert max(asked) <= 2 * 3

    def test_missing_and_short_tiles_are_refused(self) -> None:
        tree, _, tiles = grown([300])
        for broken in ({}, {**tiles, (0, 1): tiles[0, 1][:-32]}, {(0, 1): tiles[0, 1]}):
            with pytest.raises(TileError):
                root_at(tree.size, reader(broken))

    def test_no_leaf_no_proof(self) -> None:
        with pytest.raises(ProofError):
            inclusion_from_tiles(3, 3, reader({}))
        with pytest.raises(ProofError):
            consistency_from_tiles(0, 3, reader({}))
        assert root_at(0, reader({})) == EMPTY_ROOT
