"""Versions of the key-encryption key on a real database: old ones open, wrong ones are named."""

import secrets
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from sqlalchemy import select, text, update

from tests.kernel.crypto.test_box import PLAIN, a_box, a_place
from yidaitong.kernel.crypto import envelope
from yidaitong.kernel.crypto.box import CryptoBox, DekKind, KeyUse
from yidaitong.kernel.crypto.errors import SealBrokenError
from yidaitong.kernel.crypto.keks.keyring import BLIND_INDEX, Keyring, index_name
from yidaitong.kernel.crypto.keks.loading import provider_of
from yidaitong.kernel.crypto.keks.local import LocalKeks
from yidaitong.kernel.crypto.keks.models import IndexKey, Kek
from yidaitong.kernel.crypto.keks.provider import KekUnavailableError
from yidaitong.kernel.crypto.keks.rewrapping import BATCH, put, turn, waiting
from yidaitong.kernel.crypto.keys import thumbprint
from yidaitong.kernel.crypto.models import Dek, SigningKey
from yidaitong.kernel.crypto.signingkeys import jwk_of
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.settings import load_settings
from yidaitong.kernel.uow import UnitOfWork

FIRST, SECOND = bytes(range(32)), bytes(range(32, 64))


def derived(key: bytes, info: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info.encode()).derive(key)


def an_old_installation(uow: UnitOfWork) -> tuple[bytes, dict[str, Any]]:
    """Rows as they were before there were versions: a sealed field, a signing key's public part."""
    place = a_place()
    dek_id, dek = uuid7(), secrets.token_bytes(32)
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    uow.session.add(
        Dek(
            id=dek_id,
            kind=place.kind,
            owner_id=place.owner_id,
            wrapped=aes_key_wrap(derived(FIRST, "ydt/1/wrap/dek"), dek),
        )
    )
    uow.session.add(
        SigningKey(
            kid=thumbprint(jwk_of(public)),
            use=KeyUse.PACKET,
            alg="EdDSA",
            public=public,
            wrapped=aes_key_wrap(derived(FIRST, "ydt/1/wrap/signing"), private.private_bytes_raw()),
            kek_ver=1,
        )
    )
    uow.session.flush()
    return public, {"place": place, "sealed": envelope.seal(dek, dek_id, place, PLAIN)}


def old_index(column: str, value: str) -> bytes:
    """Blind index as it was, derived from the KEK."""
    mac = hmac.HMAC(derived(derived(FIRST, "ydt/1/blind-index"), column), hashes.SHA256())
    mac.update(value.encode())
    return mac.finalize()[:16]


def move_all(uow: UnitOfWork, box: CryptoBox) -> int:
    rows = waiting(uow.session, box.keyring, BATCH)
    return put(uow.session, turn(box.keyring, rows, box.keyring.active(uow.session))[0])


def take_second(uow: UnitOfWork, box: CryptoBox) -> None:
    box.keyring.begin_next(uow.session, 2)


class TestOldInstallation:
    def test_its_one_key_is_version_1_and_everything_opens(self, uow: UnitOfWork) -> None:
        public, field = an_old_installation(uow)
        box = a_box(FIRST, SECOND)

        assert box.open(uow.session, field["place"], field["sealed"]) == PLAIN
        assert box.public_key(uow.session, KeyUse.PACKET) == public
        found = box.blind_index(uow.session, "person.phone", "138")
        assert found == old_index("person.phone", "138")
        assert box.keyring.check(uow.session) == 1

        take_second(uow, box)
        assert move_all(uow, box) == 3

        fresh = CryptoBox(LocalKeks(only(2, SECOND)))
        assert fresh.open(uow.session, field["place"], field["sealed"]) == PLAIN
        assert fresh.public_key(uow.session, KeyUse.PACKET) == public
        assert len(fresh.raw_sign(uow.session, KeyUse.PACKET, PLAIN)) == 64
        assert fresh.blind_index(uow.session, "person.phone", "138") == found

    def test_a_wrong_key_is_named_before_anything_is_written(self, uow: UnitOfWork) -> None:
        an_old_installation(uow)

        with pytest.raises(KekUnavailableError, match="version 1 is another key"):
            a_box(SECOND).keyring.check(uow.session)

        assert uow.session.scalars(select(Kek)).all() == []

    def test_data_keys_alone_show_a_wrong_key_too(self, uow: UnitOfWork) -> None:
        an_old_installation(uow)
        uow.session.execute(text("DELETE FROM signing_key"))

        with pytest.raises(KekUnavailableError, match="version 1 is another key"):
            a_box(SECOND).keyring.check(uow.session)
        assert a_box(FIRST).keyring.check(uow.session) == 1


