"""The box on a real database: fields open only where they stand, and not after destruction."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from tests.kernel.crypto.pairs import needs_sm2
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import monotonic
from yidaitong.kernel.crypto import datakeys, jws
from yidaitong.kernel.crypto.box import CryptoBox, DekKind, KeyUse, Place
from yidaitong.kernel.crypto.errors import SealBrokenError, SuiteUnavailableError
from yidaitong.kernel.crypto.keks.local import Given, LocalKeks
from yidaitong.kernel.crypto.keys import KeySet, PublicKey
from yidaitong.kernel.crypto.models import Dek, SigningKey
from yidaitong.kernel.crypto.suites import sm
from yidaitong.kernel.errors import DataGoneError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.runtime import Runtime

PLAIN = b"canary-5d1f"


def a_box(*keys: bytes) -> CryptoBox:
    """A process that holds these versions, from 1 on."""
    return CryptoBox(LocalKeks(Given(dict(enumerate(keys, 1)))))


def a_place(**changes: Any) -> Place:
    members: dict[str, Any] = {
        "kind": DekKind.DATA,
        "owner_id": uuid7(),
        "table": "t",
        "column": "c",
        "row_id": uuid7(),
        **changes,
    }
    return Place(**members)


class TestSealing:
    def test_what_is_sealed_opens_and_shows_nothing(self, uow: UnitOfWork) -> None:
        place = a_place()
        sealed = uow.crypto.seal(uow.session, place, PLAIN)

        assert PLAIN not in sealed
        assert len(sealed) == 1 + 16 + 12 + len(PLAIN) + 16
        assert uow.crypto.open(uow.session, place, sealed) == PLAIN
        assert uow.crypto.seal(uow.session, place, PLAIN) != sealed

    @pytest.mark.parametrize(
        "change",
        [{"table": "u"}, {"column": "d"}, {"row_id": UUID(int=1)}, {"owner_id": UUID(int=1)}],
        ids=["table", "column", "row", "owner"],
    )
    def test_moved_elsewhere_it_does_not_open(
        self, uow: UnitOfWork, change: dict[str, Any]
    ) -> None:
        place = a_place()
        sealed = uow.crypto.seal(uow.session, place, PLAIN)

        with pytest.raises(SealBrokenError):
            uow.crypto.open(uow.session, replace(place, **change), sealed)

    def test_lengths_keep_names_apart(self, uow: UnitOfWork) -> None:
        place = a_place(table="ab", column="c")
        sealed = uow.crypto.seal(uow.session, place, PLAIN)

        with pytest.raises(SealBrokenError):
            uow.crypto.open(uow.session, replace(place, table="a", column="bc"), sealed)

    def test_any_flipped_byte(self, uow: UnitOfWork) -> None:
        place = a_place()
        sealed = uow.crypto.seal(uow.session, place, PLAIN)

        for index in range(len(sealed)):
            broken = bytearray(sealed)
            broken[index] ^= 1
            with pytest.raises(SealBrokenError):
                uow.crypto.open(uow.session, place, bytes(broken))

    def test_another_kek_opens_nothing(self, uow: UnitOfWork) -> None:
        place = a_place()
        sealed = uow.crypto.seal(uow.session, place, PLAIN)

        with pytest.raises(SealBrokenError):
            a_box(bytes(32)).open(uow.session, place, sealed)

    def test_two_first_users_make_one_key(self, runtime: Runtime) -> None:
        place, sealed = a_place(), []
        ready = threading.Barrier(4)

        def work() -> None:
            ready.wait()
            with runtime.transaction(SYSTEM) as uow:
                sealed.append(uow.crypto.seal(uow.session, place, PLAIN))

        _together(work, 4)

        with runtime.transaction(SYSTEM) as uow:
            assert [uow.crypto.open(uow.session, place, one) for one in sealed] == [PLAIN] * 4
            assert len(uow.session.scalars(select(Dek)).all()) == 1

    def test_a_key_goes_with_its_transaction(self, runtime: Runtime) -> None:
        place = a_place()
        with runtime.transaction(SYSTEM) as uow:
            lost = uow.crypto.seal(uow.session, place, PLAIN)
            uow.session.rollback()

        with runtime.transaction(SYSTEM) as uow:
            kept = uow.crypto.seal(uow.session, place, PLAIN)
            assert uow.crypto.open(uow.session, place, kept) == PLAIN
            assert lost[1:17] != kept[1:17]


class TestDestroying:
    @pytest.mark.promise("I16")
    def test_gone_at_once_and_for_ever(self, runtime: Runtime) -> None:
        place = a_place()
        with runtime.transaction(SYSTEM) as uow:
            sealed = uow.crypto.seal(uow.session, place, PLAIN)
            assert uow.crypto.open(uow.session, place, sealed) == PLAIN
        with runtime.transaction(SYSTEM) as uow:
            assert uow.crypto.destroy(uow.session, place.kind, place.owner_id) is not None
            assert uow.crypto.destroy(uow.session, place.kind, place.owner_id) is None

        with runtime.transaction(SYSTEM) as uow:
            with pytest.raises(DataGoneError):
                uow.crypto.open(uow.session, place, sealed)
            with pytest.raises(DataGoneError):
                uow.crypto.seal(uow.session, place, PLAIN)
            row = uow.session.scalars(select(Dek)).one()
            assert (row.wrapped, row.destroyed_at is None) == (None, False)

    def test_nobody_keeps_it_who_read_before_the_commit(self, runtime: Runtime) -> None:
        place = a_place()
        with runtime.transaction(SYSTEM) as uow:
            sealed = uow.crypto.seal(uow.session, place, PLAIN)

        with runtime.transaction(SYSTEM) as ending:
            ending.crypto.destroy(ending.session, place.kind, place.owner_id)
            with runtime.transaction(SYSTEM) as early:  # Sees the row as it was.
                assert early.crypto.open(early.session, place, sealed) == PLAIN

        with runtime.transaction(SYSTEM) as late, pytest.raises(DataGoneError):
            late.crypto.open(late.session, place, sealed)

    @pytest.mark.parametrize("dies", [DekKind.DATA, DekKind.PACKET])
    def test_a_child_dies_with_its_parent(self, uow: UnitOfWork, dies: DekKind) -> None:
        chain_id = uuid7()
        place = a_place(kind=DekKind.PACKET, within=chain_id)
        sealed = uow.crypto.seal(uow.session, place, PLAIN)
        assert uow.crypto.open(uow.session, place, sealed) == PLAIN

        owner = chain_id if dies is DekKind.DATA else place.owner_id
        uow.crypto.destroy(uow.session, dies, owner)

        with pytest.raises(DataGoneError):
            uow.crypto.open(uow.session, place, sealed)

    @pytest.mark.promise("T22")
    def test_an_unwrapped_key_is_kept_a_minute_at_most(
        self, uow: UnitOfWork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = a_place()
        sealed = uow.crypto.seal(uow.session, place, PLAIN)
        # Somebody else destroys it: this process hears nothing.
        uow.session.execute(
            text("UPDATE dek SET wrapped = NULL, destroyed_at = now() WHERE owner_id = :id"),
            {"id": place.owner_id},
        )
        now = monotonic()

        monkeypatch.setattr(datakeys, "monotonic", lambda: now + 59)
        assert uow.crypto.open(uow.session, place, sealed) == PLAIN
        monkeypatch.setattr(datakeys, "monotonic", lambda: now + 61)
        with pytest.raises(DataGoneError):
            uow.crypto.open(uow.session, place, sealed)


class TestSigning:
    def test_each_use_has_its_own_key_and_all_are_published(self, uow: UnitOfWork) -> None:
        kids = {uow.crypto.kid(uow.session, use) for use in KeyUse}
        published = uow.crypto.public_jwks(uow.session)["keys"]

        assert len(kids) == len(KeyUse)
        assert {jwk["kid"] for jwk in published} == kids
        assert all("d" not in jwk and jwk["ydt_owner"] == "platform" for jwk in published)

    def test_signatures_verify_with_what_is_published(self, uow: UnitOfWork) -> None:
        text_ = uow.crypto.sign(uow.session, KeyUse.PACKET, "x+jws", PLAIN)
        published = uow.crypto.public_jwks(uow.session)["keys"]
        keys = KeySet.of(*(PublicKey.read(jwk) for jwk in published))

        found = jws.verify(text_, typ="x+jws", keys=keys.serving("packet"))

        assert found.kid == uow.crypto.kid(uow.session, KeyUse.PACKET)

    def test_the_ledgers_role_signs_and_makes_no_key(self, runtime: Runtime) -> None:
        with Session(runtime.ledger_engine) as session, pytest.raises(ProgrammingError):
            runtime.crypto.raw_sign(session, KeyUse.LOG, PLAIN)
        with runtime.transaction(SYSTEM) as uow:
            uow.crypto.prepare(uow.session)
        with Session(runtime.ledger_engine) as session:
            assert len(runtime.crypto.raw_sign(session, KeyUse.LOG, PLAIN)) == 64
            with pytest.raises(ProgrammingError):
                session.execute(select(Dek))

    def test_swapped_private_parts_are_noticed(self, uow: UnitOfWork) -> None:
        uow.crypto.prepare(uow.session)
        rows = {row.use: row for row in uow.session.scalars(select(SigningKey))}
        rows[KeyUse.LOG].wrapped = rows[KeyUse.PACKET].wrapped
        uow.session.flush()

        with pytest.raises(SealBrokenError):
            uow.crypto.raw_sign(uow.session, KeyUse.LOG, PLAIN)

    def test_a_retired_key_stays_published(self, uow: UnitOfWork) -> None:
        old = uow.crypto.kid(uow.session, KeyUse.PACKET)
        row = uow.session.get_one(SigningKey, old)
        row.retired_at = uow.now
        uow.session.flush()

        assert uow.crypto.kid(uow.session, KeyUse.PACKET) != old
        published = {jwk["kid"]: jwk for jwk in uow.crypto.public_jwks(uow.session)["keys"]}
        assert "ydt_to" in published[old]


def in_suites(*policy: str) -> CryptoBox:
    """Another process of the test's installation, with a policy of its own."""
    return CryptoBox(LocalKeks(Given({1: bytes(range(32))})), policy)


