"""Ending and halting: one person stops for good, the clock is recorded first, ends are facts."""

from datetime import timedelta
from uuid import UUID

import pytest

from consent import errors, service
from consent.artefact import write_at
from consent.lifecycle import ConsentState
from consent.models import Chain
from consent.service import Order
from tests.consent.desks import (
    BANK,
    World,
    a_consent,
    a_personal_ask,
    a_request,
    a_world,
    an_ask,
    leaves,
    leaves_of,
    moved,
    sign,
)
from yidaitong.kernel.uow import UnitOfWork

ORDER = Order(reason_class="MANDATE_REVIEW")


class TestLockChain:
    def test_the_clock_is_recorded_before_the_decision(self, world: World) -> None:
        chain_id = a_consent(world)

        live = service.lock_chain(moved(world, timedelta(days=31)).desk(), chain_id)

        assert live.state is ConsentState.EXPIRED
        assert live.epoch == 2
        assert leaves_of(world.session, chain_id) == ["consent.granted", "consent.expired"]

    def test_a_second_look_records_nothing_more(self, world: World) -> None:
        chain_id = a_consent(world)
        later = moved(world, timedelta(days=31))
        service.lock_chain(later.desk(), chain_id)

        service.lock_chain(later.desk(), chain_id)

        assert leaves_of(world.session, chain_id) == ["consent.granted", "consent.expired"]

    def test_a_start_is_recorded(self, world: World) -> None:
        start = (world.clock() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        chain_id = a_consent(world, starts_at=start)

        live = service.lock_chain(moved(world, timedelta(days=2)).desk(), chain_id)

        assert live.state is ConsentState.ACTIVE
        assert leaves_of(world.session, chain_id) == ["consent.granted", "consent.activated"]

    def test_only_its_parties_find_it(self, world: World) -> None:
        chain_id = a_consent(world)

        assert service.lock_chain(world.desk(bank=BANK), chain_id).id == chain_id
        for stranger in (world.desk(bank="bank-b"), a_world(world.session).desk()):
            with pytest.raises(errors.NotFoundError):
                service.lock_chain(stranger, chain_id)


class TestRequireActive:
    def test_an_active_consent_passes(self, world: World) -> None:
        service.lock_chain(world.desk(bank=BANK), a_consent(world)).require_active()

    def test_a_paused_one_says_until_when(self, world: World) -> None:
        chain_id = a_consent(world)
        until = world.clock() + timedelta(hours=1)
        service.pause(world.desk(), chain_id, until)

        with pytest.raises(errors.ConsentPausedError) as refusal:
            service.lock_chain(world.desk(bank=BANK), chain_id).require_active()

        assert refusal.value.details == {"resumes_at": until}

    def test_a_revoked_one_says_so(self, world: World) -> None:
        chain_id = a_consent(world)
        service.revoke(world.desk(), chain_id)

        with pytest.raises(errors.ConsentRevokedError):
            service.lock_chain(world.desk(bank=BANK), chain_id).require_active()


class TestRevoke:
    def test_it_takes_one_of_n_signed_or_not_and_an_ordinary_session(self, uow: UnitOfWork) -> None:
        world = a_world(uow.session, people=3)
        chain_id = a_consent(world)

        stopped = service.revoke(world.desk(2, step_up=False), chain_id, "SUBJECT_WISH")

        assert stopped.first
        assert stopped.chain.state is ConsentState.REVOKED
        assert leaves_of(uow.session, chain_id)[-1] == "consent.revoked"

    def test_doing_it_twice_gives_the_first_event(self, world: World) -> None:
        chain_id = a_consent(world)
        first = service.revoke(world.desk(), chain_id)

        second = service.revoke(world.desk(), chain_id)

        assert not second.first
        assert second.event_id == first.event_id
        assert second.effective_at == first.effective_at
        assert leaves_of(world.session, chain_id).count("consent.revoked") == 1

    def test_the_bank_may_renounce(self, world: World) -> None:
        chain_id = a_consent(world)

        assert service.revoke(world.desk(bank=BANK), chain_id).first

    def test_after_the_end_it_withdraws_the_use(self, world: World) -> None:
        chain_id = a_consent(world)
        service.close(world.system, chain_id, "DECISION")

        stopped = service.revoke(world.desk(), chain_id)

        assert stopped.chain.state is ConsentState.EXPIRED
        assert stopped.chain.row.use_ended_at == stopped.effective_at
        assert leaves_of(world.session, chain_id)[-1] == "consent.use_withdrawn"
        assert not service.revoke(world.desk(), chain_id).first

    def test_it_needs_no_evidence_service(self, world: World) -> None:
        chain_id = a_consent(world)
        desk = world.desk()

        def away() -> None:
            raise errors.EvidenceUnavailableError

        desk.evidence_ready = away

        assert service.revoke(desk, chain_id).first

    def test_the_personal_consent_ends_with_it(self, world: World) -> None:
        parent = a_request(world)
        companion = a_personal_ask(world, parent.artefact)
        service.make(world.desk(), companion)
        granted = sign(world, parent)
        personal = sign(world, companion)
        assert granted.chain is not None
        assert personal.chain is not None

        stopped = service.revoke(world.desk(), granted.chain.id)

        assert [one.chain.id for one in stopped.companions] == [personal.chain.id]
        assert personal.chain.row.state is ConsentState.REVOKED

    def test_revoking_the_personal_one_leaves_the_enterprise_its_own(self, world: World) -> None:
        parent = a_request(world)
        companion = a_personal_ask(world, parent.artefact)
        service.make(world.desk(), companion)
        granted = sign(world, parent)
        personal = sign(world, companion)
        assert granted.chain is not None
        assert personal.chain is not None

        service.revoke(world.desk(), personal.chain.id)

        assert granted.chain.row.state is ConsentState.ACTIVE


class TestPause:
    def test_the_clock_lifts_it(self, world: World) -> None:
        chain_id = a_consent(world)
        service.pause(world.desk(), chain_id, world.clock() + timedelta(hours=1))

        touched = service.record_due(moved(world, timedelta(hours=2)).system)

        assert [live.state for live in touched] == [ConsentState.ACTIVE]
        assert leaves_of(world.session, chain_id)[-2:] == ["consent.paused", "consent.resumed"]

    def test_a_past_instant_is_refused(self, world: World) -> None:
        chain_id = a_consent(world)

        with pytest.raises(errors.InvalidStateError):
            service.pause(world.desk(), chain_id, world.clock())

    def test_resuming_needs_a_fresh_proof_of_identity(self, world: World) -> None:
        chain_id = a_consent(world)
        service.pause(world.desk(), chain_id)

        with pytest.raises(errors.StepUpRequiredError):
            service.resume(world.desk(step_up=False), chain_id)

    def test_another_person_cannot_resume_what_needs_a_quorum(self, uow: UnitOfWork) -> None:
        world = a_world(uow.session, people=2)
        ask = a_request(world, 2)
        sign(world, ask, 0)
        granted = sign(world, ask, 1)
        assert granted.chain is not None
        service.pause(world.desk(0), granted.chain.id)

        with pytest.raises(errors.MandateInsufficientError):
            service.resume(world.desk(1), granted.chain.id)
        service.resume(world.desk(0), granted.chain.id)


class TestSuspend:
    def test_lifting_it_gives_back_the_pause(self, world: World) -> None:
        chain_id = a_consent(world)
        service.pause(world.desk(), chain_id)
        service.suspend(world.system, chain_id, ORDER)

        service.restore(world.system, chain_id, ORDER)

        assert world.session.get_one(Chain, chain_id).state is ConsentState.PAUSED

    def test_a_pause_that_ran_out_meanwhile_is_over(self, world: World) -> None:
        chain_id = a_consent(world)
        service.pause(world.desk(), chain_id, world.clock() + timedelta(hours=1))
        service.suspend(world.system, chain_id, ORDER)

        service.restore(moved(world, timedelta(hours=2)).system, chain_id, ORDER)

        chain = world.session.get_one(Chain, chain_id)
        assert chain.state is ConsentState.ACTIVE
        assert chain.resumes_at is None


class TestClose:
    def test_it_ends_on_what_the_consent_names(self, world: World) -> None:
        chain_id = a_consent(world)

        assert service.close(world.system, chain_id, "DECISION") is not None

        chain = world.session.get_one(Chain, chain_id)
        assert (chain.state, chain.end_cause) == (ConsentState.EXPIRED, "DECISION")
        assert service.close(world.system, chain_id, "DECISION") is None

    def test_it_ends_on_nothing_else(self, world: World) -> None:
        chain_id = a_consent(world)

        with pytest.raises(errors.InvalidScopeError):
            service.close(world.system, chain_id, "LOAN_CLOSED")


class TestRecordDue:
    def test_it_finds_only_what_is_due(self, world: World) -> None:
        kept, ended = a_consent(world), a_consent(a_world(world.session))
        world.session.get_one(Chain, ended).due_at = world.clock() - timedelta(seconds=1)
        world.session.get_one(Chain, ended).ends_at = world.clock() - timedelta(seconds=1)
        world.session.flush()

        touched = service.record_due(world.system)

        assert [live.id for live in touched] == [ended]
        assert world.session.get_one(Chain, kept).state is ConsentState.ACTIVE


class TestMake:
    def test_an_open_request_keeps_the_second_out(self, world: World) -> None:
        first = a_request(world)

        with pytest.raises(errors.RequestExistsError) as refusal:
            a_request(world)

        assert refusal.value.details == {"request_id": UUID(first.artefact.request_id)}

    def test_a_living_consent_keeps_the_second_out(self, world: World) -> None:
        chain_id = a_consent(world)

        with pytest.raises(errors.RequestExistsError), world.session.begin_nested():
            a_request(world)

        service.revoke(world.desk(), chain_id)
        a_request(world)

    def test_a_renewal_may_name_it(self, world: World) -> None:
        chain_id = a_consent(world)
        ends_at = world.session.get_one(Chain, chain_id).ends_at

        a_request(
            world,
            renews=str(chain_id),
            starts_at=write_at(ends_at),
            expires_at=write_at(ends_at + timedelta(days=30)),
        )

    def test_a_renewal_begins_when_the_old_one_ends(self, world: World) -> None:
        chain_id = a_consent(world)

        with pytest.raises(errors.InvalidScopeError):
            a_request(world, renews=str(chain_id))

    @pytest.mark.parametrize(
        "changes",
        [
            {"mode": "SELL"},
            {"fetch_type": "ALWAYS"},
            {"datasets": []},
            {"ends_on": ["NEVER"]},
            {"version": 2},
            {"supersedes": "019cac10-fb40-7c51-aa00-4afce17edb2d"},
            {"expires_at": "2020-01-01T00:00:00Z"},
            {"expires_at": "2099-01-01T00:00:00Z"},
            {"frequency": {"unit": "LIFE", "n": 0, "anchor_tz": "Asia/Shanghai"}},
            {"chain_id": "019cac10-fb40-7c51-aa00-4afce17edb2d"},
            {"companion_of": "019cac10-fb40-7c51-aa00-4afce17edb2d"},
        ],
    )
    def test_terms_outside_the_list_are_refused(
        self, world: World, changes: dict[str, object]
    ) -> None:
        logged = len(leaves(world.session))

        with pytest.raises(errors.InvalidScopeError):
            service.make(world.desk(), an_ask(world, 1, **changes))

        assert len(leaves(world.session)) == logged

    def test_a_person_is_not_asked_in_the_name_of_the_enterprise(self, world: World) -> None:
        parent = a_request(world)
        ask = a_personal_ask(world, parent.artefact)

        with pytest.raises(errors.InvalidScopeError):
            service.make(
                world.desk(),
                service.Ask(artefact=ask.artefact, enterprise_id=world.enterprise_id),
            )
