"""Taking, recommending, deciding: guards, four eyes, one winner."""

import pytest

from tests.lending.builders import (
    GOOD,
    LIMIT,
    NOTE,
    PRODUCT,
    REFERRED,
    REJECTED,
    Case,
    a_banker,
    another_account_of,
    application,
    approval,
    approved,
    evaluated,
    recommend,
    submitted,
    to_check,
)
from yidaitong.authorizations import stopping
from yidaitong.authorizations.commands import Revoke
from yidaitong.authorizations.queries import chains_of_application
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.errors import (
    DataGoneError,
    ForbiddenError,
    FourEyesError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
)
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import applications, exposures, queries, reviewing, underwriting
from yidaitong.lending.commands import CreateApplication, Recommendation, Verdict
from yidaitong.lending.decisions import decision_of
from yidaitong.lending.errors import (
    LimitExceededError,
    NotEvaluatedError,
    PolicyRejectedError,
    TermsChangedError,
)
from yidaitong.lending.kinds import CommandState, Outcome
from yidaitong.lending.lifecycle import ApplicationState

APPROVE = Verdict(outcome=Outcome.APPROVE, note=NOTE)
DECLINE = Recommendation(outcome=Outcome.DECLINE, reasons=("CAPACITY",), note=NOTE)


class TestTake:
    def test_makes_the_actor_the_maker(self, uow: UnitOfWork) -> None:
        case = submitted(uow)

        taken = underwriting.take(uow.acting(case.maker), case.id)

        assert taken.state is ApplicationState.ACCEPTED
        assert taken.maker_person_id == case.maker.person_id

    def test_happens_once(self, uow: UnitOfWork) -> None:
        case = submitted(uow)
        underwriting.take(uow.acting(case.maker), case.id)

        with pytest.raises(InvalidStateError):
            underwriting.take(uow.acting(a_banker("bank_maker")), case.id)

    @pytest.mark.promise("T5")
    def test_another_banks_case_is_not_found(self, uow: UnitOfWork) -> None:
        case = submitted(uow)

        with pytest.raises(NotFoundError):
            underwriting.take(uow.acting(a_banker("bank_maker", "bank-quancheng")), case.id)

    def test_a_checker_may_not(self, uow: UnitOfWork) -> None:
        case = submitted(uow)

        with pytest.raises(ForbiddenError):
            underwriting.take(uow.acting(case.checker), case.id)


class TestScreenOut:
    def test_refuses_with_the_policys_reasons(self, uow: UnitOfWork) -> None:
        case = evaluated(uow, REJECTED)

        decision = underwriting.screen_out(uow.acting(case.maker), case.id)

        assert decision.reasons == ["A4"]
        assert application(uow, case).state is ApplicationState.DECLINED_SCREEN

    @pytest.mark.parametrize("facts", [GOOD, REFERRED])
    def test_is_not_for_what_the_policy_does_not_reject(
        self, uow: UnitOfWork, facts: dict[str, object]
    ) -> None:
        case = evaluated(uow, facts)

        with pytest.raises(InvalidStateError):
            underwriting.screen_out(uow.acting(case.maker), case.id)