def only(version: int, key: bytes) -> Any:
    from_env = load_settings(
        {
            "YDT_DATABASE_URL": "postgresql:///none",
            "YDT_REDIS_URL": "redis://none",
            "YDT_SECRET_KEY": "s" * 32,
            f"YDT_KEK_{version}": key.hex(),
        }
    )
    made = provider_of(from_env)
    assert isinstance(made, LocalKeks)
    return made.source


class TestKeyring:
    def test_a_new_installation_indexes_with_a_key_of_its_own(self, uow: UnitOfWork) -> None:
        box = a_box(FIRST)
        found = box.blind_index(uow.session, "person.phone", "138")
        key = box.keyring.index(uow.session)

        assert found != old_index("person.phone", "138")
        assert key not in {FIRST, derived(FIRST, "ydt/1/blind-index")}
        wrapped = uow.session.scalars(select(IndexKey.wrapped)).one()
        assert box.keyring.unwrap(1, index_name(BLIND_INDEX), wrapped) == key
        assert uow.session.scalars(select(Dek)).all() == []

    def test_the_newest_version_begins_a_new_installation(self, uow: UnitOfWork) -> None:
        assert a_box(FIRST, SECOND).keyring.active(uow.session) == 2

    @pytest.mark.parametrize(
        ("keys", "said"),
        [((SECOND,), "version 1 is another key"), ((), "version 1 is not given")],
        ids=["another", "none"],
    )
    def test_a_wrong_or_missing_version_is_named(
        self, uow: UnitOfWork, keys: tuple[bytes, ...], said: str
    ) -> None:
        a_box(FIRST).keyring.active(uow.session)

        with pytest.raises(KekUnavailableError, match=said):
            a_box(*keys).keyring.check(uow.session)

    def test_no_key_at_all_begins_nothing(self, uow: UnitOfWork) -> None:
        with pytest.raises(KekUnavailableError, match="no version"):
            a_box().keyring.active(uow.session)

    def test_every_living_version_is_checked(self, uow: UnitOfWork) -> None:
        a_box(FIRST).keyring.active(uow.session)
        take_second(uow, a_box(FIRST, SECOND))

        with pytest.raises(KekUnavailableError, match="version 2"):
            a_box(FIRST).keyring.check(uow.session)
        with pytest.raises(KekUnavailableError, match="version 2 is another key"):
            a_box(FIRST, FIRST).keyring.check(uow.session)
        assert a_box(FIRST, SECOND).keyring.check(uow.session) == 2

    def test_versions_only_grow(self, uow: UnitOfWork) -> None:
        box = a_box(FIRST, SECOND)
        assert box.keyring.active(uow.session) == 2

        for version in (1, 2):
            with pytest.raises(InvalidStateError):
                box.keyring.begin_next(uow.session, version)

    def test_new_keys_rest_under_the_new_version_at_once(self, uow: UnitOfWork) -> None:
        box = a_box(FIRST)
        old = a_place()
        sealed = box.seal(uow.session, old, PLAIN)
        box = a_box(FIRST, SECOND)
        take_second(uow, box)
        new = a_place()
        box.seal(uow.session, new, PLAIN)

        rows = uow.session.scalars(select(Dek)).all()
        versions = {row.owner_id: row.kek_ver for row in rows}
        assert versions == {old.owner_id: 1, new.owner_id: 2}
        assert box.open(uow.session, old, sealed) == PLAIN

    def test_a_check_value_opens_nothing_else(self, uow: UnitOfWork) -> None:
        box = a_box(FIRST)
        box.keyring.active(uow.session)
        value = uow.session.scalars(select(Kek.check_value)).one()

        assert value is not None
        with pytest.raises(SealBrokenError):
            box.keyring.unwrap(1, index_name(BLIND_INDEX), value)


