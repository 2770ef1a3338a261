"""Paths of tiles: one spelling each; bundles."""

import pytest

from consent.ledger.errors import TileError
from consent.ledger.paths import TilePath, paths_of, read_bundle, read_path, write_bundle


class TestReadPath:
    @pytest.mark.parametrize(
        ("path", "tile"),
        [
            ("tile/0/x001/x234/067", TilePath(0, 1_234_067)),
            ("tile/entries/x001/x234/067.p/8", TilePath(None, 1_234_067, 8)),
            ("tile/0/000", TilePath(0, 0)),
            ("tile/63/x001/000.p/255", TilePath(63, 1000, 255)),
            ("tile/1/999", TilePath(1, 999)),
        ],
    )
    def test_a_path_is_written_as_read(self, path: str, tile: TilePath) -> None:
        assert read_path(path) == tile
        assert str(tile) == path

    @pytest.mark.parametrize(
        "path",
        [
            "", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/00/000", "tile/01/000",
            "tile/64/000", "tile/-1/000", "tile/0/x000/000", "tile/0/001/000", "tile/0/x001",
            "tile/0/x001/x000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
            "tile/0/000.p/", "tile/0/000.p", "tile/0/000/", "tile/0//000", "/tile/0/000",
            "tile/data/000", "tile/0/٠٠٠", "tile/0/000\n", "tile/0/000.p/1 ", "tile/٣/000",
            "tile/0/" + "x999/" * 8 + "999", "tile/0/../0/000",
        ],
    )  # fmt: skip
    def test_any_other_path_is_none(self, path: str) -> None:
        with pytest.raises(TileError):
            read_path(path)


class TestExistsAt:
    @pytest.mark.parametrize(
        ("path", "first"),
        [
            ("tile/0/000.p/1", 1),
            ("tile/0/000", 256),
            ("tile/entries/000.p/7", 7),
            ("tile/0/001.p/1", 257),
            ("tile/1/000.p/1", 256),
            ("tile/1/000.p/2", 512),
            ("tile/2/000.p/1", 65_536),
        ],
    )
    def test_from_a_size_on_and_for_ever(self, path: str, first: int) -> None:
        tile = read_path(path)

        assert not tile.exists_at(first - 1)
        assert all(tile.exists_at(size) for size in (first, first + 1, first * 300))

    def test_all_paths_of_a_size_exist_at_it(self) -> None:
        found = list(paths_of(70_000))

        assert all(path.exists_at(70_000) for path in found)
        assert len({str(path) for path in found}) == len(found) == 274 * 2 + 2 + 1
        assert list(paths_of(0)) == []


class TestBundles:
    def test_entries_are_read_back(self) -> None:
        entries = [b"", b"x", b"y" * 1023]

        assert read_bundle(write_bundle(entries)) == entries

    @pytest.mark.parametrize("data", [b"\x00", b"\x00\x02x", b"\x00\x01xx"])
    def test_a_cut_bundle_is_refused(self, data: bytes) -> None:
        with pytest.raises(TileError):
            read_bundle(data)