class TestRecommend:
    @pytest.mark.parametrize(
        ("command", "field", "code"),
        [
            (approval(amount_fen=None), "amount", "MISSING"),
            (approval(amount_fen=0), "amount", "TOO_SMALL"),
            (approval(amount_fen=100_000_001), "amount", "TOO_LARGE"),
            (approval(rate_bp=541), "rate_bp", "TOO_LARGE"),
            (approval(rate_bp=None), "rate_bp", "MISSING"),
            (approval(term_months=13), "term_months", "TOO_LARGE"),
            (approval(reasons=("CAPACITY",)), "reasons", "UNEXPECTED"),
            (Recommendation(outcome=Outcome.DECLINE), "reasons", "MISSING"),
            (Recommendation(outcome=Outcome.DECLINE, reasons=("X",)), "reasons", "CHOICE"),
            (Recommendation(outcome=Outcome.RETURN), "outcome", "CHOICE"),
        ],
    )
    def test_refuses_terms_that_cannot_be(
        self, uow: UnitOfWork, command: Recommendation, field: str, code: str
    ) -> None:
        case = evaluated(uow)

        with pytest.raises(InvalidRequestError) as caught:
            recommend(uow, case, command)

        assert caught.value.fields == {field: code}

    def test_an_amount_above_the_policys_limit_is_refused(self, uow: UnitOfWork) -> None:
        case = evaluated(uow)

        with pytest.raises(LimitExceededError):
            recommend(uow, case, approval(amount_fen=LIMIT + 1))

    def test_the_limit_itself_may_be_recommended(self, uow: UnitOfWork) -> None:
        case = to_check(uow, command=approval(amount_fen=LIMIT))

        assert application(uow, case).state is ApplicationState.PENDING_CHECK

    def test_nothing_is_approved_before_the_policy_spoke(self, uow: UnitOfWork) -> None:
        case = submitted(uow)

        with pytest.raises(NotEvaluatedError):
            recommend(uow, case)

    def test_a_reject_cannot_be_approved(self, uow: UnitOfWork) -> None:
        case = evaluated(uow, REJECTED)

        with pytest.raises(PolicyRejectedError):
            recommend(uow, case)

    def test_a_refer_needs_written_reasons(self, uow: UnitOfWork) -> None:
        case = evaluated(uow, REFERRED)

        with pytest.raises(InvalidRequestError) as caught:
            recommend(uow, case, approval(note=" "))

        assert caught.value.fields == {"note": "MISSING"}

    def test_a_refusal_may_name_the_policys_own_reasons(self, uow: UnitOfWork) -> None:
        command = Recommendation(outcome=Outcome.DECLINE, reasons=("A4", "MANUAL"))

        case = to_check(uow, REJECTED, command)

        assert application(uow, case).state is ApplicationState.PENDING_CHECK