class TestSwapping:
    def test_wrapped_parts_of_two_rows_do_not_unwrap(self, uow: UnitOfWork) -> None:
        box = a_box(FIRST)
        places = [a_place(), a_place()]
        sealed = [box.seal(uow.session, place, PLAIN) for place in places]
        rows = [uow.session.get_one(Dek, envelope.dek_id_of(one)) for one in sealed]
        rows[0].wrapped, rows[1].wrapped = rows[1].wrapped, rows[0].wrapped
        uow.session.flush()

        for place, one in zip(places, sealed, strict=True):
            with pytest.raises(SealBrokenError, match="does not unwrap"):
                a_box(FIRST).open(uow.session, place, one)
            with pytest.raises(SealBrokenError, match="does not unwrap"):
                a_box(FIRST).seal(uow.session, place, PLAIN)

    def test_nor_do_those_of_two_children(self, uow: UnitOfWork) -> None:
        chain_id = uuid7()
        places = [a_place(kind=DekKind.PACKET, within=chain_id) for _ in range(2)]
        sealed = [uow.crypto.seal(uow.session, place, PLAIN) for place in places]
        rows = [uow.session.get_one(Dek, envelope.dek_id_of(one)) for one in sealed]
        rows[0].wrapped, rows[1].wrapped = rows[1].wrapped, rows[0].wrapped
        uow.session.flush()

        box = CryptoBox(uow.crypto.keyring.provider)
        with pytest.raises(SealBrokenError, match="does not unwrap"):
            box.open(uow.session, places[0], sealed[0])

    def test_a_row_of_before_does_not_pass_under_a_later_version(self, uow: UnitOfWork) -> None:
        _, field = an_old_installation(uow)
        box = a_box(FIRST, FIRST)
        take_second(uow, box)
        uow.session.execute(update(Dek).values(kek_ver=2))

        with pytest.raises(SealBrokenError, match="not wrapped as it should be"):
            box.open(uow.session, field["place"], field["sealed"])

    def test_nor_an_altered_one(self, uow: UnitOfWork) -> None:
        box = a_box(FIRST)
        place = a_place()
        sealed = box.seal(uow.session, place, PLAIN)
        row = uow.session.get_one(Dek, envelope.dek_id_of(sealed))
        assert row.wrapped is not None
        for altered in (b"", b"\x01", row.wrapped[:-1], row.wrapped + b"x"):
            row.wrapped = altered
            uow.session.flush()
            with pytest.raises(SealBrokenError):
                a_box(FIRST).open(uow.session, place, sealed)


class TestRewrapping:
    @pytest.mark.promise("T34")
    def test_the_old_version_opens_no_row_and_the_new_one_no_old_dump(
        self, uow: UnitOfWork
    ) -> None:
        box = a_box(FIRST)
        place = a_place(kind=DekKind.PACKET, within=uuid7())
        sealed = box.seal(uow.session, place, PLAIN)
        dump = uow.session.execute(select(Dek.id, Dek.wrapped).where(Dek.parent_id.is_(None))).all()
        box = a_box(FIRST, SECOND)
        take_second(uow, box)

        # The data key of the consent, and the key of the indexes; the packet's key rests under it.
        assert move_all(uow, box) == 2

        assert CryptoBox(LocalKeks(only(2, SECOND))).open(uow.session, place, sealed) == PLAIN
        with pytest.raises(KekUnavailableError):
            a_box(FIRST).open(uow.session, place, sealed)
        only_new = Keyring(LocalKeks(only(2, SECOND)))
        for dek_id, wrapped in dump:
            assert wrapped is not None
            with pytest.raises(SealBrokenError):
                only_new.unwrap(2, f"dek:{dek_id}", wrapped)
            with pytest.raises(KekUnavailableError):
                only_new.unwrap(1, f"dek:{dek_id}", wrapped)

    def test_moved_twice_is_moved_once(self, uow: UnitOfWork) -> None:
        box = a_box(FIRST)
        box.seal(uow.session, a_place(), PLAIN)
        box = a_box(FIRST, SECOND)
        take_second(uow, box)
        turned, _ = turn(box.keyring, waiting(uow.session, box.keyring, BATCH), 2)

        assert put(uow.session, turned) == 2
        assert put(uow.session, turned) == 0
        assert waiting(uow.session, box.keyring, BATCH) == []

    def test_a_key_destroyed_meanwhile_stays_so(self, uow: UnitOfWork) -> None:
        box = a_box(FIRST)
        place = a_place()
        box.seal(uow.session, place, PLAIN)
        box = a_box(FIRST, SECOND)
        take_second(uow, box)
        turned, _ = turn(box.keyring, waiting(uow.session, box.keyring, BATCH), 2)
        box.destroy(uow.session, place.kind, place.owner_id)

        put(uow.session, turned)

        assert uow.session.scalars(select(Dek.wrapped)).all() == [None]

    def test_a_batch_has_an_end(self, uow: UnitOfWork) -> None:
        box = a_box(FIRST)
        for _ in range(5):
            box.seal(uow.session, a_place(), PLAIN)
        box = a_box(FIRST, SECOND)
        take_second(uow, box)

        sizes = []
        while rows := waiting(uow.session, box.keyring, 2):
            sizes.append(put(uow.session, turn(box.keyring, rows, 2)[0]))
        assert sizes == [2, 2, 2]
        assert BATCH == 1_000
