"""A bank asks an individual business: its owner decides, and only the present one."""

from uuid import UUID

import pytest
from sqlalchemy import select

from consent.artefact import Application
from consent.errors import InvalidStateError
from tests.authorizations.builders import a_firm
from tests.authorizations.builders import sign as sign_as_rep
from tests.lending.builders import PRODUCT, a_bank, a_banker
from yidaitong.accounts.models import Person
from yidaitong.authorizations import asked, bank_asking, bank_asks
from yidaitong.authorizations.bank_asking import BankAsk
from yidaitong.authorizations.offers import monitoring_offer
from yidaitong.authorizations.purposes import Purpose
from yidaitong.enterprises.models import Enterprise
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products.queries import effective

INDIVIDUAL = "92370199MAPKJMT92W"
MAKER = a_banker("bank_maker")


def drafted(uow: UnitOfWork, enterprise_id: UUID) -> UUID:
    version = effective(uow.acting(SYSTEM), PRODUCT)
    assert version is not None
    ask = BankAsk(
        enterprise_id=enterprise_id,
        offer=monitoring_offer(uow, version),
        purpose=Purpose.POST_LOAN,
        application=Application(application_id=str(uuid7()), amount_fen=10_000_000, term_months=12),
    )
    return bank_asking.draft_for_bank(uow.acting(MAKER), ask)


class TestOwner:
    def test_is_asked_as_a_person_and_signs(self, uow: UnitOfWork) -> None:
        a_bank(uow)
        firm = a_firm(uow, INDIVIDUAL)
        request_id = drafted(uow, firm.enterprise_id)
        bank_asking.send(uow.acting(MAKER), request_id)

        found = bank_asks.ask_of_bank(uow.acting(MAKER), request_id)
        assert found.line.personal
        assert found.artefact.companion_of is None
        assert "不影响已发放的贷款" in found.text
        ask = asked.ask_of_enterprise(uow.acting(firm.rep), request_id)
        assert sign_as_rep(uow, firm, request_id, ask.digest).chain_id == found.line.chain_id

    def test_another_owner_is_asked_anew(self, uow: UnitOfWork) -> None:
        a_bank(uow)
        firm = a_firm(uow, INDIVIDUAL)
        request_id = drafted(uow, firm.enterprise_id)
        system = uow.acting(SYSTEM)
        heir = Person(
            id_number_index=uuid7().bytes, name_sealed=b"", id_number_sealed=b"", created_at=uow.now
        )
        system.session.add(heir)
        system.session.flush()
        enterprise = system.session.scalars(select(Enterprise)).one()
        enterprise.rep_person_id = heir.id
        system.session.flush()

        with pytest.raises(InvalidStateError):
            bank_asking.send(uow.acting(MAKER), request_id)
