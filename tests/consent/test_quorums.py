"""All m of n up to five: exactly m persons grant, each of n alone stops."""

from uuid import UUID

import pytest

from consent import errors, service
from consent.lifecycle import ConsentState, RequestState
from consent.models import Chain, ConsentRequest
from tests.consent.desks import a_request, a_world, sign
from yidaitong.kernel.uow import UnitOfWork

ALL = [(m, n) for n in range(1, 6) for m in range(1, n + 1)]


@pytest.mark.parametrize(("m", "n"), ALL)
class TestEveryQuorum:
    def test_m_persons_grant_and_fewer_do_not(self, uow: UnitOfWork, m: int, n: int) -> None:
        world = a_world(uow.session, people=n)
        ask = a_request(world, m)
        for person in range(n - m + 1, n):
            assert sign(world, ask, person).chain is None

        assert sign(world, ask, 0).chain is not None

    def test_one_person_counts_once(self, uow: UnitOfWork, m: int, n: int) -> None:
        world = a_world(uow.session, people=n)
        # Two accounts of one person are one person: people are known by their own id.
        ask = a_request(world, m)
        sign(world, ask, 0)

        with pytest.raises(errors.InvalidStateError):
            sign(world, ask, 0)

        request = uow.session.get_one(ConsentRequest, UUID(ask.artefact.request_id))
        expected = RequestState.GRANTED if m == 1 else RequestState.PARTIALLY_SIGNED
        assert request.state is expected

    def test_each_of_n_alone_revokes(self, uow: UnitOfWork, m: int, n: int) -> None:
        world = a_world(uow.session, people=n)
        for revoker in range(n):
            ask = a_request(world, m)
            chain_id = None
            for person in range(m):
                signed = sign(world, ask, person)
                chain_id = None if signed.chain is None else signed.chain.id
            assert chain_id is not None

            service.revoke(world.desk(revoker, step_up=False), chain_id)

            assert uow.session.get_one(Chain, chain_id).state is ConsentState.REVOKED

    def test_each_of_n_alone_refuses(self, uow: UnitOfWork, m: int, n: int) -> None:
        world = a_world(uow.session, people=n)
        for refuser in range(n):
            ask = a_request(world, m)
            for person in range(m - 1):
                sign(world, ask, person)

            request = service.deny(
                world.desk(refuser, step_up=False), UUID(ask.artefact.request_id)
            )

            assert request.state is RequestState.DENIED
