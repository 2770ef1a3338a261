"""All that widens a consent asks whether evidence can be written; nothing that narrows does."""

from collections.abc import Callable
from uuid import UUID

import pytest

from consent import errors, service
from consent.lifecycle import ConsentState, RequestState
from consent.models import Chain, ConsentRequest
from consent.ports import Desk
from consent.service import Order
from tests.consent.desks import World, a_consent, a_request, an_ask

pytestmark = pytest.mark.promise("R15")
ORDER = Order(reason_class="MANDATE_REVIEW")


def without_evidence(desk: Desk) -> Desk:
    def away() -> None:
        raise errors.EvidenceUnavailableError

    desk.evidence_ready = away
    return desk


def state_of(world: World, chain_id: UUID) -> ConsentState:
    return world.session.get_one(Chain, chain_id).state


class TestWidening:
    def test_no_request_is_made(self, world: World) -> None:
        with pytest.raises(errors.EvidenceUnavailableError):
            service.make(without_evidence(world.desk()), an_ask(world))

    def test_nothing_is_resumed(self, world: World) -> None:
        chain_id = a_consent(world)
        service.pause(world.desk(), chain_id)

        with pytest.raises(errors.EvidenceUnavailableError):
            service.resume(without_evidence(world.desk()), chain_id)

        assert state_of(world, chain_id) is ConsentState.PAUSED

    def test_no_suspension_is_lifted(self, world: World) -> None:
        chain_id = a_consent(world)
        service.suspend(world.system, chain_id, ORDER)

        with pytest.raises(errors.EvidenceUnavailableError):
            service.restore(without_evidence(world.desk()), chain_id, ORDER)


def revoked(desk: Desk, chain_id: UUID) -> object:
    return service.revoke(desk, chain_id)


def paused(desk: Desk, chain_id: UUID) -> object:
    return service.pause(desk, chain_id)


def suspended(desk: Desk, chain_id: UUID) -> object:
    return service.suspend(desk, chain_id, ORDER)


def ended(desk: Desk, chain_id: UUID) -> object:
    return service.close(desk, chain_id, "DECISION")


class TestStopping:
    @pytest.mark.parametrize(
        ("stop", "state"),
        [
            (revoked, ConsentState.REVOKED),
            (paused, ConsentState.PAUSED),
            (suspended, ConsentState.SUSPENDED),
            (ended, ConsentState.EXPIRED),
        ],
    )
    def test_it_goes_on(
        self, world: World, stop: Callable[[Desk, UUID], object], state: ConsentState
    ) -> None:
        chain_id = a_consent(world)

        stop(without_evidence(world.desk()), chain_id)

        assert state_of(world, chain_id) is state

    @pytest.mark.parametrize(
        ("close", "state"),
        [(service.deny, RequestState.DENIED), (service.cancel, RequestState.CANCELLED)],
    )
    def test_a_request_is_denied_or_cancelled(
        self, world: World, close: Callable[[Desk, UUID], object], state: RequestState
    ) -> None:
        request_id = UUID(a_request(world).artefact.request_id)

        close(without_evidence(world.desk()), request_id)

        assert world.session.get_one(ConsentRequest, request_id).state is state
