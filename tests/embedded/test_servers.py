"""The supervisors on real programs: first start, attach, kill -9, last one out."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from yidaitong.embedded import postgres, valkey
from yidaitong.embedded.errors import EmbeddedError


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that every account may enter, as an installation has it."""
    base = Path(tempfile.mkdtemp(prefix="ydt-embedded-"))
    base.chmod(0o755)
    yield base / "home"
    shutil.rmtree(base)


def _ask(server: postgres.Server, sql: str) -> str:
    url = server.owner_url.replace("+psycopg", "").replace("/yidaitong?", "/postgres?")
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(sql).fetchone()
    assert row is not None
    return str(row[0])


def _process(home: Path, name: str) -> int:
    return int(next(home.rglob(name)).read_text(encoding="utf-8").split()[0])


class TestPostgres:
    def test_is_attached_to_and_stopped_by_the_last_one(self, home: Path) -> None:
        first = postgres.start(home)
        second = postgres.start(home)

        assert (first.attached, second.attached) == (False, True)
        first.stop()
        assert _ask(second, "SELECT 'alive'") == "alive"
        second.stop()
        second.stop()
        with pytest.raises(psycopg.OperationalError):
            _ask(second, "SELECT 1")

    def test_comes_back_after_kill_with_its_rows(self, home: Path) -> None:
        first = postgres.start(home)
        with psycopg.connect(
            first.owner_url.replace("+psycopg", "").replace("/yidaitong?", "/postgres?")
        ) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
        os.kill(_process(home, "postmaster.pid"), signal.SIGKILL)

        again = postgres.start(home)

        assert _ask(again, "SELECT value FROM kept") == "7"
        first.stop()
        again.stop()

    def test_listens_on_no_port_and_keeps_its_folder_private(self, home: Path) -> None:
        server = postgres.start(home)
        try:
            assert _ask(server, "SHOW listen_addresses") == ""
            assert _ask(server, "SHOW server_encoding") == "UTF8"
            data = next(home.rglob("postmaster.pid")).parent
            assert data.stat().st_mode & 0o777 == 0o700
            assert data.parent.stat().st_mode & 0o777 == 0o700
        finally:
            server.stop()

    def test_works_below_a_path_too_long_for_a_socket(self, home: Path) -> None:
        server = postgres.start(home / ("deep" * 30))
        assert _ask(server, "SELECT 1") == "1"
        server.stop()

    def test_never_starts_on_data_of_another_version(self, home: Path) -> None:
        postgres.start(home).stop()
        version = next(home.rglob("data/PG_VERSION"))
        version.write_text("9\n", encoding="ascii")

        with pytest.raises(EmbeddedError, match="was made by PostgreSQL 9"):
            postgres.start(home)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers as somebody else")
    def test_as_root_lives_elsewhere_when_the_home_is_closed(self, home: Path) -> None:
        home.mkdir()
        home.chmod(0o700)

        server = postgres.start(home)

        folder = Path((home / "servers-elsewhere").read_text(encoding="utf-8"))
        assert _ask(server, "SELECT 1") == "1"
        assert home.stat().st_mode & 0o777 == 0o700
        assert not home.is_relative_to(folder)
        server.stop()
        shutil.rmtree(folder)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers as somebody else")
    def test_ends_and_removes_servers_whose_home_is_gone(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("yidaitong.embedded.place._YOUNG_SECONDS", 0)
        gone, here = home / "gone", home / "here"
        for folder in (gone, here):
            folder.mkdir(parents=True)
            folder.chmod(0o700)
        left = valkey.start(gone)
        shutil.rmtree(gone)

        server = valkey.start(here)

        assert not left.socket.exists()
        assert left._use.end()
        server.stop()
        shutil.rmtree(Path((here / "servers-elsewhere").read_text(encoding="utf-8")))


class TestValkey:
    def test_comes_back_after_kill_with_its_keys(self, home: Path) -> None:
        first = valkey.start(home)
        client = Redis.from_url(first.url)
        client.set("kept", "7")
        client.waitaof(1, 0, 5000)
        os.kill(_process(home, "server.pid"), signal.SIGKILL)

        again = valkey.start(home)

        assert client.get("kept") == b"7"
        client.close()
        first.stop()
        again.stop()

    def test_is_stopped_by_the_last_one(self, home: Path) -> None:
        first = valkey.start(home)
        second = valkey.start(home)
        first.stop()
        with Redis.from_url(second.url) as client:
            assert client.ping()

        second.stop()

        assert not valkey.listens(second.socket)
