"""Machine clients of banks: four eyes, one key, suspended at once, other banks' rows."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from tests.banks.test_banks import accredited, pinned
from tests.products.people import QILU, QUANCHENG, a_banker, an_official
from yidaitong.banks import clients, keys
from yidaitong.banks.commands import ProposeClient
from yidaitong.banks.models import ApiClient, BankKey, ClientState, KeyPurpose
from yidaitong.kernel.errors import (
    ForbiddenError,
    FourEyesError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
)
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork

CHECKER = an_official("centre_checker")
MANAGER = a_banker("bank_product", QILU)
STRANGER = a_banker("bank_product", QUANCHENG)


@pytest.fixture
def key(uow: UnitOfWork) -> BankKey:
    """A key of the bank that signs messages."""
    accredited(uow)
    return pinned(uow, KeyPurpose.MSG)


def wanted(key: BankKey, *permissions: str, bank_id: str = QILU) -> ProposeClient:
    return ProposeClient(
        bank_id=bank_id, name="核心", permissions=permissions or ("pull.start",), kid=key.kid
    )


def proposed(uow: UnitOfWork, key: BankKey) -> ApiClient:
    return clients.propose(uow.acting(MANAGER), wanted(key))


def admitted(uow: UnitOfWork, key: BankKey) -> ApiClient:
    client = proposed(uow, key)
    return clients.admit(uow.acting(CHECKER), client.id)


class TestPropose:
    def test_it_waits_for_a_second_person(self, uow: UnitOfWork, key: BankKey) -> None:
        client = proposed(uow, key)
        assert client.state is ClientState.PROPOSED

        clients.admit(uow.acting(CHECKER), client.id)
        assert client.state.value == "ACTIVE"
        assert client.admitted_at is not None

    @pytest.mark.parametrize("role", ["centre_officer", "operator"])
    def test_the_centre_may_put_one_forward(self, uow: UnitOfWork, key: BankKey, role: str) -> None:
        made = clients.propose(uow.acting(an_official(role)), wanted(key))

        assert made.bank_id == QILU

    @pytest.mark.promise("T2")
    def test_the_same_person_cannot_admit(self, uow: UnitOfWork, key: BankKey) -> None:
        client = proposed(uow, key)
        same = replace(CHECKER, person_id=MANAGER.person_id)

        with pytest.raises(FourEyesError):
            clients.admit(uow.acting(same), client.id)

    @pytest.mark.promise("T2")
    def test_no_machine_admits_a_machine(self, uow: UnitOfWork, key: BankKey) -> None:
        client = proposed(uow, key)
        machine = replace(CHECKER, person_id=None)

        with pytest.raises(FourEyesError):
            clients.admit(uow.acting(machine), client.id)

    def test_what_a_person_answers_for_no_machine_may(self, uow: UnitOfWork, key: BankKey) -> None:
        for permission in ("application.check", "bank_key.propose", "offer.make", "nothing.else"):
            with pytest.raises(InvalidRequestError):
                clients.propose(uow.acting(MANAGER), wanted(key, "pull.start", permission))

    def test_it_signs_with_a_key_for_messages_of_its_bank(
        self, uow: UnitOfWork, key: BankKey
    ) -> None:
        receipts = pinned(uow, KeyPurpose.ACK)
        with pytest.raises(InvalidRequestError):
            clients.propose(uow.acting(MANAGER), wanted(receipts))
        accredited(uow, QUANCHENG)
        with pytest.raises(InvalidRequestError):
            clients.propose(uow.acting(STRANGER), wanted(key, bank_id=QUANCHENG))
        keys.revoke(uow.acting(CHECKER), key.id)
        with pytest.raises(InvalidRequestError):
            clients.propose(uow.acting(MANAGER), wanted(key))

    @pytest.mark.promise("T5")
    def test_another_bank_is_not_found(self, uow: UnitOfWork, key: BankKey) -> None:
        client = admitted(uow, key)
        with pytest.raises(NotFoundError):
            clients.propose(uow.acting(STRANGER), wanted(key))
        for client_id in (client.id, uuid7()):
            with pytest.raises(NotFoundError):
                clients.suspend(uow.acting(STRANGER), client_id)

        assert clients.clients_of(uow.acting(STRANGER)) == []
        assert clients.clients_of(uow.acting(MANAGER)) == [client]
        assert clients.clients_of(uow.acting(CHECKER), QILU) == [client]


class TestSuspend:
    def test_one_person_stops_two_start_again(self, uow: UnitOfWork, key: BankKey) -> None:
        client = admitted(uow, key)
        clients.suspend(uow.acting(MANAGER), client.id)
        assert client.state.value == "SUSPENDED"

        clients.propose_again(uow.acting(MANAGER), client.id)
        same = replace(CHECKER, person_id=MANAGER.person_id)
        with pytest.raises(FourEyesError):
            clients.admit(uow.acting(same), client.id)
        assert clients.admit(uow.acting(CHECKER), client.id).state is ClientState.ACTIVE
        clients.suspend(uow.acting(CHECKER), client.id)

    def test_every_other_pair_of_state_and_act_is_refused(
        self, uow: UnitOfWork, key: BankKey
    ) -> None:
        acts: dict[str, Callable[[UUID], object]] = {
            "admit": lambda one: clients.admit(uow.acting(CHECKER), one),
            "refuse": lambda one: clients.refuse(uow.acting(CHECKER), one),
            "suspend": lambda one: clients.suspend(uow.acting(CHECKER), one),
            "again": lambda one: clients.propose_again(uow.acting(MANAGER), one),
        }
        may = {
            ClientState.PROPOSED: {"admit", "refuse"},
            ClientState.ACTIVE: {"suspend"},
            ClientState.SUSPENDED: {"again"},
            ClientState.REFUSED: set[str](),
        }
        client = proposed(uow, key)
        for state, allowed in may.items():
            for name in acts.keys() - allowed:
                client.state = state
                uow.session.flush()
                with pytest.raises(InvalidStateError):
                    acts[name](client.id)
                assert client.state is state

    @pytest.mark.parametrize("role", ["bank_maker", "bank_checker"])
    def test_not_everybody_may(self, uow: UnitOfWork, key: BankKey, role: str) -> None:
        client = admitted(uow, key)
        other = uow.acting(a_banker(role, QILU))

        with pytest.raises(ForbiddenError):
            clients.suspend(other, client.id)
        with pytest.raises(ForbiddenError):
            clients.clients_of(other)


class TestMessageKeys:
    def test_several_may_be_in_use_at_once(self, uow: UnitOfWork) -> None:
        accredited(uow)
        made = [pinned(uow, KeyPurpose.MSG) for _ in range(2)]

        found = clients.message_keys(uow.acting(MANAGER), QILU)
        assert {key.kid for key in found} == {key.kid for key in made}
