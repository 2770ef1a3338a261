"""Changing the key-encryption key of a running platform."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from tests.authorizations.people import an_official
from tests.jobs.keyrings import (
    Sealed,
    actions,
    all_open,
    days_pass,
    platform_of_files,
    rotated,
    some_sealed,
    used,
)
from tests.jobs.test_tasks import promised
from tests.kernel.crypto.test_box import PLAIN, a_place
from yidaitong.authorizations import keks, orders
from yidaitong.authorizations.order_kinds import OrderKind
from yidaitong.authorizations.orders import Propose
from yidaitong.jobs import keks as changing
from yidaitong.jobs import registry
from yidaitong.jobs.worker import perform_with
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto.box import CryptoBox, DekKind, KeyUse
from yidaitong.kernel.crypto.errors import SealBrokenError
from yidaitong.kernel.crypto.keks import rewrapping
from yidaitong.kernel.crypto.keks.loading import provider_of
from yidaitong.kernel.crypto.keks.models import IndexKey, Kek
from yidaitong.kernel.crypto.keks.provider import KekUnavailableError
from yidaitong.kernel.crypto.models import Dek, SigningKey
from yidaitong.kernel.errors import (
    ConflictError,
    ForbiddenError,
    FourEyesError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
)
from yidaitong.runtime import Runtime

OFFICER = an_official("centre_officer")
CHECKER = an_official("centre_checker")
BOTH = replace(
    an_official("centre_officer"),
    permissions=frozenset({orders.PROPOSE, orders.CONFIRM, orders.READ}),
)


@pytest.fixture
def rt(runtime: Runtime, tmp_path: Path) -> Iterator[Runtime]:
    with platform_of_files(runtime, tmp_path / "keks") as made:
        yield made


def a_proposal(version: int) -> Propose:
    return Propose(
        kind=OrderKind.DESTROY_KEK,
        target_id=keks.kek_id(version),
        reason_class="KEK_RETIRED",
        case_number="K-1",
        terms={"version": str(version)},
    )


def propose(rt: Runtime, version: int) -> UUID:
    with rt.transaction(OFFICER) as uow:
        return orders.propose(uow, a_proposal(version))


class TestRewrap:
    def test_everything_ends_under_the_new_version_and_opens(self, rt: Runtime) -> None:
        sealed = some_sealed(rt, 20)
        with rt.transaction(SYSTEM) as uow:
            index = uow.crypto.blind_index(uow.session, "person.phone", "138")
            child = a_place(kind=DekKind.PACKET, within=sealed[0][0].owner_id)
            sealed.append((child, uow.crypto.seal(uow.session, child, PLAIN)))
            held = sealed[1][0]
            uow.crypto.hold(uow.session, held.kind, held.owner_id, held=True)
            kids = {use: uow.crypto.kid(uow.session, use) for use in KeyUse}
        told: list[tuple[int, int]] = []

        assert changing.next_version(rt) == (2, 1)
        done = changing.rewrap(rt, lambda moved, total: told.append((moved, total)))

        count = 20 + len(KeyUse) + 1  # Data keys, signing keys, the key of the indexes.
        assert (done.version, done.moved, done.finished) == (2, count, True)
        assert told == [(0, count), (count, count)]
        assert used(rt) == {2: count}
        assert all_open(rt, sealed)
        fresh = CryptoBox(provider_of(rt.settings))
        with rt.transaction(SYSTEM) as uow:
            assert {use: fresh.kid(uow.session, use) for use in KeyUse} == kids
            assert fresh.blind_index(uow.session, "person.phone", "138") == index
            kek = uow.session.get_one(Kek, 1)
            assert kek.retired_at is not None
            assert kek.rewrapped_at is not None
        assert actions(rt) == ["keys.new_kek", "keys.rewrap"]
        assert changing.rewrap(rt).moved == 0

    @pytest.mark.promise("T22")
    def test_no_seal_and_no_open_fails_while_versions_change(self, rt: Runtime) -> None:
        known = some_sealed(rt, 30)
        stop, counts = threading.Event(), [0] * 4
        failures: list[Exception] = []
        made: Sealed = []

        def work(number: int) -> None:
            box = CryptoBox(provider_of(rt.settings))
            while not stop.is_set():
                place = a_place()
                try:
                    with rt.transaction(SYSTEM) as uow:
                        uow.crypto = box
                        one = box.seal(uow.session, place, PLAIN)
                        box.sign(uow.session, KeyUse.PACKET, "x+jws", PLAIN)
                    old = known[counts[number] % len(known)]
                    with rt.transaction(SYSTEM) as uow:
                        uow.crypto = box
                        assert box.open(uow.session, place, one) == PLAIN
                        # Asked of the database, not of this process's memory.
                        box._data._kept.clear()
                        assert box.open(uow.session, *old) == PLAIN
                except Exception as error:  # noqa: BLE001 - whatever it is, it must not be
                    failures.append(error)
                    return
                made.append((place, one))
                counts[number] += 1

        threads = [threading.Thread(target=work, args=(at,)) for at in range(len(counts))]
        for thread in threads:
            thread.start()
        try:
            for version in (2, 3, 4):
                before = sum(counts)
                assert changing.next_version(rt) == (version, version - 1)
                while not changing.rewrap(rt).finished or sum(counts) < before + 20:
                    assert failures == []
        finally:
            stop.set()
            for thread in threads:
                thread.join()

        assert failures == []
        assert all(count > 0 for count in counts)
        assert changing.rewrap(rt).finished
        assert set(used(rt)) == {4}
        assert all_open(rt, known + made)

    def test_two_at_once_move_each_key_once(self, rt: Runtime) -> None:
        sealed = some_sealed(rt, 40)
        changing.next_version(rt)
        ready = threading.Barrier(3)
        results: list[changing.Rewrapped] = []

        def work() -> None:
            ready.wait()
            results.append(changing.rewrap(rt))

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert changing.rewrap(rt).finished
        assert sum(one.moved for one in results) <= 40 + len(KeyUse) + 1
        assert set(used(rt)) == {2}
        assert all_open(rt, sealed)

    def test_a_row_that_does_not_unwrap_holds_no_other_up(self, rt: Runtime) -> None:
        sealed = some_sealed(rt, 8)
        with rt.transaction(SYSTEM) as uow:
            first = uow.session.scalars(select(Dek).order_by(Dek.id).limit(1)).one()
            first.wrapped = bytes(41)
            name = f"dek:{first.id}"
        changing.next_version(rt)

        with patch.object(rewrapping, "BATCH", 2):
            done = changing.rewrap(rt)

        assert (done.moved, done.finished, done.broken) == (8 + len(KeyUse), False, [name])
        assert used(rt) == {1: 1, 2: 8 + len(KeyUse)}
        assert sum(all_open(rt, [one]) for one in sealed[1:]) == 7
        with pytest.raises(SealBrokenError, match=name):
            registry.run(rt, keks.REWRAP, {})
        days_pass(rt, 8)
        with pytest.raises(InvalidStateError, match="in use"):
            propose(rt, 1)

    def test_a_new_version_promises_the_move(self, rt: Runtime) -> None:
        sealed = some_sealed(rt, 2)
        changing.next_version(rt)

        assert perform_with(rt, promised(rt, keks.REWRAP))

        assert set(used(rt)) == {2}
        assert all_open(rt, sealed)

    def test_what_comes_late_moves_the_moment(self, rt: Runtime) -> None:
        rotated(rt)
        days_pass(rt, 8)
        late = a_place()
        with rt.transaction(SYSTEM) as uow:
            sealed = uow.crypto.seal(uow.session, late, PLAIN)
            dek = uow.session.scalars(select(Dek).where(Dek.owner_id == late.owner_id)).one()
            provider = uow.crypto.keyring.provider
            about = f"dek:{dek.id}"
            assert dek.wrapped is not None
            # As a transaction leaves it that began before the change.
            dek.wrapped = provider.wrap(1, about, provider.unwrap(2, about, dek.wrapped))
            dek.kek_ver = 1
        with pytest.raises(InvalidStateError, match="in use"):
            propose(rt, 1)

        assert changing.rewrap(rt).moved == 1

        with pytest.raises(InvalidStateError, match="less than seven days"):
            propose(rt, 1)
        assert all_open(rt, [(late, sealed)])


class TestIndex:
    def test_its_key_is_remembered_once_committed_and_never_before(self, rt: Runtime) -> None:
        with rt.transaction(SYSTEM) as uow:
            before = uow.crypto.blind_index(uow.session, "person.phone", "138")
            uow.session.execute(delete(IndexKey))
            uow.session.execute(delete(Kek))
            uow.session.execute(delete(SigningKey))
            assert uow.crypto.blind_index(uow.session, "person.phone", "138") == before

        lost, kept = (CryptoBox(provider_of(rt.settings)) for _ in range(2))
        with rt.transaction(SYSTEM) as uow:
            undone = lost.blind_index(uow.session, "person.phone", "138")
            uow.session.rollback()
        with rt.transaction(SYSTEM) as uow:
            made = kept.blind_index(uow.session, "person.phone", "138")
        with rt.transaction(SYSTEM) as uow:
            assert lost.blind_index(uow.session, "person.phone", "138") == made != undone


class TestDestroy:
    @pytest.mark.promise("T34")
    def test_two_persons_destroy_it_and_no_old_copy_opens(self, rt: Runtime) -> None:
        sealed = some_sealed(rt, 2)
        with rt.transaction(SYSTEM) as uow:
            copies = uow.session.execute(select(Dek.id, Dek.wrapped)).all()
        rotated(rt)
        days_pass(rt, 8)

        order_id = propose(rt, 1)
        with rt.transaction(SYSTEM) as uow:
            assert uow.session.get_one(Kek, 1).destroyed_at is None
        with rt.transaction(CHECKER) as uow:
            orders.confirm(uow, order_id)
        assert perform_with(rt, promised(rt, keks.FORGET))

        provider = rt.crypto.keyring.provider
        assert provider.versions() == (2,)
        for dek_id, wrapped in copies:
            assert wrapped is not None
            with pytest.raises(KekUnavailableError):
                provider.unwrap(1, f"dek:{dek_id}", wrapped)
        assert all_open(rt, sealed)
        rt.check_keys()  # What is destroyed is not missed.
        assert actions(rt)[-2:] == ["keys.destroy_kek", "keys.forget"]
        with pytest.raises(InvalidStateError, match="is destroyed"):
            propose(rt, 1)

    def test_the_second_person_is_another(self, rt: Runtime) -> None:
        rotated(rt)
        days_pass(rt, 8)
        with rt.transaction(BOTH) as uow:
            order_id = orders.propose(uow, a_proposal(1))

        with rt.transaction(BOTH) as uow, pytest.raises(FourEyesError):
            orders.confirm(uow, order_id)
        with rt.transaction(OFFICER) as uow, pytest.raises(ForbiddenError):
            orders.confirm(uow, order_id)
        with rt.transaction(OFFICER) as uow, pytest.raises(ConflictError):
            orders.propose(uow, a_proposal(1))

        assert rt.crypto.keyring.provider.versions() == (1, 2)

    def test_not_the_one_that_wraps_nor_one_in_use_nor_too_early(self, rt: Runtime) -> None:
        some_sealed(rt, 1)
        with pytest.raises(InvalidStateError, match="in use"):
            propose(rt, 1)
        changing.next_version(rt)
        with pytest.raises(InvalidStateError, match="in use"):
            propose(rt, 1)
        changing.rewrap(rt)
        with pytest.raises(InvalidStateError, match="less than seven days"):
            propose(rt, 1)
        days_pass(rt, 6)
        with pytest.raises(InvalidStateError, match="less than seven days"):
            propose(rt, 1)
        with pytest.raises(NotFoundError):
            propose(rt, 9)
        for wrong in ("0", "one"):
            command = replace(a_proposal(1), terms={"version": wrong})
            with rt.transaction(OFFICER) as uow, pytest.raises(InvalidRequestError):
                orders.propose(uow, command)
        days_pass(rt, 1)
        propose(rt, 1)

    def test_what_is_used_again_before_the_second_person_stays(self, rt: Runtime) -> None:
        rotated(rt)
        days_pass(rt, 8)
        order_id = propose(rt, 1)
        with rt.transaction(SYSTEM) as uow:
            uow.session.execute(update(IndexKey).values(kek_ver=1))

        with rt.transaction(CHECKER) as uow, pytest.raises(InvalidStateError):
            orders.confirm(uow, order_id)

    def test_where_only_a_person_can_take_it_away_they_are_told(self, runtime: Runtime) -> None:
        given = {1: bytes(32), 2: bytes(range(32))}
        one = Runtime(replace(runtime.settings, keks={1: given[1]}))
        some_sealed(one, 1)
        one.close()
        both = Runtime(replace(runtime.settings, keks=given))
        changing.next_version(both)
        changing.rewrap(both)

        changing.forget(both, 1)

        assert actions(both)[-1] == "keys.remove_by_hand"
        both.close()