class TestDecide:
    def test_an_approval_reserves_the_amount_and_ends_the_consent(self, uow: UnitOfWork) -> None:
        case = approved(uow)

        assert application(uow, case).state is ApplicationState.APPROVED
        assert exposures.platform_fen(uow, case.firm.enterprise_id) == 80_000_000
        states = {one.state.value for one in chains_of_application(uow.acting(SYSTEM), case.id)}
        assert states == {"EXPIRED"}

    @pytest.mark.promise("T2")
    def test_the_maker_cannot_be_the_checker_in_another_account(self, uow: UnitOfWork) -> None:
        case = to_check(uow)
        second = another_account_of(case.maker, "bank_checker")

        with pytest.raises(FourEyesError):
            underwriting.decide(uow.acting(second), case.id, APPROVE)

        assert application(uow, case).state is ApplicationState.PENDING_CHECK
        assert decision_of(uow, case.id) is None

    @pytest.mark.promise("T2")
    def test_whoever_recommended_last_is_the_maker(self, uow: UnitOfWork) -> None:
        case = to_check(uow)
        returned = Verdict(outcome=Outcome.RETURN, note="补充说明")
        underwriting.decide(uow.acting(case.checker), case.id, returned)
        colleague = a_banker("bank_maker")
        underwriting.recommend(uow.acting(colleague), case.id, approval())

        with pytest.raises(FourEyesError):
            underwriting.decide(
                uow.acting(another_account_of(colleague, "bank_checker")), case.id, APPROVE
            )

    def test_the_checker_signs_the_very_bytes(self, uow: UnitOfWork) -> None:
        case = to_check(uow)
        shown = queries.application_of_bank(uow.acting(case.checker), case.id).waiting

        assert shown is not None
        wrong = Verdict(outcome=Outcome.APPROVE, sha256="A" * 43)
        with pytest.raises(TermsChangedError):
            underwriting.decide(uow.acting(case.checker), case.id, wrong)
        right = Verdict(outcome=Outcome.APPROVE, sha256=shown.command.sha256)
        underwriting.decide(uow.acting(case.checker), case.id, right)
        found = decision_of(uow, case.id)
        assert found is not None
        assert found.command_sha256 == shown.command.sha256

    def test_guards_run_again_with_what_is_owed_by_now(self, uow: UnitOfWork) -> None:
        case = to_check(uow)
        _owe(uow, case, 20_000_000)

        with pytest.raises(LimitExceededError):
            underwriting.decide(uow.acting(case.checker), case.id, APPROVE)

    def test_nothing_is_approved_on_withdrawn_data(self, uow: UnitOfWork) -> None:
        case = to_check(uow)
        stopping.revoke(uow.acting(case.firm.rep), Revoke(chain_id=case.chains[0]))

        with pytest.raises(DataGoneError):
            underwriting.decide(uow.acting(case.checker), case.id, APPROVE)

    def test_without_the_representatives_age_a_person_must_write_why(self, uow: UnitOfWork) -> None:
        case = to_check(uow)
        stopping.revoke(uow.acting(case.firm.rep), Revoke(chain_id=case.chains[1]))

        with pytest.raises(InvalidRequestError):
            underwriting.decide(uow.acting(case.checker), case.id, Verdict(outcome=Outcome.APPROVE))

    def test_a_refer_needs_the_checkers_reasons_too(self, uow: UnitOfWork) -> None:
        case = to_check(uow, REFERRED)

        with pytest.raises(InvalidRequestError):
            underwriting.decide(uow.acting(case.checker), case.id, Verdict(outcome=Outcome.APPROVE))

    def test_a_recommended_refusal_cannot_become_an_approval(self, uow: UnitOfWork) -> None:
        case = to_check(uow, command=DECLINE)

        with pytest.raises(InvalidStateError):
            underwriting.decide(uow.acting(case.checker), case.id, APPROVE)

    def test_a_refusal_keeps_its_reasons(self, uow: UnitOfWork) -> None:
        case = to_check(uow, command=DECLINE)

        underwriting.decide(uow.acting(case.checker), case.id, Verdict(outcome=Outcome.DECLINE))

        found = decision_of(uow, case.id)
        assert found is not None
        assert found.reasons == ["CAPACITY"]
        assert application(uow, case).state is ApplicationState.DECLINED

    def test_a_return_needs_a_reason_and_keeps_it(self, uow: UnitOfWork) -> None:
        case = to_check(uow)
        checker = uow.acting(case.checker)
        with pytest.raises(InvalidRequestError):
            underwriting.decide(checker, case.id, Verdict(outcome=Outcome.RETURN))

        underwriting.decide(checker, case.id, Verdict(outcome=Outcome.RETURN, note="请补充"))

        kept = queries.application_of_bank(checker, case.id).proposals[0]
        assert kept.command.state is CommandState.REJECTED
        assert kept.check_note == "请补充"

    def test_nothing_is_decided_twice(self, uow: UnitOfWork) -> None:
        case = approved(uow)

        with pytest.raises(InvalidStateError):
            underwriting.decide(uow.acting(a_banker("bank_checker")), case.id, APPROVE)


class TestInformation:
    def test_question_and_answer_go_to_the_other_side(self, uow: UnitOfWork) -> None:
        case = evaluated(uow)
        underwriting.take(uow.acting(case.maker), case.id)
        reviewing.ask_information(uow.acting(case.maker), case.id, "请说明用途")
        reviewing.give_information(uow.acting(case.firm.rep), case.id, "采购钢材")

        seen = queries.application_of_bank(uow.acting(case.maker), case.id)

        assert [one.note for one in seen.steps if one.note] == ["请说明用途", "采购钢材"]
        assert seen.application.state is ApplicationState.IN_REVIEW


def _owe(uow: UnitOfWork, case: Case, amount_fen: int) -> None:
    """Another application of the same firm has credit reserved."""
    other = applications.create(
        uow.acting(case.firm.rep),
        CreateApplication(product_id=PRODUCT, amount_fen=amount_fen, term_months=12),
    )
    exposures.hold(uow.acting(SYSTEM), other, amount_fen)
