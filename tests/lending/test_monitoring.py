"""A bank's own requests about a loan: drafted, sent, decided, used, ended with the loan."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from consent.errors import (
    InvalidScopeError,
    InvalidStateError,
    MandateInsufficientError,
    NotFoundError,
    RequestExistsError,
)
from consent.lifecycle import ConsentState, RequestState
from consent.models import Chain, ConsentRequest, EventRow
from tests.authorizations.builders import sign as sign_as_rep
from tests.lending.builders import (
    Case,
    a_banker,
    a_version,
    contracted,
    disbursed,
    report,
)
from yidaitong.authorizations import asked, bank_asking, bank_asks, queries, signing
from yidaitong.authorizations.amending import offer_renewals
from yidaitong.authorizations.bank_asks import AskGroup
from yidaitong.authorizations.commands import Revoke
from yidaitong.authorizations.offers import current_offer
from yidaitong.authorizations.stopping import revoke
from yidaitong.banks.models import AgreementState, BankAgreement
from yidaitong.departments.items import ITEMS
from yidaitong.kernel.actor import SYSTEM, Actor
from yidaitong.kernel.errors import ForbiddenError
from yidaitong.kernel.errors import InvalidStateError as StateError
from yidaitong.kernel.errors import NotFoundError as UnknownError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import loan_queries, monitoring
from yidaitong.lending.errors import ProductNotOfferedError
from yidaitong.lending.lifecycle import LoanEventKind
from yidaitong.lending.loan_models import Loan
from yidaitong.products.lifecycle import ProductState
from yidaitong.products.models import ProductVersion
from yidaitong.pulls import authorising
from yidaitong.pulls.errors import FrequencyExceededError
from yidaitong.pulls.orders import PullOrder

NOT_FOUND = (NotFoundError, UnknownError)


def loan_id_of(uow: UnitOfWork, case: Case) -> UUID:
    return (
        uow.acting(SYSTEM)
        .session.scalars(select(Loan.id).where(Loan.application_id == case.id))
        .one()
    )


def drafted(uow: UnitOfWork, case: Case) -> UUID:
    loan_id = loan_id_of(uow, case)
    return monitoring.draft_request(uow.acting(case.maker), loan_id)


def sent(uow: UnitOfWork, case: Case) -> UUID:
    request_id = drafted(uow, case)
    bank_asking.send(uow.acting(case.maker), request_id)
    return request_id


def granted(uow: UnitOfWork, case: Case) -> UUID:
    """The chain of a post-loan consent."""
    request_id = sent(uow, case)
    ask = asked.ask_of_enterprise(uow.acting(case.firm.rep), request_id)
    return sign_as_rep(uow, case.firm, request_id, ask.digest).chain_id


def state_of(uow: UnitOfWork, request_id: UUID) -> RequestState:
    row = uow.acting(SYSTEM).session.get_one(ConsentRequest, request_id, populate_existing=True)
    return row.state


def leaves_of(uow: UnitOfWork, request_id: UUID) -> list[str]:
    query = select(EventRow.type).where(EventRow.ref == request_id).order_by(EventRow.entry_id)
    return list(uow.acting(SYSTEM).session.scalars(query))


def order(chain_id: UUID, key: str) -> PullOrder:
    return PullOrder(chain_id=chain_id, idempotency_key=key)


class TestDraft:
    def test_holds_what_rules_read_and_nothing_personal(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        request_id = drafted(uow, case)

        found = bank_asks.ask_of_bank(uow.acting(case.maker), request_id)

        items = {item for one in found.artefact.datasets for item in one.items}
        assert items == {"reg.status", "tax.paid_12m_fen", "tax.zero_months_12m"}
        assert not any(ITEMS[name].personal for name in items)
        assert all(one.optional for one in found.artefact.datasets)
        assert found.artefact.ends_on == ("LOAN_CLOSED",)
        assert found.line.state is RequestState.DRAFT
        assert "不影响已发放的贷款" in found.text

    def test_asks_nobody_and_writes_no_leaf(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        request_id = drafted(uow, case)

        assert leaves_of(uow, request_id) == []
        rep = uow.acting(case.firm.rep)
        assert queries.open_asks_of_enterprise(rep) == []
        with pytest.raises(NOT_FOUND, match="request"):
            asked.ask_of_enterprise(rep, request_id)

    def test_is_for_a_loan_that_was_paid_out(self, uow: UnitOfWork) -> None:
        case = contracted(uow)

        with pytest.raises(StateError):
            drafted(uow, case)

    def test_of_a_strangers_loan_is_not_found(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        loan_id = loan_id_of(uow, case)
        stranger = a_banker("bank_maker", "bank-other")
        agree(uow, "bank-other")

        with pytest.raises(NOT_FOUND, match="loan"):
            monitoring.draft_request(uow.acting(stranger), loan_id)

    @pytest.mark.parametrize("role", ["bank_checker", "bank_product"])
    def test_is_the_makers_work(self, uow: UnitOfWork, role: str) -> None:
        case = disbursed(uow)
        loan_id = loan_id_of(uow, case)

        with pytest.raises(ForbiddenError):
            monitoring.draft_request(uow.acting(a_banker(role)), loan_id)

    def test_takes_an_agreement_in_force(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        loan_id = loan_id_of(uow, case)
        request_id = drafted(uow, case)
        system = uow.acting(SYSTEM)
        row = system.session.scalars(select(BankAgreement)).one()
        row.state = AgreementState.ENDED
        system.session.flush()

        with pytest.raises(ForbiddenError):
            bank_asking.send(uow.acting(case.maker), request_id)
        with pytest.raises(ProductNotOfferedError):
            monitoring.draft_request(uow.acting(case.maker), loan_id)


def agree(uow: UnitOfWork, bank_id: str) -> None:
    """An agreement like the first one's for another bank."""
    system = uow.acting(SYSTEM)
    system.session.execute(
        text("INSERT INTO bank SELECT :bank, name_zh, name_en, contact, registered_at FROM bank"),
        {"bank": bank_id},
    )