@needs_sm2
class TestSigningInSm:
    def test_each_suite_has_its_own_key_of_a_use(self, uow: UnitOfWork) -> None:
        box = in_suites("intl", "sm").in_suite("sm")
        told = box.sign(uow.session, KeyUse.PACKET, "x+jws", PLAIN)
        other = uow.crypto.sign(uow.session, KeyUse.PACKET, "x+jws", PLAIN)
        published = uow.crypto.public_jwks(uow.session)["keys"]
        keys = KeySet.of(*(PublicKey.read(jwk) for jwk in published)).serving("packet")

        found = [jws.verify(one, typ="x+jws", keys=keys).key.suite for one in (told, other)]
        assert found == ["sm", "intl"]
        assert {jwk["alg"] for jwk in published} == {"EdDSA", sm.SIGN}

    def test_its_key_changes_and_the_other_stays(self, uow: UnitOfWork) -> None:
        box = in_suites("intl", "sm")
        box.prepare(uow.session)
        kid = box.kid(uow.session, KeyUse.PACKET)
        changed = box.in_suite("sm").rotate(
            uow.session, KeyUse.PACKET, lambda old, new: f"{old}{new}".encode()
        )
        rows = {row.kid: row for row in uow.session.scalars(select(SigningKey))}

        assert box.kid(uow.session, KeyUse.PACKET) == kid
        assert {rows[changed.old_kid].alg, rows[changed.new_kid].alg} == {"SM2"}
        assert rows[changed.old_kid].retired_at is not None

    @pytest.mark.parametrize("how", ["swapped", "altered", "of intl"])
    def test_private_parts_of_another_row_are_noticed(self, uow: UnitOfWork, how: str) -> None:
        box = in_suites("sm", "intl")
        box.prepare(uow.session)
        rows = {(row.use, row.alg): row for row in uow.session.scalars(select(SigningKey))}
        mine = rows[KeyUse.PACKET, "SM2"]
        mine.wrapped = {
            "swapped": rows[KeyUse.RECEIPT, "SM2"].wrapped,
            "altered": mine.wrapped[:-1] + bytes([mine.wrapped[-1] ^ 1]),
            "of intl": rows[KeyUse.PACKET, "EdDSA"].wrapped,
        }[how]
        uow.session.flush()

        with pytest.raises(SealBrokenError):
            box.in_suite("sm").sign(uow.session, KeyUse.PACKET, "x+jws", PLAIN)

    def test_a_policy_without_it_signs_nothing_in_it(self, crypto: CryptoBox) -> None:
        with pytest.raises(SuiteUnavailableError):
            crypto.in_suite("sm")


