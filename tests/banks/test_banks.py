"""Banks: registered, accredited, keyed; four eyes, dates, other banks' rows."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.products.people import QILU, QUANCHENG, a_banker, an_official
from yidaitong.banks import keys, queries, registering
from yidaitong.banks.commands import ProposeKey, RegisterBank
from yidaitong.banks.models import AgreementState, BankKey, KeyPurpose, KeyState
from yidaitong.kernel.actor import PUBLIC, SYSTEM
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.crypto.keys import generate, public_of, thumbprint
from yidaitong.kernel.errors import (
    ConflictError,
    ForbiddenError,
    FourEyesError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
)
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork

OFFICER, CHECKER = an_official("centre_officer"), an_official("centre_checker")


def registered(
    uow: UnitOfWork, bank_id: str = QILU, starts: int = 0, ends: int = 365
) -> RegisterBank:
    today = business_date(uow.now)
    command = RegisterBank(
        bank_id=bank_id,
        name_zh="齐鲁银行",
        name_en="Qilu Bank",
        contact="0531-1",
        starts_on=today + timedelta(days=starts),
        ends_on=today + timedelta(days=ends),
    )
    registering.register(uow.acting(OFFICER), command)
    return command


def accredited(uow: UnitOfWork, bank_id: str = QILU) -> None:
    registered(uow, bank_id)
    registering.accredit(uow.acting(CHECKER), bank_id)


def proposed(uow: UnitOfWork, use: KeyPurpose = KeyPurpose.ENC, bank_id: str = QILU) -> BankKey:
    jwk = public_of(generate("X25519" if use is KeyPurpose.ENC else "Ed25519"))
    command = ProposeKey(bank_id=bank_id, use=use, jwk=jwk)
    return keys.propose(uow.acting(a_banker("bank_product", bank_id)), command)


def pinned(uow: UnitOfWork, use: KeyPurpose = KeyPurpose.ENC) -> BankKey:
    key = proposed(uow, use)  # First: it changes who acts.
    return keys.pin(uow.acting(CHECKER), key.id)


class TestRegister:
    def test_nothing_is_valid_before_a_second_person_agrees(self, uow: UnitOfWork) -> None:
        registered(uow)
        assert not queries.is_accredited(uow.acting(PUBLIC), QILU)

        registering.accredit(uow.acting(CHECKER), QILU)
        assert queries.is_accredited(uow.acting(PUBLIC), QILU)
        assert queries.bank_of(uow, QILU).name.en == "Qilu Bank"

    @pytest.mark.promise("T2")
    def test_the_same_person_cannot_accredit(self, uow: UnitOfWork) -> None:
        registered(uow)
        same = replace(CHECKER, person_id=OFFICER.person_id)

        with pytest.raises(FourEyesError):
            registering.accredit(uow.acting(same), QILU)

    @pytest.mark.parametrize(("starts", "ends"), [(1, 5), (-5, -1)])
    def test_outside_its_dates_an_agreement_is_none(
        self, uow: UnitOfWork, starts: int, ends: int
    ) -> None:
        registered(uow, starts=starts, ends=ends)
        registering.accredit(uow.acting(CHECKER), QILU)

        assert not queries.is_accredited(uow, QILU)

    @pytest.mark.parametrize(("starts", "ends"), [(0, 5), (-5, 0)])
    def test_first_and_last_day_count(self, uow: UnitOfWork, starts: int, ends: int) -> None:
        registered(uow, starts=starts, ends=ends)
        registering.accredit(uow.acting(CHECKER), QILU)

        assert queries.is_accredited(uow, QILU)

    def test_a_new_agreement_ends_the_old(self, uow: UnitOfWork) -> None:
        accredited(uow)
        accredited(uow)

        states = [one.state for one in queries.agreements(uow.acting(SYSTEM), QILU)]
        assert states == [AgreementState.ACTIVE, AgreementState.ENDED]

    def test_one_proposal_at_a_time(self, uow: UnitOfWork) -> None:
        registered(uow)

        with pytest.raises(InvalidStateError):
            registered(uow)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [({"bank_id": "qilu"}, "bank_id"), ({"ends_on": date(2000, 1, 1)}, "ends_on")],
    )
    def test_what_cannot_be_registered(
        self, uow: UnitOfWork, changes: dict[str, object], field: str
    ) -> None:
        command = replace(registered(uow, QUANCHENG), **changes)  # type: ignore[arg-type]

        with pytest.raises(InvalidRequestError) as caught:
            registering.register(uow.acting(OFFICER), command)
        assert list(caught.value.fields) == [field]

    def test_one_person_may_end_it(self, uow: UnitOfWork) -> None:
        accredited(uow)

        registering.end(uow.acting(CHECKER), QILU)

        assert not queries.is_accredited(uow, QILU)
        with pytest.raises(NotFoundError):
            registering.end(uow.acting(CHECKER), QILU)
        with pytest.raises(NotFoundError):
            registering.accredit(uow.acting(CHECKER), QILU)

    def test_roles(self, uow: UnitOfWork) -> None:
        command = registered(uow)

        with pytest.raises(ForbiddenError):
            registering.register(uow.acting(CHECKER), command)
        with pytest.raises(ForbiddenError):
            registering.accredit(uow.acting(OFFICER), QILU)

    def test_an_unknown_bank(self, uow: UnitOfWork) -> None:
        with pytest.raises(NotFoundError):
            queries.bank_of(uow, "bank-nobody")


class TestKeys:
    def test_a_proposed_key_serves_nothing(self, uow: UnitOfWork) -> None:
        accredited(uow)
        proposed(uow)

        with pytest.raises(NotFoundError):
            queries.encryption_key(uow.acting(SYSTEM), QILU)

    def test_a_pinned_key_names_its_owner_and_use(self, uow: UnitOfWork) -> None:
        accredited(uow)
        key = pinned(uow)

        found = queries.encryption_key(uow.acting(SYSTEM), QILU)
        assert found is key
        assert found.jwk["ydt_owner"] == QILU
        assert (found.jwk["use"], found.kid) == ("enc", thumbprint(found.jwk))

    def test_the_next_encryption_key_retires_the_one_before(self, uow: UnitOfWork) -> None:
        accredited(uow)
        first, second = pinned(uow), pinned(uow)

        assert (first.state, second.state) == (KeyState.RETIRED, KeyState.ACTIVE)
        assert first.to_at == second.from_at
        assert queries.encryption_key(uow.acting(SYSTEM), QILU) is second

    def test_receipts_may_have_several_keys(self, uow: UnitOfWork) -> None:
        accredited(uow)
        first, second = pinned(uow, KeyPurpose.ACK), pinned(uow, KeyPurpose.ACK)

        assert list(queries.ack_keys(uow.acting(SYSTEM), QILU)) == [second, first]

    @pytest.mark.promise("T2")
    def test_four_eyes(self, uow: UnitOfWork) -> None:
        accredited(uow)
        jwk = public_of(generate("X25519"))
        command = ProposeKey(bank_id=QILU, use=KeyPurpose.ENC, jwk=jwk)
        key = keys.propose(uow.acting(OFFICER), command)
        same = replace(CHECKER, person_id=OFFICER.person_id)

        with pytest.raises(FourEyesError):
            keys.pin(uow.acting(same), key.id)
        with pytest.raises(FourEyesError):
            keys.pin(uow.acting(replace(CHECKER, person_id=None)), key.id)

    def test_a_decided_key_is_decided(self, uow: UnitOfWork) -> None:
        accredited(uow)
        refused = proposed(uow)
        keys.refuse(uow.acting(CHECKER), refused.id)

        assert refused.state is KeyState.REFUSED
        with pytest.raises(InvalidStateError):
            keys.pin(uow.acting(CHECKER), refused.id)
        with pytest.raises(InvalidStateError):
            keys.revoke(uow.acting(CHECKER), refused.id)
        with pytest.raises(NotFoundError):
            keys.pin(uow.acting(CHECKER), uuid7())

    @pytest.mark.parametrize("who", [CHECKER, a_banker("bank_product")])
    def test_one_person_of_bank_or_centre_may_revoke(self, uow: UnitOfWork, who: object) -> None:
        accredited(uow)
        key = pinned(uow)

        keys.revoke(uow.acting(who), key.id)  # type: ignore[arg-type]

        assert key.revoked_at is not None
        with pytest.raises(NotFoundError):
            queries.encryption_key(uow.acting(SYSTEM), QILU)

    def test_a_key_is_proposed_once(self, uow: UnitOfWork) -> None:
        accredited(uow)
        key = proposed(uow)
        again = ProposeKey(bank_id=QILU, use=KeyPurpose.ENC, jwk=key.jwk)

        with pytest.raises(ConflictError):
            keys.propose(uow.acting(OFFICER), again)

    @pytest.mark.parametrize("use", KeyPurpose)
    def test_only_public_keys_of_the_right_kind(self, uow: UnitOfWork, use: KeyPurpose) -> None:
        accredited(uow)
        wrong = generate("Ed25519" if use is KeyPurpose.ENC else "X25519")

        for jwk in (public_of(wrong), wrong, {}, {"kty": "RSA"}):
            with pytest.raises(InvalidRequestError):
                keys.propose(uow.acting(OFFICER), ProposeKey(bank_id=QILU, use=use, jwk=jwk))

    @pytest.mark.promise("T5")
    def test_another_bank_neither_sees_nor_proposes(self, uow: UnitOfWork) -> None:
        accredited(uow)
        accredited(uow, QUANCHENG)
        pinned(uow)
        command = ProposeKey(bank_id=QILU, use=KeyPurpose.ENC, jwk=public_of(generate("X25519")))

        other = uow.acting(a_banker("bank_product", QUANCHENG))
        with pytest.raises(NotFoundError):
            keys.propose(other, command)
        other.session.expunge_all()
        assert queries.keys_of_bank(other, QILU) == []
        assert len(queries.keys_of_bank(uow.acting(SYSTEM), QILU)) == 1
        assert [bank.id for bank in queries.banks(uow)] == [QILU, QUANCHENG]
