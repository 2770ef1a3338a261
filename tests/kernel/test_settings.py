"""Settings: every mistake reported at once, secrets never shown."""

from pathlib import Path

import pytest

from yidaitong.kernel.settings import SettingsError, load_settings

GOOD = {
    "YDT_DATABASE_URL": "postgresql://app@db/ydt",
    "YDT_REDIS_URL": "redis://cache/0",
    "YDT_SECRET_KEY": "s" * 40,
    "YDT_KEK": "ab" * 32,
}


class TestLoad:
    def test_the_needed_four_are_enough(self) -> None:
        settings = load_settings(GOOD)

        assert settings.env == "prod"
        assert settings.database_url.startswith("postgresql+psycopg://")
        assert "role%3Dydt_app" in settings.database_url
        assert "role%3Dydt_ledger" in settings.ledger_database_url

    def test_own_logins_are_left_as_they_are(self) -> None:
        settings = load_settings(
            GOOD
            | {
                "YDT_OWNER_DATABASE_URL": "postgresql://owner@db/ydt",
                "YDT_LEDGER_DATABASE_URL": "postgresql://ledger@db/ydt",
            }
        )

        assert "role" not in settings.database_url

    def test_all_mistakes_come_together(self) -> None:
        with pytest.raises(SettingsError) as refused:
            load_settings(
                {
                    "YDT_KEK": "short",
                    "YDT_ENV": "moon",
                    "YDT_COOKIE_SECURE": "perhaps",
                    "YDT_LEASE_SECONDS": "-1",
                    "YDT_CALL_DEADLINE_SECONDS": "soon",
                }
            )

        assert len(refused.value.problems) == 8

    def test_production_refuses_what_is_for_tests(self) -> None:
        with pytest.raises(SettingsError, match="FAIL_POINT"):
            load_settings(GOOD | {"YDT_FAIL_POINT": "after_commit"})
        with pytest.raises(SettingsError, match="COOKIE_SECURE"):
            load_settings(GOOD | {"YDT_COOKIE_SECURE": "false"})

    @pytest.mark.parametrize("name", ["YDT_GATEWAY_URL", "YDT_IDENTITY_PROVIDER_URL"])
    def test_production_asks_departments_under_tls(self, name: str) -> None:
        with pytest.raises(SettingsError, match=f"{name} must be https"):
            load_settings(GOOD | {name: "http://gateway.example"})

        inside = {name: "http://10.1.2.3", "YDT_ALLOW_PRIVATE_ADDRESSES": "true"}
        assert load_settings(GOOD | inside).allow_private_addresses
        assert load_settings(GOOD | {name: "https://gateway.example/"})

    @pytest.mark.parametrize("address", ["gateway", "ftp://g.example", "https://", "https://g/?a"])
    def test_an_address_is_one(self, address: str) -> None:
        with pytest.raises(SettingsError, match="must be an http or https address"):
            load_settings(GOOD | {"YDT_GATEWAY_URL": address})

    def test_a_short_secret_is_refused(self) -> None:
        with pytest.raises(SettingsError, match="SECRET_KEY"):
            load_settings(GOOD | {"YDT_SECRET_KEY": "short"})

    def test_secrets_may_come_from_files(self, tmp_path: Path) -> None:
        file = tmp_path / "kek"
        file.write_text("cd" * 32 + "\n", encoding="ascii")
        environ = {name: value for name, value in GOOD.items() if name != "YDT_KEK"}

        settings = load_settings(environ | {"YDT_KEK_FILE": str(file)})

        assert settings.keks[1] == bytes.fromhex("cd" * 32)

    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="YDT_KEK_FILE cannot be read"):
            load_settings(GOOD | {"YDT_KEK_FILE": str(tmp_path / "none")})

    @pytest.mark.promise("T21")
    def test_a_repr_shows_no_secret(self) -> None:
        shown = repr(load_settings(GOOD))

        assert "s" * 40 not in shown
        assert "abab" not in shown
        assert "app@db" not in shown
