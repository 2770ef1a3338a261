"""Reading and exporting: every published tile for ever, the checkpoint last."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consent.ledger.errors import LedgerForkError, TileError
from consent.ledger.export import export
from consent.ledger.folders import read_from, verify_folder
from consent.ledger.paths import paths_of, read_path
from consent.ledger.policy import policy_of
from consent.ledger.tiles import checkpoint_bytes, tile_bytes
from tests.consent.ledger.builders import a_leaf, files_of
from tests.consent.ledger.logs import Log

NOW = datetime(2026, 3, 5, 8, 30, tzinfo=UTC)


class StoppedError(Exception):
    """The exporter was killed."""


def grow(log: Log, count: int) -> None:
    log.submit(*(a_leaf() for _ in range(count)))
    while log.sequence():
        pass
    log.publish()


def check(log: Log, folder: Path) -> int | None:
    report = verify_folder(read_from(folder), policy_of(str(log.signer.vkey)))
    assert report.ok, report.as_json()
    return report.size


class TestTiles:
    def test_what_is_served_is_the_exported_log(self, log: Log) -> None:
        grow(log, 299)

        with log.app.connect() as connection:
            served = {str(path): tile_bytes(connection, path) for path in paths_of(300)}
            served["checkpoint"] = checkpoint_bytes(connection)

        assert served == files_of(log.bodies(), log.signer)

    def test_every_old_partial_stays_readable(self, log: Log) -> None:
        grow(log, 299)
        with log.app.connect() as connection:
            full = tile_bytes(connection, read_path("tile/0/000"))
            for width in (1, 7, 255):
                path = read_path(f"tile/0/000.p/{width}")
                assert tile_bytes(connection, path) == full[: 32 * width]

    def test_nothing_beyond_the_published_head_is_served(self, log: Log) -> None:
        with log.app.connect() as connection, pytest.raises(TileError):
            checkpoint_bytes(connection)
        log.publish()
        log.submit(a_leaf())
        log.sequence()
        with log.app.connect() as connection:
            assert tile_bytes(connection, read_path("tile/0/000.p/1"))
            for path in ("tile/0/000.p/2", "tile/entries/000.p/2", "tile/0/000", "tile/1/000.p/1"):
                with pytest.raises(TileError):
                    tile_bytes(connection, read_path(path))

    def test_damaged_rows_are_not_served(self, log: Log) -> None:
        grow(log, 2)
        log.damage("UPDATE ledger.tile SET data = substr(data, 1, 32)")
        log.damage("DELETE FROM ledger.seq WHERE idx = 1")
        with log.app.connect() as connection:
            for path in ("tile/0/000.p/3", "tile/entries/000.p/3"):
                with pytest.raises(TileError):
                    tile_bytes(connection, read_path(path))


class TestExport:
    def test_a_growing_log_verifies_after_each_export(self, log: Log, tmp_path: Path) -> None:
        for count in (0, 1, 250, 10, 300):
            grow(log, count)
            size = export(log.app, tmp_path, now=NOW)
            assert check(log, tmp_path) == size

    def test_nothing_published_is_nothing_exported(self, log: Log, tmp_path: Path) -> None:
        with pytest.raises(TileError):
            export(log.app, tmp_path, now=NOW)

    @pytest.mark.faults
    def test_killed_at_any_file_it_goes_on(self, log: Log, tmp_path: Path) -> None:
        grow(log, 599)
        export(log.app, tmp_path, now=NOW)
        grow(log, 300)
        for stop in range(5):  # As many files are new.

            def die(done: int, _total: int, stop: int = stop) -> None:
                if done == stop:
                    raise StoppedError

            with pytest.raises(StoppedError):
                export(log.app, tmp_path, now=NOW, progress=die)
            # A reader of the head on file still finds all of it.
            assert check(log, tmp_path) == 600
        assert export(log.app, tmp_path, now=NOW) == 900
        assert check(log, tmp_path) == 900

    @pytest.mark.promise("T4")
    def test_other_bytes_on_file_are_evidence_and_stay(self, log: Log, tmp_path: Path) -> None:
        grow(log, 2)
        forged = tmp_path / "tile" / "0" / "000.p" / "3"
        forged.parent.mkdir(parents=True)
        forged.write_bytes(bytes(96))

        with pytest.raises(LedgerForkError):
            export(log.app, tmp_path, now=NOW)
        assert forged.read_bytes() == bytes(96)
        assert not (tmp_path / "checkpoint").exists()

    def test_a_folder_with_a_longer_log_is_refused(self, log: Log, tmp_path: Path) -> None:
        grow(log, 2)
        longer = files_of([leaf.body() for leaf in [a_leaf()] * 9], log.signer)
        (tmp_path / "checkpoint").write_bytes(longer["checkpoint"])

        with pytest.raises(LedgerForkError):
            export(log.app, tmp_path, now=NOW)

    def test_old_partials_go_after_a_day(self, log: Log, tmp_path: Path) -> None:
        grow(log, 99)
        export(log.app, tmp_path, now=NOW)
        grow(log, 200)
        now = datetime.now(UTC)
        partial = tmp_path / "tile" / "0" / "000.p" / "100"

        export(log.app, tmp_path, now=now)
        assert partial.exists()
        export(log.app, tmp_path, now=now + timedelta(hours=25))

        assert not partial.exists()
        assert check(log, tmp_path) == 300
