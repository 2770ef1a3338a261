"""The state folder: private secrets, one demo at a time, variables that make settings."""

from pathlib import Path

import pytest

from yidaitong.embedded.errors import EmbeddedError
from yidaitong.embedded.home import only_one, open_home, servers, variables
from yidaitong.kernel.crypto.keks.loading import provider_of
from yidaitong.kernel.settings import load_settings

_SERVERS = {"YDT_DATABASE_URL": "postgresql:///elsewhere", "YDT_REDIS_URL": "redis://elsewhere"}


class TestHome:
    def test_secrets_are_private_and_stay(self, tmp_path: Path) -> None:
        environ = {"YDT_HOME": str(tmp_path / "home")}
        first = open_home(environ)
        kek = first.file("secrets", "keks", "1").read_text(encoding="ascii")

        again = open_home(environ)

        assert again.file("secrets", "keks", "1").read_text(encoding="ascii") == kek
        assert len(bytes.fromhex(kek)) == 32
        assert first.file("secrets", "keks", "1").stat().st_mode & 0o777 == 0o600
        assert first.file("secrets").stat().st_mode & 0o777 == 0o700
        assert first.file("logs").stat().st_mode & 0o777 == 0o700

    def test_make_settings_with_what_the_caller_says_on_top(self, tmp_path: Path) -> None:
        home = open_home({"YDT_HOME": str(tmp_path)})

        environ = {**_SERVERS, "YDT_LINE_ATTEMPTS": "3"}
        settings = load_settings(variables(home, environ, YDT_BASE_URL="http://127.0.0.1:9"))

        assert settings.line_attempts == 3
        assert settings.base_url == "http://127.0.0.1:9"
        assert settings.home == tmp_path
        assert settings.ledger_head_file.is_relative_to(tmp_path)
        held = provider_of(settings)
        assert held.versions() == (1,)
        assert held.make() == 2
        assert held.versions() == (1, 2)

    def test_a_home_with_one_key_keeps_it_as_the_first_version(self, tmp_path: Path) -> None:
        home = open_home({"YDT_HOME": str(tmp_path)})
        first = home.file("secrets", "keks", "1")
        known = first.read_text(encoding="ascii")
        first.rename(home.file("secrets", "kek"))

        open_home({"YDT_HOME": str(tmp_path)})

        assert first.read_text(encoding="ascii") == known
        assert not home.file("secrets", "kek").exists()

    def test_given_servers_are_used_and_none_is_started(self, tmp_path: Path) -> None:
        home = open_home({"YDT_HOME": str(tmp_path)})

        with servers(home, _SERVERS) as urls:
            assert urls == {}

        assert not (tmp_path / "servers").exists()

    def test_a_second_demo_is_refused_while_the_first_runs(self, tmp_path: Path) -> None:
        home = open_home({"YDT_HOME": str(tmp_path)})
        with only_one(home), pytest.raises(EmbeddedError, match="already runs"), only_one(home):
            pytest.fail("two demos ran")

        with only_one(home):
            assert home.addresses() == {}
