"""Who may sign for an enterprise."""

from datetime import timedelta

import pytest

from tests.enterprises.test_registration import a_registered_enterprise
from yidaitong.enterprises.lifecycle import EnterpriseState
from yidaitong.enterprises.mandate_lifecycle import MandateState
from yidaitong.enterprises.mandates import Signatory, SignatoryRole, signatories
from yidaitong.enterprises.models import Enterprise, Mandate
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork


def a_firm(uow: UnitOfWork) -> Enterprise:
    enterprise = a_registered_enterprise(uow)
    enterprise.rep_person_id = uuid7()
    uow.session.flush()
    return enterprise


def a_mandate(uow: UnitOfWork, enterprise: Enterprise, **changes: object) -> Mandate:
    values: dict[str, object] = {
        "enterprise_id": enterprise.id,
        "person_id": uuid7(),
        "rights": ["fill", "authorise_data"],
        "state": MandateState.ACTIVE,
        "granted_by": enterprise.rep_person_id,
        "granted_at": uow.now - timedelta(days=2),
        "ends_at": uow.now + timedelta(days=1),
    }
    mandate = Mandate(**(values | changes))  # type: ignore[arg-type]
    uow.session.add(mandate)
    uow.session.flush()
    return mandate


class TestSignatories:
    def test_the_representative_alone_may_sign_at_first(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)

        (only,) = signatories(uow, firm.id)

        assert (only.person_id, only.role, only.mandate_id) == (
            firm.rep_person_id,
            SignatoryRole.LEGAL_REP,
            None,
        )

    def test_an_agent_with_a_live_mandate_may_too(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        mandate = a_mandate(uow, firm)

        assert signatories(uow, firm.id)[1:] == [
            Signatory(mandate.person_id, SignatoryRole.AGENT, mandate.id)
        ]

    @pytest.mark.parametrize("state", [s for s in MandateState if s is not MandateState.ACTIVE])
    def test_a_stopped_mandate_gives_nothing(self, uow: UnitOfWork, state: MandateState) -> None:
        firm = a_firm(uow)
        a_mandate(uow, firm, state=state)

        assert len(signatories(uow, firm.id)) == 1

    def test_an_ended_mandate_gives_nothing(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        a_mandate(uow, firm, ends_at=uow.now)

        assert len(signatories(uow, firm.id)) == 1

    def test_filling_forms_is_not_authorising_data(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        a_mandate(uow, firm, rights=["fill", "view_packet", "sign_application"])

        assert len(signatories(uow, firm.id)) == 1

    def test_one_person_counts_once(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        a_mandate(uow, firm, person_id=firm.rep_person_id)

        assert len(signatories(uow, firm.id)) == 1

    def test_while_the_firm_is_suspended_nobody_may_sign(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        firm.state = EnterpriseState.SUSPENDED
        uow.session.flush()

        assert signatories(uow, firm.id) == []

    def test_an_unknown_firm_is_not_found(self, uow: UnitOfWork) -> None:
        with pytest.raises(NotFoundError):
            signatories(uow, uuid7())
