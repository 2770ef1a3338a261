"""The evaluation record: what is kept, under which key, and that it replays."""

from sqlalchemy import select, text

from tests.lending.builders import (
    AGE,
    GOOD,
    LIMIT,
    Case,
    application,
    evaluate,
    evaluated,
    submitted,
)
from yidaitong.authorizations import stopping
from yidaitong.authorizations.commands import Revoke
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import evaluations, screening
from yidaitong.lending.facts import merged, platform_facts
from yidaitong.lending.models import Evaluation, EvaluationPart
from yidaitong.products import policy
from yidaitong.products import queries as products
from yidaitong.pulls.queries import pulls_of_application


def newest(uow: UnitOfWork, case: Case) -> Evaluation:
    found = evaluations.newest_of(uow, application(uow, case))
    assert found is not None
    return found


class TestEvaluate:
    def test_waits_until_pulls_have_ended(self, uow: UnitOfWork) -> None:
        case = submitted(uow)

        assert screening.evaluate(uow.acting(SYSTEM), case.id) is None

    def test_the_same_material_is_evaluated_once(self, uow: UnitOfWork) -> None:
        case = evaluated(uow)
        first = newest(uow, case)

        again = evaluate(uow, case)

        assert again.id == first.id
        assert len(uow.session.scalars(select(Evaluation)).all()) == 1

    def test_a_further_packet_makes_a_further_record(self, uow: UnitOfWork) -> None:
        case = evaluated(uow, {**GOOD, "tax.zero_months_12m": None})
        assert newest(uow, case).result == "REFER"

        evaluate(uow, case, {**GOOD, "court.dishonest_open": 0})

        assert newest(uow, case).result == "PASS"
        assert len(uow.session.scalars(select(Evaluation)).all()) == 2

    def test_an_unknown_is_referred_never_passed(self, uow: UnitOfWork) -> None:
        case = submitted(uow)

        found = evaluate(uow, case, GOOD, age=None)

        assert found.result == "REFER"
        assert found.reasons == ["C6"]

    def test_the_record_replays_to_the_same_hash(self, uow: UnitOfWork) -> None:
        case = evaluated(uow)
        stored = newest(uow, case)
        row = application(uow, case)
        version = products.version_of(uow, row.product_id, row.product_version)

        inputs = merged(evaluations.facts_of(uow, stored), platform_facts(uow, row))
        again = policy.evaluate(products.policy_of(version), inputs)

        assert evaluations.record_sha256(stored, again.trace, inputs) == stored.record_sha256
        assert again.limit_fen == stored.limit_fen == LIMIT
        assert evaluations.trace_of(uow, stored) == again.trace


class TestKeys:
    def test_the_age_is_sealed_under_the_persons_own_consent(self, uow: UnitOfWork) -> None:
        case = evaluated(uow)
        stopping.revoke(uow.acting(case.firm.rep), Revoke(chain_id=case.chains[1]))
        system = uow.acting(SYSTEM)

        trace = evaluations.trace_of(system, newest(uow, case))

        assert trace is not None
        rules = {rule["id"]: rule for rule in trace["rules"]}
        assert rules["C6"]["v"] is None
        assert rules["A4"]["v"] == GOOD["tax.paid_12m_fen"]

    def test_nothing_opens_after_the_enterprise_withdrew(self, uow: UnitOfWork) -> None:
        case = evaluated(uow)
        stopping.revoke(uow.acting(case.firm.rep), Revoke(chain_id=case.chains[0]))

        assert evaluations.trace_of(uow.acting(SYSTEM), newest(uow, case)) is None

    def test_values_are_not_in_the_tables(self, uow: UnitOfWork) -> None:
        evaluated(uow)
        uow.acting(SYSTEM)
        rows = uow.session.execute(text("SELECT row_to_json(e)::text FROM evaluation e")).scalars()
        parts = uow.session.scalars(select(EvaluationPart)).all()

        assert all(str(GOOD["tax.paid_12m_fen"]) not in row for row in rows)
        assert all(str(AGE).encode() + b"}" not in part.sealed for part in parts)
        assert sorted(part.main for part in parts) == [False, True]


class TestStartPulls:
    def test_begins_one_pull_for_each_consent_and_repeats_safely(self, uow: UnitOfWork) -> None:
        case = submitted(uow)
        system = uow.acting(SYSTEM)

        first = screening.start_pulls(system, case.id)
        again = screening.start_pulls(system, case.id)

        assert len(first) == 2
        assert again == first
        assert {pull.chain_id for pull in pulls_of_application(system, case.id)} == set(case.chains)

    def test_leaves_out_a_consent_that_ended(self, uow: UnitOfWork) -> None:
        case = submitted(uow)
        stopping.revoke(uow.acting(case.firm.rep), Revoke(chain_id=case.chains[1]))

        begun = screening.start_pulls(uow.acting(SYSTEM), case.id)

        assert len(begun) == 1

    def test_evaluation_waits_for_them(self, uow: UnitOfWork) -> None:
        case = submitted(uow)
        system = uow.acting(SYSTEM)
        screening.start_pulls(system, case.id)

        assert screening.evaluate(system, case.id) is None
