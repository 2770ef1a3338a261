"""What every holder of key-encryption keys must do: ours, and one in a process of its own."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.kernel.crypto.services import PLUG_IN, Running, key_service
from tests.kernel.crypto.test_box import PLAIN, a_place
from yidaitong.kernel.crypto.box import CryptoBox
from yidaitong.kernel.crypto.errors import SealBrokenError
from yidaitong.kernel.crypto.keks.loading import provider_of
from yidaitong.kernel.crypto.keks.provider import KekProvider, KekUnavailableError
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.settings import Settings, load_settings
from yidaitong.kernel.uow import UnitOfWork


@pytest.fixture
def service() -> Iterator[Running]:
    with key_service() as running:
        yield running


@pytest.fixture(params=["env", "file", "plug-in"])
def held(request: pytest.FixtureRequest, base_settings: Settings, tmp_path: Path) -> KekProvider:
    """A provider with at least one version."""
    match request.param:
        case "env":
            return provider_of(base_settings)
        case "file":
            made = provider_of(replace(base_settings, kek_provider="file", kek_dir=tmp_path))
            made.make()
            return made
        case _:
            running: Running = request.getfixturevalue("service")
            return provider_of(
                replace(base_settings, keks={}, kek_provider=PLUG_IN, kek_config=running.path)
            )


class TestContract:
    def test_what_is_wrapped_unwraps_in_its_row_only(self, held: KekProvider) -> None:
        key = secrets.token_bytes(32)
        version = held.versions()[-1]
        wrapped = held.wrap(version, "dek:one", key)

        assert key not in wrapped
        assert held.unwrap(version, "dek:one", wrapped) == key
        with pytest.raises(SealBrokenError):
            held.unwrap(version, "dek:two", wrapped)
        for at in range(len(wrapped)):
            altered = bytearray(wrapped)
            altered[at] ^= 1
            with pytest.raises(SealBrokenError):
                held.unwrap(version, "dek:one", bytes(altered))
        with pytest.raises(SealBrokenError):
            held.unwrap(version, "dek:one", b"")

    def test_a_version_that_is_not_held_is_not_available(self, held: KekProvider) -> None:
        with pytest.raises(KekUnavailableError):
            held.wrap(900, "dek:one", bytes(32))
        with pytest.raises(KekUnavailableError):
            held.unwrap(900, "dek:one", bytes(41))

    def test_versions_grow_and_one_that_is_destroyed_is_gone(self, held: KekProvider) -> None:
        first = held.versions()[-1]
        wrapped = held.wrap(first, "dek:one", bytes(32))
        try:
            made = held.make()
        except InvalidStateError:
            assert not held.automatic
            assert not held.destroy(first)
            return
        assert made > first
        assert held.versions()[-1] == made
        with pytest.raises(SealBrokenError):
            held.unwrap(made, "dek:one", wrapped)

        assert held.destroy(first)
        assert held.destroy(first)

        assert first not in held.versions()
        with pytest.raises(KekUnavailableError):
            held.unwrap(first, "dek:one", wrapped)


class TestPlugIn:
    @pytest.mark.promise("T22")
    def test_everything_is_sealed_by_keys_this_process_never_sees(
        self, uow: UnitOfWork, service: Running, base_settings: Settings
    ) -> None:
        settings = replace(base_settings, keks={}, kek_provider=PLUG_IN, kek_config=service.path)
        box = CryptoBox(provider_of(settings))
        place = a_place()
        sealed = box.seal(uow.session, place, PLAIN)
        index = box.blind_index(uow.session, "person.phone", "138")
        assert box.keyring.check(uow.session) == 1

        other = CryptoBox(provider_of(settings))
        assert other.open(uow.session, place, sealed) == PLAIN
        assert other.blind_index(uow.session, "person.phone", "138") == index
        assert box.keyring.begin_next(uow.session, box.keyring.provider.make()) == 1

        service.process.kill()
        service.process.wait()
        with pytest.raises(KekUnavailableError, match="does not answer"):
            CryptoBox(provider_of(settings)).open(uow.session, place, sealed)
        # What this process unwrapped within the last minute still opens.
        assert box.open(uow.session, place, sealed) == PLAIN

    def test_it_is_named_by_settings_and_its_line_is_secret(self, service: Running) -> None:
        environ = {
            "YDT_DATABASE_URL": "postgresql:///none",
            "YDT_REDIS_URL": "redis://none",
            "YDT_SECRET_KEY": "s" * 32,
            "YDT_KEK_PROVIDER": PLUG_IN,
            "YDT_KEK_CONFIG": service.path,
        }
        settings = load_settings(environ)

        assert provider_of(settings).versions() == (1,)
        assert service.path not in repr(settings)
        assert settings.keks == {}
