"""How many must sign: the representative raises, the present quorum lowers, one keeps."""

import pytest

from consent import errors as consent_errors
from tests.authorizations.builders import WITHOUT_PERSON, Firm, a_firm, ask
from tests.authorizations.people import actor_of, an_agent
from tests.authorizations.test_mandates import events_of, raise_quorum, sign_as
from yidaitong.accounts import stepup
from yidaitong.accounts.models import Account
from yidaitong.authorizations import mandates, quorums
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.errors import (
    ForbiddenError,
    InvalidRequestError,
    InvalidStateError,
)
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork


class TestQuorum:
    def test_the_representative_raises_it(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        an_agent(uow, firm)

        raise_quorum(uow, firm, 2)

        standing = quorums.standing_of(uow.acting(firm.rep))
        assert (standing.m, standing.n) == (2, 2)
        assert events_of(uow, firm.enterprise_id)[-1] == "quorum.changed"
        asked = ask(uow, firm, WITHOUT_PERSON)
        assert sign_as(uow, firm.rep, asked.request_id, asked.digest) is None

    def test_not_above_those_who_may_sign(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)

        with pytest.raises(InvalidRequestError):
            raise_quorum(uow, firm, 2)

    def test_an_agent_does_not_raise_it(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        agent, _ = an_agent(uow, firm)

        with pytest.raises(ForbiddenError):
            quorums.raise_to(uow.acting(agent), 2, "x")

    def test_the_present_quorum_lowers_it(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        agent, _ = an_agent(uow, firm)
        raise_quorum(uow, firm, 2)
        digest = quorums.digest_of(firm.enterprise_id, 1)

        rep = uow.acting(firm.rep)
        first = quorums.agree_to_lower(rep, 1, stepup.issue(rep, digest))
        again = quorums.agree_to_lower(rep, 1, stepup.issue(rep, digest))
        own = uow.acting(agent)
        last = quorums.agree_to_lower(own, 1, stepup.issue(own, digest))

        assert (first.m, first.proposed, first.approved) == (2, 1, 1)
        assert (again.m, again.approved, again.mine) == (2, 1, True)
        assert (last.m, last.proposed) == (1, None)

    def test_one_signatory_keeps_it(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        agent, _ = an_agent(uow, firm)
        raise_quorum(uow, firm, 2)
        rep = uow.acting(firm.rep)
        digest = quorums.digest_of(firm.enterprise_id, 1)
        quorums.agree_to_lower(rep, 1, stepup.issue(rep, digest))

        quorums.withdraw_proposal(uow.acting(agent))

        assert quorums.standing_of(uow.acting(firm.rep)).proposed is None

    def test_with_fewer_than_it_needs_nothing_is_asked(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        _, mandate_id = an_agent(uow, firm)
        raise_quorum(uow, firm, 2)
        mandates.revoke(uow.acting(firm.rep), mandate_id)

        with pytest.raises(InvalidStateError):
            ask(uow, firm, WITHOUT_PERSON)

    def test_agreeing_takes_a_signatory(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        an_agent(uow, firm)
        raise_quorum(uow, firm, 2)
        stranger = uow.acting(firm.colleague())
        assert uuid7() != stranger.actor.person_id

        with pytest.raises(consent_errors.MandateInsufficientError):
            quorums.agree_to_lower(stranger, 1, "x")

    def test_two_accounts_of_one_person_count_once(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        agent, _ = an_agent(uow, firm)
        raise_quorum(uow, firm, 2)
        asked = ask(uow, firm, WITHOUT_PERSON)
        assert sign_as(uow, firm.rep, asked.request_id, asked.digest) is None
        again = actor_of(uow, another_account(uow, firm))
        assert (again.person_id, again.account_id != firm.rep.account_id) == (
            firm.rep.person_id,
            True,
        )

        with pytest.raises(consent_errors.InvalidStateError):
            sign_as(uow, again, asked.request_id, asked.digest)

        assert sign_as(uow, agent, asked.request_id, asked.digest) is not None


def another_account(uow: UnitOfWork, firm: Firm) -> Account:
    """A second account of the representative, with a login of its own."""
    assert firm.rep.person_id is not None
    account = Account(
        org_id=str(firm.enterprise_id),
        person_id=firm.rep.person_id,
        login_index=uuid7().bytes,
        login_hint="139****0000",
        password_hash="x",
        roles=["ent_rep"],
        created_at=uow.now,
        password_changed_at=uow.now,
    )
    uow.acting(SYSTEM).session.add(account)
    uow.session.flush()
    return account
