"""Signing: exact digest, quorum, time, identity; grant, leaf and artefact in one transaction."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from consent import errors, service
from consent.artefact import artefact_sha256
from consent.drafts import artefact_text
from consent.encoding import b64u_decode
from consent.lifecycle import ConsentState, RequestState
from consent.models import Chain, ConsentRequest, ConsentRow, RequestSignature
from consent.service import Signing
from tests.consent.desks import (
    World,
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


class TestSign:
    def test_one_of_one_grants(self, world: World) -> None:
        ask = a_request(world)

        signed = sign(world, ask)

        assert signed.request.state is RequestState.GRANTED
        assert signed.chain is not None
        assert signed.chain.state is ConsentState.ACTIVE
        assert signed.chain.epoch == 1
        assert leaves_of(world.session, UUID(ask.artefact.request_id)) == [
            "request.made",
            "request.granted",
        ]
        assert leaves_of(world.session, signed.chain.id) == ["consent.granted"]

    def test_the_artefact_holds_the_exact_draft_and_its_hash_stands_in_the_leaf(
        self, world: World
    ) -> None:
        ask = a_request(world)

        signed = sign(world, ask)

        row = world.session.get_one(ConsentRow, UUID(ask.artefact.consent_id))
        stored = artefact_text(world.desk(), row)
        payload = json.loads(b64u_decode(stored.split(".")[1]))
        assert payload["body"] == ask.artefact.body
        assert payload["signatures"][0]["person_id"] == str(world.people[0])
        assert artefact_sha256(stored) == row.artefact_sha256 == signed.artefact_sha256
        assert leaves(world.session)[-1]["artefact_sha256"] == row.artefact_sha256

    def test_it_starts_later_when_the_draft_says_so(self, world: World) -> None:
        start = (world.clock() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        ask = a_request(world, starts_at=start)

        signed = sign(world, ask)

        assert signed.chain is not None
        assert signed.chain.state is ConsentState.SCHEDULED

    def test_another_digest_is_refused(self, world: World) -> None:
        ask = a_request(world)

        with pytest.raises(errors.DraftChangedError):
            service.sign(
                world.desk(),
                UUID(ask.artefact.request_id),
                Signing(digest=an_ask(world).artefact.digest, evidence="test"),
            )

        assert world.session.scalar(select(func.count()).select_from(RequestSignature)) == 0

    @pytest.mark.parametrize("late", [timedelta(hours=72), timedelta(days=400)])
    def test_a_late_signature_never_grants(self, world: World, late: timedelta) -> None:
        ask = a_request(world)

        with pytest.raises(errors.RequestLapsedError):
            sign(moved(world, late), ask)

        assert world.session.scalar(select(func.count()).select_from(Chain)) == 0

    def test_a_microsecond_before_the_end_is_in_time(self, world: World) -> None:
        ask = a_request(world)
        request = world.session.get_one(ConsentRequest, UUID(ask.artefact.request_id))
        world.clock.frozen = request.lapses_at - timedelta(microseconds=1)

        assert sign(world, ask).chain is not None

    def test_exactly_at_the_end_is_late(self, world: World) -> None:
        ask = a_request(world)
        request = world.session.get_one(ConsentRequest, UUID(ask.artefact.request_id))
        world.clock.frozen = request.lapses_at

        with pytest.raises(errors.RequestLapsedError):
            sign(world, ask)

    def test_a_recorded_lapse_is_410_too(self, world: World) -> None:
        ask = a_request(world)
        later = moved(world, timedelta(hours=73))
        assert service.lapse_due(later.system) == [UUID(ask.artefact.request_id)]

        with pytest.raises(errors.RequestLapsedError):
            sign(world, ask)

    def test_identity_must_be_proved_afresh(self, world: World) -> None:
        ask = a_request(world)

        with pytest.raises(errors.StepUpRequiredError):
            service.sign(
                world.desk(step_up=False),
                UUID(ask.artefact.request_id),
                Signing(digest=ask.artefact.digest, evidence="test"),
            )

    def test_a_stranger_of_the_same_enterprise_may_not_sign(self, world: World) -> None:
        ask = a_request(world)
        stranger = a_world(world.session)
        stranger.enterprise_id = world.enterprise_id

        with pytest.raises(errors.MandateInsufficientError):
            sign(stranger, ask)

    def test_another_enterprise_finds_nothing(self, world: World) -> None:
        ask = a_request(world)

        with pytest.raises(errors.NotFoundError):
            sign(a_world(world.session), ask)

    def test_without_evidence_nothing_is_granted(self, world: World) -> None:
        ask = a_request(world)
        desk = world.desk()

        def away() -> None:
            raise errors.EvidenceUnavailableError

        desk.evidence_ready = away

        with pytest.raises(errors.EvidenceUnavailableError):
            service.sign(
                desk,
                UUID(ask.artefact.request_id),
                Signing(digest=ask.artefact.digest, evidence="test"),
            )

    def test_a_granted_request_takes_no_more_signatures(self, world: World) -> None:
        ask = a_request(world)
        sign(world, ask)

        with pytest.raises(errors.InvalidStateError):
            sign(world, ask)


class TestQuorum:
    @pytest.mark.parametrize(("m", "n"), [(1, 1), (1, 3), (2, 2), (2, 3), (3, 5), (5, 5)])
    def test_exactly_m_persons_grant(self, uow: UnitOfWork, m: int, n: int) -> None:
        world = a_world(uow.session, people=n)
        ask = a_request(world, m)

        for person in range(m - 1):
            signed = sign(world, ask, person)
            assert signed.chain is None
            assert signed.request.state is RequestState.PARTIALLY_SIGNED
        last = sign(world, ask, m - 1)

        assert last.chain is not None
        assert leaves_of(uow.session, UUID(ask.artefact.request_id)) == [
            "request.made",
            *["request.signed"] * (m - 1),
            "request.granted",
        ]

    def test_a_late_first_of_two_signatures_does_not_count(self, uow: UnitOfWork) -> None:
        world = a_world(uow.session, people=2)
        ask = a_request(world, 2)

        with pytest.raises(errors.RequestLapsedError):
            sign(moved(world, timedelta(hours=72)), ask)

        assert world.session.scalar(select(func.count()).select_from(RequestSignature)) == 0

    def test_one_person_counts_once(self, uow: UnitOfWork) -> None:
        world = a_world(uow.session, people=2)
        ask = a_request(world, 2)
        sign(world, ask)

        with pytest.raises(errors.InvalidStateError):
            sign(world, ask)

    def test_an_earlier_signatory_without_standing_blocks_the_grant(self, uow: UnitOfWork) -> None:
        world = a_world(uow.session, people=2)
        ask = a_request(world, 2)
        sign(world, ask, 0)

        with pytest.raises(errors.MandateInsufficientError):
            service.sign(
                world.desk(1),
                UUID(ask.artefact.request_id),
                Signing(
                    digest=ask.artefact.digest,
                    evidence="test",
                    standing=lambda person: person != world.people[0],
                ),
            )


class TestCompanion:
    def test_it_needs_a_living_parent(self, world: World) -> None:
        parent = a_request(world)
        companion = a_personal_ask(world, parent.artefact)
        service.make(world.desk(), companion)

        with pytest.raises(errors.InvalidStateError):
            sign(world, companion)

        sign(world, parent)
        assert sign(world, companion).chain is not None

    def test_a_revoked_parent_takes_no_companion(self, world: World) -> None:
        parent = a_request(world)
        companion = a_personal_ask(world, parent.artefact)
        service.make(world.desk(), companion)
        granted = sign(world, parent)
        assert granted.chain is not None
        service.revoke(world.desk(), granted.chain.id)

        with pytest.raises(errors.InvalidStateError):
            sign(world, companion)

    def test_colleagues_do_not_see_it(self, uow: UnitOfWork) -> None:
        world = a_world(uow.session, people=2)
        parent = a_request(world)
        companion = a_personal_ask(world, parent.artefact)
        service.make(world.desk(), companion)

        with pytest.raises(errors.NotFoundError):
            sign(world, companion, 1)


class TestOneTransaction:
    def test_a_rolled_back_grant_leaves_no_state_and_no_leaf(self, world: World) -> None:
        ask = a_request(world)
        before = len(leaves(world.session))
        savepoint = world.session.begin_nested()
        sign(world, ask)

        savepoint.rollback()
        world.session.expire_all()

        request = world.session.get_one(ConsentRequest, UUID(ask.artefact.request_id))
        assert request.state is RequestState.REQUESTED
        assert world.session.scalar(select(func.count()).select_from(Chain)) == 0
        assert len(leaves(world.session)) == before
