"""Our own holders of key-encryption keys: the environment, a folder; and how one is named."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.kernel.crypto.test_keks import FIRST, SECOND, only
from yidaitong.kernel.crypto.errors import SealBrokenError
from yidaitong.kernel.crypto.keks.keyring import Keyring
from yidaitong.kernel.crypto.keks.kinds.file import Folder
from yidaitong.kernel.crypto.keks.loading import provider_of
from yidaitong.kernel.crypto.keks.local import LocalKeks
from yidaitong.kernel.crypto.keks.provider import KekUnavailableError
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.settings import Settings, SettingsError


class TestFolder:
    def settings(self, base: Settings, folder: Path, env: str = "test") -> Settings:
        return replace(base, env=env, kek_provider="file", kek_dir=folder)

    def test_versions_are_files_for_their_owneronly(
        self, tmp_path: Path, base_settings: Settings
    ) -> None:
        held = provider_of(self.settings(base_settings, tmp_path))
        assert held.versions() == ()
        assert (held.make(), held.make()) == (1, 2)

        assert [path.stat().st_mode & 0o777 for path in sorted(tmp_path.iterdir())] == [0o600] * 2
        assert held.versions() == (1, 2)
        wrapped = held.wrap(2, "dek:x", SECOND)
        assert held.unwrap(2, "dek:x", wrapped) == SECOND
        with pytest.raises(SealBrokenError):
            held.unwrap(1, "dek:x", wrapped)

    def test_a_destroyed_one_is_gone_at_once_in_every_process(
        self, tmp_path: Path, base_settings: Settings
    ) -> None:
        held, other = (provider_of(self.settings(base_settings, tmp_path)) for _ in range(2))
        held.make()
        wrapped = other.wrap(1, "dek:x", SECOND)

        assert held.destroy(1)
        assert held.destroy(1)

        with pytest.raises(KekUnavailableError, match="version 1 is not given"):
            other.unwrap(1, "dek:x", wrapped)
        assert list(tmp_path.iterdir()) == []

    def test_production_refuses_a_key_everybody_reads(
        self, tmp_path: Path, base_settings: Settings
    ) -> None:
        Folder(tmp_path).make()
        (tmp_path / "1").chmod(0o644)

        with pytest.raises(SettingsError, match="version 1 is open to everybody"):
            provider_of(self.settings(base_settings, tmp_path, "prod"))
        assert provider_of(self.settings(base_settings, tmp_path)).versions() == (1,)

    def test_what_is_no_key_is_named_and_not_shown(
        self, tmp_path: Path, base_settings: Settings
    ) -> None:
        (tmp_path / "1").write_text("secret-words", encoding="ascii")
        (tmp_path / "notes").write_text("", encoding="ascii")
        held = provider_of(self.settings(base_settings, tmp_path))

        assert held.versions() == (1,)
        with pytest.raises(KekUnavailableError, match="version 1 is not 32 bytes") as refused:
            held.wrap(1, "dek:x", SECOND)
        assert "secret-words" not in str(refused.value)

    def test_what_cannot_be_read_or_removed_is_said(
        self, tmp_path: Path, base_settings: Settings
    ) -> None:
        (tmp_path / "1").mkdir()
        held = provider_of(self.settings(base_settings, tmp_path))

        with pytest.raises(KekUnavailableError, match="version 1 cannot be read"):
            held.wrap(1, "dek:x", SECOND)
        assert not held.destroy(1)

    def test_a_folder_must_be_there(self, tmp_path: Path, base_settings: Settings) -> None:
        with pytest.raises(SettingsError, match="YDT_KEK_DIR"):
            provider_of(self.settings(base_settings, tmp_path / "none"))
        with pytest.raises(KekUnavailableError, match="cannot be read"):
            Folder(tmp_path / "none").versions()


class TestEnvironment:
    def test_a_person_supplies_and_takes_away(self) -> None:
        held = LocalKeks(only(3, FIRST))

        assert held.versions() == (3,)
        with pytest.raises(InvalidStateError, match="YDT_KEK_4"):
            held.make()
        assert held.destroy(2)
        assert not held.destroy(3)

    @pytest.mark.promise("T21")
    def test_nothing_shows_a_key(self, base_settings: Settings) -> None:
        held = provider_of(base_settings)
        shown = repr([held, Keyring(held), base_settings, base_settings.keks.keys()])

        assert FIRST.hex() not in shown
        assert repr(FIRST) not in shown


class TestLoading:
    @pytest.mark.parametrize("name", ["moon", "no.such.module:thing", "yidaitong.runtime:nothing"])
    def test_an_unknown_provider_is_one_message(self, base_settings: Settings, name: str) -> None:
        with pytest.raises(SettingsError, match="YDT_KEK_PROVIDER"):
            provider_of(replace(base_settings, kek_provider=name))

    def test_an_installed_package_brings_one_by_its_entry_point(
        self, tmp_path: Path, base_settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        package = tmp_path / "vault-1.dist-info"
        package.mkdir()
        (package / "METADATA").write_text("Metadata-Version: 2.1\nName: vault\nVersion: 1\n")
        entry = "[yidaitong.keks]\nvault = tests.kernel.crypto.kms_client:connect\n"
        (package / "entry_points.txt").write_text(entry)
        monkeypatch.syspath_prepend(str(tmp_path))

        held = provider_of(replace(base_settings, kek_provider="vault", kek_config="nowhere"))

        with pytest.raises(KekUnavailableError, match="does not answer"):
            held.versions()