class TestSealingInSm:
    """Needs no library: SM3 and SM4 are everywhere."""

    def test_a_field_and_its_key(self, uow: UnitOfWork) -> None:
        box = in_suites("sm")
        place = a_place(kind=DekKind.PACKET, within=uuid7())
        sealed = box.seal(uow.session, place, PLAIN)

        assert sealed[:1] == b"\x02"
        assert in_suites("intl").open(uow.session, place, sealed) == PLAIN
        assert set(uow.session.scalars(select(Dek.suite))) == {2}
        for index in range(len(sealed)):
            broken = bytearray(sealed)
            broken[index] ^= 1
            with pytest.raises(SealBrokenError):
                box.open(uow.session, place, bytes(broken))

    def test_a_child_follows_its_parent(self, uow: UnitOfWork) -> None:
        chain_id = uuid7()
        uow.crypto.seal(uow.session, a_place(owner_id=chain_id), PLAIN)
        child = a_place(kind=DekKind.PACKET, within=chain_id)

        assert in_suites("sm").seal(uow.session, child, PLAIN)[:1] == b"\x01"

    def test_wrapped_keys_of_two_rows_swapped(self, uow: UnitOfWork) -> None:
        box = in_suites("sm")
        places = [a_place(), a_place()]
        sealed = [box.seal(uow.session, place, PLAIN) for place in places]
        one, two = uow.session.scalars(select(Dek)).all()
        one.wrapped, two.wrapped = two.wrapped, one.wrapped
        uow.session.flush()

        fresh = in_suites("sm")
        for place, text_ in zip(places, sealed, strict=True):
            with pytest.raises(SealBrokenError):
                fresh.open(uow.session, place, text_)

    @pytest.mark.promise("T23")
    @pytest.mark.parametrize("suite", [1, 3])
    def test_the_suite_of_a_row_changed(self, uow: UnitOfWork, suite: int) -> None:
        box = in_suites("sm")
        place = a_place()
        sealed = box.seal(uow.session, place, PLAIN)
        uow.session.scalars(select(Dek)).one().suite = suite
        uow.session.flush()

        with pytest.raises(SealBrokenError):
            in_suites("sm").open(uow.session, place, sealed)


class TestBlindIndex:
    def test_equal_values_meet_in_one_column_only(self, uow: UnitOfWork) -> None:
        one = uow.crypto.blind_index(uow.session, "person.phone", "13800000000")

        assert len(one) == 16
        assert one == uow.crypto.blind_index(uow.session, "person.phone", "13800000000")
        assert one != uow.crypto.blind_index(uow.session, "person.fax", "13800000000")


def _together(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
