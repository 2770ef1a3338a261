"""Drafts, less than was asked, and signatures that no longer count."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from consent import errors, service
from consent.artefact import ConsentArtefact, write_at
from consent.lifecycle import RequestState
from consent.models import ConsentRequest, RequestSignature
from consent.service import Ask
from tests.consent.desks import (
    BANK,
    World,
    a_consent,
    a_request,
    a_world,
    an_ask,
    leaves,
    leaves_of,
    moved,
    sign,
)
from yidaitong.kernel.uow import UnitOfWork


def optional(world: World, m: int = 1) -> Ask:
    """A request whose second dataset may be left out."""
    body = an_ask(world, m).artefact.body
    body["datasets"][1]["optional"] = True
    ask = Ask(artefact=ConsentArtefact.parse(body), enterprise_id=world.enterprise_id)
    service.make(world.desk(), ask)
    return ask


def less(ask: Ask, **changes: Any) -> ConsentArtefact:
    body = ask.artefact.body
    if "datasets" not in changes:
        changes["datasets"] = body["datasets"][:1]
    changes.setdefault("data_filter", [])
    return ConsentArtefact.parse(body | changes)


def request_of(world: World, ask: Ask) -> ConsentRequest:
    world.session.expire_all()
    return world.session.get_one(ConsentRequest, UUID(ask.artefact.request_id))


class TestNarrow:
    def test_all_signatures_so_far_are_dropped(self, uow: UnitOfWork) -> None:
        world = a_world(uow.session, people=3)
        ask = optional(world, 2)
        sign(world, ask, 0)
        fewer = less(ask)

        request = service.narrow(world.desk(1, step_up=False), UUID(ask.artefact.request_id), fewer)

        assert (request.state, request.digest) == (RequestState.REQUESTED, fewer.digest)
        assert leaves_of(uow.session, request.id)[-1] == "request.narrowed"
        with pytest.raises(errors.DraftChangedError):
            sign(world, ask, 1)
        narrowed = Ask(artefact=fewer, enterprise_id=world.enterprise_id)
        assert sign(world, narrowed, 0).chain is None
        granted = sign(world, narrowed, 1)
        assert granted.chain is not None
        artefact = service.artefact_of(world.system, granted.chain.row)
        assert artefact.resources == ("SAMR.REG",)

    def test_life_calls_and_range_may_shrink(self, world: World) -> None:
        ask = a_request(world)
        body = ask.artefact.body
        body["datasets"][1]["range"]["from_on"] = "2025-03-01"
        fewer = ConsentArtefact.parse(
            body
            | {
                "expires_at": write_at(world.clock() + timedelta(days=1)),
                "frequency": {**body["frequency"], "n": 1},
                "total_quota": 1,
            }
        )

        request = service.narrow(world.desk(), UUID(ask.artefact.request_id), fewer)

        assert request.lapses_at == fewer.validity[1]

    @pytest.mark.parametrize(
        "changes",
        [
            {"datasets": None},
            {"expires_at": "2099-01-01T00:00:00Z"},
            {"expires_at": "2026-03-02T01:03:00Z"},
            {"mode": "COMPUTE"},
            {"txn_id": "019cac10-fb40-7102-93c0-d061901d723a"},
            {"total_quota": 9},
            {"preview": True},
        ],
    )
    def test_what_is_no_less_is_refused(self, world: World, changes: dict[str, Any]) -> None:
        ask = optional(world)
        if changes.get("datasets", ()) is None:
            changes = {"datasets": ask.artefact.body["datasets"][1:]}
        logged = len(leaves(world.session))

        with pytest.raises(errors.InvalidScopeError):
            service.narrow(world.desk(), UUID(ask.artefact.request_id), less(ask, **changes))

        assert len(leaves(world.session)) == logged

    def test_what_the_product_needs_cannot_be_left_out(self, world: World) -> None:
        ask = a_request(world)

        with pytest.raises(errors.InvalidScopeError):
            service.narrow(world.desk(), UUID(ask.artefact.request_id), less(ask))

    def test_the_same_again_is_no_narrowing(self, world: World) -> None:
        ask = a_request(world)

        with pytest.raises(errors.InvalidScopeError):
            service.narrow(world.desk(), UUID(ask.artefact.request_id), ask.artefact)

    def test_only_signatories_narrow(self, world: World) -> None:
        ask = optional(world)
        stranger = a_world(world.session)
        stranger.enterprise_id = world.enterprise_id

        with pytest.raises(errors.MandateInsufficientError):
            service.narrow(stranger.desk(), UUID(ask.artefact.request_id), less(ask))

    def test_after_its_time_nothing_is_narrowed(self, world: World) -> None:
        ask = optional(world)

        with pytest.raises(errors.RequestLapsedError):
            service.narrow(
                moved(world, timedelta(hours=72)).desk(),
                UUID(ask.artefact.request_id),
                less(ask),
            )


class TestDropSignatures:
    def test_who_lost_standing_counts_no_more(self, uow: UnitOfWork) -> None:
        world = a_world(uow.session, people=4)
        ask = a_request(world, 3)
        sign(world, ask, 0)
        sign(world, ask, 1)
        request_id = UUID(ask.artefact.request_id)
        lost = world.people[0]

        dropped = service.drop_signatures(
            world.system, request_id, lambda person: person != lost, "MANDATE"
        )

        assert dropped == [lost]
        assert request_of(world, ask).state is RequestState.PARTIALLY_SIGNED
        assert leaves_of(uow.session, request_id)[-1] == "request.signature_dropped"
        assert sign(world, ask, 2).chain is None
        assert sign(world, ask, 3).chain is not None

    def test_when_nobody_is_left_it_waits_anew(self, uow: UnitOfWork) -> None:
        world = a_world(uow.session, people=3)
        ask = a_request(world, 3)
        sign(world, ask, 0)
        sign(world, ask, 1)

        dropped = service.drop_signatures(
            world.system, UUID(ask.artefact.request_id), lambda _: False, "MANDATE"
        )

        assert len(dropped) == 2
        assert request_of(world, ask).state is RequestState.REQUESTED
        assert leaves_of(uow.session, UUID(ask.artefact.request_id))[-2:] == [
            "request.signature_dropped",
            "request.signature_dropped",
        ]

    def test_what_was_signed_stays_as_evidence(self, uow: UnitOfWork) -> None:
        world = a_world(uow.session, people=2)
        ask = a_request(world, 2)
        sign(world, ask, 0)

        service.drop_signatures(
            world.system, UUID(ask.artefact.request_id), lambda _: False, "MANDATE"
        )

        rounds = uow.session.scalars(select(RequestSignature.round)).all()
        assert rounds == [1]

    def test_twice_is_once(self, uow: UnitOfWork) -> None:
        world = a_world(uow.session, people=2)
        ask = a_request(world, 2)
        sign(world, ask, 0)
        request_id = UUID(ask.artefact.request_id)
        service.drop_signatures(world.system, request_id, lambda _: False, "MANDATE")

        assert service.drop_signatures(world.system, request_id, lambda _: False, "X") == []

    def test_somebody_in_standing_keeps_theirs(self, uow: UnitOfWork) -> None:
        world = a_world(uow.session, people=2)
        ask = a_request(world, 2)
        sign(world, ask, 0)

        assert (
            service.drop_signatures(
                world.system, UUID(ask.artefact.request_id), lambda _: True, "MANDATE"
            )
            == []
        )


class TestDraft:
    def test_a_draft_asks_nobody_and_is_not_in_the_log(self, world: World) -> None:
        logged = len(leaves(world.session))
        request = service.draft(world.desk(), an_ask(world))

        assert request.state is RequestState.DRAFT
        assert len(leaves(world.session)) == logged

    def test_it_is_put_before_its_signatories(self, world: World) -> None:
        ask = an_ask(world)
        service.draft(world.desk(), ask)

        request = service.put(world.desk(), UUID(ask.artefact.request_id))

        assert (request.state, request.version) == (RequestState.REQUESTED, 1)
        assert leaves_of(world.session, request.id) == ["request.made"]
        assert sign(world, ask).chain is not None

    def test_two_drafts_but_one_request(self, world: World) -> None:
        first, second = an_ask(world), an_ask(world)
        service.draft(world.desk(), first)
        service.draft(world.desk(), second)
        service.put(world.desk(), UUID(first.artefact.request_id))

        with pytest.raises(errors.RequestExistsError) as refusal:
            service.put(world.desk(), UUID(second.artefact.request_id))

        assert refusal.value.details == {"request_id": UUID(first.artefact.request_id)}
        assert request_of(world, second).state is RequestState.DRAFT

    def test_a_living_consent_keeps_a_draft_back(self, world: World) -> None:
        ask = an_ask(world)
        service.draft(world.desk(), ask)
        a_consent(world)

        with pytest.raises(errors.RequestExistsError):
            service.put(world.desk(), UUID(ask.artefact.request_id))

    def test_a_draft_whose_validity_is_over_is_put_nowhere(self, world: World) -> None:
        ask = an_ask(world)
        service.draft(world.desk(), ask)

        with pytest.raises(errors.RequestLapsedError):
            service.put(moved(world, timedelta(days=31)).desk(), UUID(ask.artefact.request_id))

    def test_a_request_is_put_once(self, world: World) -> None:
        ask = a_request(world)

        with pytest.raises(errors.InvalidStateError):
            service.put(world.desk(), UUID(ask.artefact.request_id))

    def test_without_evidence_nobody_is_asked(self, world: World) -> None:
        ask = an_ask(world)
        service.draft(world.desk(), ask)
        desk = world.desk()

        def away() -> None:
            raise errors.EvidenceUnavailableError

        desk.evidence_ready = away

        with pytest.raises(errors.EvidenceUnavailableError):
            service.put(desk, UUID(ask.artefact.request_id))


class TestCancel:
    def test_whoever_drafted_it_may_drop_it(self, world: World) -> None:
        ask = an_ask(world)
        service.draft(world.desk(bank=BANK), ask)

        request = service.cancel(world.desk(bank=BANK), UUID(ask.artefact.request_id))

        assert request.state is RequestState.CANCELLED

    @pytest.mark.parametrize("by_bank", [True, False])
    def test_the_other_party_does_not_cancel(self, world: World, *, by_bank: bool) -> None:
        ask = an_ask(world)
        asking = world.desk(bank=BANK) if by_bank else world.desk()
        other = world.desk() if by_bank else world.desk(bank=BANK)
        service.make(asking, ask)

        with pytest.raises(errors.MandateInsufficientError):
            service.cancel(other, UUID(ask.artefact.request_id))

    def test_the_enterprise_refuses_what_the_bank_asked(self, world: World) -> None:
        ask = an_ask(world)
        service.make(world.desk(bank=BANK), ask)

        request = service.deny(world.desk(), UUID(ask.artefact.request_id))

        assert request.state is RequestState.DENIED