class TestSend:
    def test_puts_it_before_the_enterprise(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        request_id = sent(uow, case)

        [ask] = queries.open_asks_of_enterprise(uow.acting(case.firm.rep))

        assert ask.request_id == request_id
        assert ask.purpose == "POST_LOAN"
        assert leaves_of(uow, request_id) == ["request.made"]

    def test_a_second_one_is_refused(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        sent(uow, case)
        second = drafted(uow, case)

        with pytest.raises(RequestExistsError):
            bank_asking.send(uow.acting(case.maker), second)
        assert state_of(uow, second) is RequestState.DRAFT

    def test_while_such_a_consent_lives_it_is_refused(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        granted(uow, case)
        second = drafted(uow, case)

        with pytest.raises(RequestExistsError):
            bank_asking.send(uow.acting(case.maker), second)

    def test_after_the_rules_changed_it_is_drafted_again(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        request_id = drafted(uow, case)
        change_rules(uow)

        with pytest.raises(InvalidStateError):
            bank_asking.send(uow.acting(case.maker), request_id)
        assert leaves_of(uow, request_id) == []

    def test_another_bank_finds_nothing(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        request_id = drafted(uow, case)
        agree(uow, "bank-other")
        stranger = a_banker("bank_maker", "bank-other")
        uow.acting(SYSTEM).session.execute(
            text(
                "INSERT INTO bank_agreement SELECT gen_random_uuid(), 'bank-other', state, "
                "starts_on, ends_on, maker_person_id, made_at, checker_person_id, checked_at, "
                "ended_at, row_version FROM bank_agreement"
            )
        )

        acts: list[Callable[[], object]] = [
            lambda: bank_asks.ask_of_bank(uow.acting(stranger), request_id),
            lambda: bank_asking.send(uow.acting(stranger), request_id),
            lambda: bank_asking.take_back(uow.acting(stranger), request_id),
        ]
        for act in acts:
            with pytest.raises(NOT_FOUND, match=f"request {request_id}"):
                act()
        assert bank_asks.asks_of_bank(uow.acting(stranger)) == []


def change_rules(uow: UnitOfWork) -> None:
    system = uow.acting(SYSTEM)
    present = system.session.scalars(
        select(ProductVersion).where(ProductVersion.state == ProductState.EFFECTIVE)
    ).one()
    present.state = ProductState.RETIRED
    system.session.flush()
    following = a_version(uow, version=2)
    following.sha256 = "B" * 43
    system.session.add(following)
    system.session.flush()


class TestDecide:
    def test_refusing_needs_no_reason_and_hides_it(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        request_id = sent(uow, case)

        signing.deny(uow.acting(case.firm.rep), request_id, "不想提供")

        line = bank_asks.ask_of_bank(uow.acting(case.maker), request_id).line
        assert line.state is RequestState.DENIED
        assert "不想提供" not in repr(line)

    def test_the_bank_takes_it_back(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        request_id = sent(uow, case)

        bank_asking.take_back(uow.acting(case.maker), request_id)

        assert state_of(uow, request_id) is RequestState.CANCELLED
        assert leaves_of(uow, request_id) == ["request.made", "request.cancelled"]
        assert queries.open_asks_of_enterprise(uow.acting(case.firm.rep)) == []

    def test_a_draft_is_dropped(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        request_id = drafted(uow, case)

        bank_asking.take_back(uow.acting(case.maker), request_id)

        assert state_of(uow, request_id) is RequestState.CANCELLED
        # The enterprise never heard of it.
        with pytest.raises(NOT_FOUND):
            asked.ask_of_enterprise(uow.acting(case.firm.rep), request_id)

    def test_what_is_decided_cannot_be_taken_back(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        request_id = sent(uow, case)
        signing.deny(uow.acting(case.firm.rep), request_id, None)

        with pytest.raises(InvalidStateError):
            bank_asking.take_back(uow.acting(case.maker), request_id)

    def test_what_the_enterprise_asked_is_not_the_banks_to_take_back(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        own = (
            uow.acting(SYSTEM)
            .session.scalars(
                select(ConsentRequest.id).where(ConsentRequest.application_id == case.id)
            )
            .first()
        )
        assert own is not None

        with pytest.raises(MandateInsufficientError):
            bank_asking.take_back(uow.acting(case.maker), own)
        with pytest.raises(NOT_FOUND, match="request"):
            bank_asks.ask_of_bank(uow.acting(case.maker), own)

    def test_groups_follow_states_and_the_clock(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        request_id = drafted(uow, case)
        assert where_listed(uow, case.maker) == [AskGroup.DRAFT]

        bank_asking.send(uow.acting(case.maker), request_id)
        assert where_listed(uow, case.maker) == [AskGroup.OPEN]

        row = uow.acting(SYSTEM).session.get_one(ConsentRequest, request_id)
        row.lapses_at = uow.now - timedelta(seconds=1)
        uow.session.flush()
        assert where_listed(uow, case.maker) == [AskGroup.CLOSED]


def where_listed(uow: UnitOfWork, maker: Actor) -> list[AskGroup]:
    return [one for one in AskGroup if bank_asks.asks_of_bank(uow.acting(maker), one)]


class TestUse:
    def test_one_call_a_month(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        chain_id = granted(uow, case)
        maker = uow.acting(case.maker)
        pull = authorising.authorise(maker, order(chain_id, "first"))

        with pytest.raises(FrequencyExceededError):
            authorising.authorise(maker, order(chain_id, "second"))
        assert authorising.authorise(maker, order(chain_id, "first")).id == pull.id

    def test_the_settled_loan_ends_it(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        chain_id = granted(uow, case)

        report(uow, case, LoanEventKind.REPAY, serial="R-1", amount_fen=80_000_000)
        report(uow, case, LoanEventKind.SETTLE, serial="S-1")

        state = uow.acting(SYSTEM).session.get_one(Chain, chain_id, populate_existing=True).state
        assert state is ConsentState.EXPIRED

    @pytest.mark.parametrize("make", [drafted, sent])
    def test_a_settled_loan_is_not_asked_about(
        self, uow: UnitOfWork, make: Callable[[UnitOfWork, Case], UUID]
    ) -> None:
        case = disbursed(uow)
        request_id = make(uow, case)

        report(uow, case, LoanEventKind.REPAY, serial="R-1", amount_fen=80_000_000)
        report(uow, case, LoanEventKind.SETTLE, serial="S-1")

        assert state_of(uow, request_id) is RequestState.CANCELLED

    def test_brought_up_to_date_it_reads_no_more_than_monitoring(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        chain_id = granted(uow, case)

        offer = current_offer(uow.acting(case.firm.rep), chain_id)

        assert offer.items == {"reg.status", "tax.paid_12m_fen", "tax.zero_months_12m"}

    def test_what_the_application_asked_stays_apart(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        chain_id = granted(uow, case)

        revoke(uow.acting(case.firm.rep), Revoke(chain_id=chain_id))

        loan = loan_queries.loan_of(uow.acting(case.maker), loan_id_of(uow, case)).loan
        assert loan.state in monitoring.OPEN_LOANS


class TestRenewal:
    def test_a_draft_near_the_end_goes_on_from_it(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        chain_id = granted(uow, case)
        system = uow.acting(SYSTEM)
        chain = system.session.get_one(Chain, chain_id)
        chain.ends_at = chain.due_at = (uow.now + timedelta(days=20)).replace(microsecond=0)
        system.session.flush()
        assert offer_renewals(system) == 1

        request_id = drafted(uow, case)
        bank_asking.send(uow.acting(case.maker), request_id)

        found = bank_asks.ask_of_bank(uow.acting(case.maker), request_id)
        assert found.renews
        assert found.artefact.validity[0] == chain.ends_at
        ask = asked.ask_of_enterprise(uow.acting(case.firm.rep), request_id)
        following = sign_as_rep(uow, case.firm, request_id, ask.digest)
        row = uow.acting(SYSTEM).session.get_one(Chain, following.chain_id)
        assert row.state is ConsentState.SCHEDULED

    def test_nothing_goes_on_from_what_was_withdrawn(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        chain_id = granted(uow, case)
        system = uow.acting(SYSTEM)
        chain = system.session.get_one(Chain, chain_id)
        chain.ends_at = chain.due_at = (uow.now + timedelta(days=20)).replace(microsecond=0)
        system.session.flush()
        assert offer_renewals(system) == 1
        request_id = drafted(uow, case)
        revoke(uow.acting(case.firm.rep), Revoke(chain_id=chain_id))

        with pytest.raises(InvalidScopeError):
            bank_asking.send(uow.acting(case.maker), request_id)
        assert state_of(uow, request_id) is RequestState.DRAFT
