"""The next version of a consent: what it may change, what stays, what it takes to sign."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from consent import errors, service
from consent.artefact import write_at
from consent.differences import diff_sha256, differences, narrows
from consent.events import EventType
from consent.evidence import open_event
from consent.lifecycle import ConsentState
from consent.models import Chain, ConsentRow, EventRow
from consent.service import Order
from tests.consent.desks import (
    World,
    a_body,
    a_consent,
    a_request,
    a_world,
    an_amendment,
    leaves_of,
    moved,
    one_dataset,
    sign,
)
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork

ORDER = Order(reason_class="OPERATOR_ORDER")


def a_quorum_of_two(world: World) -> UUID:
    """A consent two of three signed; its chain id."""
    ask = a_request(world, 2)
    sign(world, ask, 0)
    granted = sign(world, ask, 1)
    assert granted.chain is not None
    return granted.chain.id


def event_of(world: World, chain_id: UUID, kind: EventType) -> dict[str, Any]:
    row = world.session.scalars(
        select(EventRow)
        .where(EventRow.ref == chain_id, EventRow.type == kind.value)
        .order_by(EventRow.entry_id.desc())
    ).first()
    assert row is not None
    return dict(open_event(world.system, row).event)


class TestSupersede:
    def test_the_next_version_takes_the_place_of_the_present_one(self, world: World) -> None:
        chain_id = a_consent(world)
        chain = world.session.get_one(Chain, chain_id)
        first, anchor = chain.consent_id, chain.anchor_at
        ask = an_amendment(world, chain_id, datasets=one_dataset(world, chain_id))

        signed = sign(world, ask)

        assert signed.chain is not None
        assert signed.chain.id == chain_id
        assert chain.state is ConsentState.ACTIVE
        assert (str(chain.consent_id), chain.digest) == (
            ask.artefact.consent_id,
            ask.artefact.digest,
        )
        assert (chain.anchor_at, chain.epoch, chain.ended_at) == (anchor, 3, None)
        assert leaves_of(world.session, chain_id) == [
            "consent.granted",
            "consent.superseded",
            "consent.granted",
        ]
        assert event_of(world, chain_id, EventType.CONSENT_GRANTED)["supersedes"] == str(first)

    def test_the_difference_is_found_by_machine_and_hashed_into_the_event(
        self, world: World
    ) -> None:
        chain_id = a_consent(world)
        old = service.artefact_of(world.system, world.session.get_one(Chain, chain_id))
        ask = an_amendment(world, chain_id, datasets=one_dataset(world, chain_id))

        sign(world, ask)

        event = event_of(world, chain_id, EventType.CONSENT_SUPERSEDED)
        (change,) = differences(old, ask.artefact)
        assert (change.member, change.resource, change.after) == ("datasets", "TAX.PAY", None)
        assert event["diff_sha256"] == diff_sha256(old, ask.artefact)
        assert event["new_consent_id"] == ask.artefact.consent_id

    def test_a_pause_passes_on(self, world: World) -> None:
        chain_id = a_consent(world)
        until = world.clock() + timedelta(hours=1)
        service.pause(world.desk(), chain_id, until)
        sign(world, an_amendment(world, chain_id, datasets=one_dataset(world, chain_id)))

        live = service.lock_chain(world.desk(), chain_id)

        assert live.state is ConsentState.PAUSED
        assert live.row.resumes_at == until
        later = service.lock_chain(moved(world, timedelta(hours=2)).desk(), chain_id)
        assert later.state is ConsentState.ACTIVE

    def test_a_suspension_passes_on(self, world: World) -> None:
        chain_id = a_consent(world)
        service.suspend(world.system, chain_id, ORDER)

        sign(world, an_amendment(world, chain_id, datasets=one_dataset(world, chain_id)))

        live = service.lock_chain(world.desk(), chain_id)
        assert (live.state, live.row.suspended_reason) == (
            ConsentState.SUSPENDED,
            "OPERATOR_ORDER",
        )

    def test_a_scheduled_one_stays_scheduled(self, world: World) -> None:
        start = write_at(world.clock() + timedelta(days=1))
        chain_id = a_consent(world, starts_at=start)

        sign(world, an_amendment(world, chain_id, datasets=one_dataset(world, chain_id)))

        assert world.session.get_one(Chain, chain_id).state is ConsentState.SCHEDULED

    def test_a_shorter_life_ends_sooner(self, world: World) -> None:
        chain_id = a_consent(world)
        end = write_at(world.clock() + timedelta(days=2))

        sign(world, an_amendment(world, chain_id, expires_at=end))

        later = service.lock_chain(moved(world, timedelta(days=2, seconds=1)).desk(), chain_id)
        assert later.state is ConsentState.EXPIRED

    def test_every_version_stays_and_each_has_its_receipt(self, world: World) -> None:
        chain_id = a_consent(world)
        signed = sign(world, an_amendment(world, chain_id, datasets=one_dataset(world, chain_id)))
        assert signed.event is not None

        receipt = service.issue(world.desk(), signed.event.event_id)

        versions = world.session.scalars(
            select(ConsentRow.version).where(ConsentRow.chain_id == chain_id)
        ).all()
        assert sorted(versions) == [1, 2]
        assert receipt["receipt_type"] == "AMEND"
        assert receipt["digest"] == world.session.get_one(Chain, chain_id).digest

    def test_the_first_receipt_names_the_first_version_for_ever(self, world: World) -> None:
        ask = a_request(world)
        first = sign(world, ask)
        assert first.chain is not None
        assert first.event is not None
        chain_id = first.chain.id
        sign(world, an_amendment(world, chain_id, datasets=one_dataset(world, chain_id)))

        receipt = service.issue(world.desk(), first.event.event_id)

        assert (receipt["receipt_type"], receipt["consent_id"]) == (
            "GRANT",
            ask.artefact.consent_id,
        )

    def test_revoking_ends_all_versions(self, world: World) -> None:
        chain_id = a_consent(world)
        sign(world, an_amendment(world, chain_id, datasets=one_dataset(world, chain_id)))

        assert service.revoke(world.desk(), chain_id).chain.state is ConsentState.REVOKED


class TestQuorumOfAnAmendment:
    def test_one_signature_is_enough_to_narrow(self, uow: UnitOfWork) -> None:
        world = a_world(uow.session, people=3)
        chain_id = a_quorum_of_two(world)

        ask = an_amendment(world, chain_id, 1, datasets=one_dataset(world, chain_id))

        assert sign(world, ask, 2).chain is not None

    def test_one_signature_is_not_enough_for_anything_else(self, uow: UnitOfWork) -> None:
        world = a_world(uow.session, people=3)
        chain_id = a_quorum_of_two(world)

        with pytest.raises(errors.InvalidScopeError) as refusal:
            an_amendment(world, chain_id, 1, mode="COMPUTE")

        assert refusal.value.details == {"fields": ["quorum"]}

    def test_the_quorum_widens(self, uow: UnitOfWork) -> None:
        world = a_world(uow.session, people=3)
        chain_id = a_quorum_of_two(world)
        end = write_at(world.clock() + timedelta(days=60))
        ask = an_amendment(world, chain_id, 2, expires_at=end)

        assert sign(world, ask, 0).chain is None
        assert sign(world, ask, 2).chain is not None


class TestWhatMayFollow:
    @pytest.mark.parametrize(
        ("changes", "member"),
        [
            ({"version": 3}, "version"),
            ({"prev_digest": "A" * 43}, "prev_digest"),
            ({"supersedes": "019cac10-fb40-7c51-aa00-4afce17edb2d"}, "supersedes"),
            ({"frequency": {"unit": "DAY", "n": 3, "anchor_tz": "Asia/Shanghai"}}, "frequency"),
            ({"companion_of": None, "renews": "019cac10-fb40-7c51-aa00-4afce17edb2d"}, "renews"),
        ],
    )
    def test_what_does_not_join_on_is_refused(
        self, world: World, changes: dict[str, Any], member: str
    ) -> None:
        chain_id = a_consent(world)

        with pytest.raises(errors.InvalidScopeError) as refusal:
            an_amendment(world, chain_id, **changes)

        assert refusal.value.details == {"fields": [member]}

    def test_an_ended_consent_is_not_amended(self, world: World) -> None:
        chain_id = a_consent(world)
        datasets = one_dataset(world, chain_id)
        service.revoke(world.desk(), chain_id)

        with pytest.raises(errors.InvalidScopeError):
            an_amendment(world, chain_id, datasets=datasets)

    def test_a_signature_after_the_end_amends_nothing(self, world: World) -> None:
        chain_id = a_consent(world)
        ask = an_amendment(world, chain_id, datasets=one_dataset(world, chain_id))
        service.revoke(world.desk(), chain_id)

        with pytest.raises(errors.InvalidStateError):
            sign(world, ask)

    def test_only_one_amendment_is_open_at_a_time(self, world: World) -> None:
        chain_id = a_consent(world)
        an_amendment(world, chain_id, datasets=one_dataset(world, chain_id))

        with pytest.raises(errors.RequestExistsError):
            an_amendment(world, chain_id, datasets=one_dataset(world, chain_id))

    def test_somebody_elses_consent_is_not_amended(self, world: World) -> None:
        chain_id = a_consent(world)
        stranger = a_world(world.session)

        with pytest.raises(errors.InvalidScopeError):
            an_amendment(stranger, chain_id, datasets=one_dataset(world, chain_id))


class TestNarrows:
    @pytest.mark.parametrize(
        "changes",
        [
            {"mode": "COMPUTE"},
            {"data_filter": []},
            {"frequency": {"unit": "LIFE", "n": 4, "anchor_tz": "Asia/Shanghai"}},
            {"total_quota": None},
            {"total_quota": 4},
            {"expires_at": "2099-01-01T00:00:00Z"},
            {"ends_on": []},
            {"data_life": {"unit": "DAY", "n": 30}},
            {"template_rev_sha256": "B" * 43},
        ],
    )
    def test_what_allows_more_or_other_is_no_less(
        self, world: World, changes: dict[str, Any]
    ) -> None:
        body = a_body(world)
        other = type(body).parse(body.body | changes)

        assert not narrows(body, other)

    def test_nothing_changed_allows_nothing_more(self, world: World) -> None:
        body = a_body(world)

        assert narrows(body, body)
        assert differences(body, body) == ()

    def test_a_range_moves_inwards_only(self, world: World) -> None:
        body = a_body(world)

        def ranged(from_on: str, to_on: str) -> Any:
            found = body.body
            found["datasets"][1]["range"] = {"from_on": from_on, "to_on": to_on}
            return type(body).parse(found)

        assert narrows(body, ranged("2025-03-01", "2026-03-01"))
        assert not narrows(body, ranged("2024-02-01", "2026-03-01"))
        assert not narrows(body, ranged("2024-03-01", "2026-04-01"))
        assert not narrows(ranged("2025-03-01", "2026-03-01"), body)


class TestRenewing:
    def test_the_new_consent_starts_when_the_old_one_ends(self, world: World) -> None:
        chain_id = a_consent(world)
        ends_at = world.session.get_one(Chain, chain_id).ends_at
        ask = a_request(
            world,
            renews=str(chain_id),
            starts_at=write_at(ends_at),
            expires_at=write_at(ends_at + timedelta(days=30)),
        )

        signed = sign(world, ask)

        assert signed.chain is not None
        assert signed.chain.id != chain_id
        assert signed.chain.state is ConsentState.SCHEDULED
        tick = timedelta(microseconds=1)
        world.clock.frozen = ends_at - tick
        assert service.lock_chain(world.desk(), chain_id).state is ConsentState.ACTIVE
        assert service.lock_chain(world.desk(), signed.chain.id).state is ConsentState.SCHEDULED
        world.clock.frozen = ends_at
        assert service.lock_chain(world.desk(), chain_id).state is ConsentState.EXPIRED
        assert service.lock_chain(world.desk(), signed.chain.id).state is ConsentState.ACTIVE

    def test_an_ended_consent_is_not_renewed(self, world: World) -> None:
        chain_id = a_consent(world)
        service.revoke(world.desk(), chain_id)

        with pytest.raises(errors.InvalidScopeError):
            a_request(world, renews=str(chain_id))

    def test_it_is_offered_once_thirty_days_before(self, world: World) -> None:
        end = world.clock() + timedelta(days=40)
        chain_id = a_consent(world, expires_at=write_at(end))
        due = moved(world, timedelta(days=11))

        assert service.offer_renewals(world.system, ["ORIGINATION"]) == []
        assert service.offer_renewals(due.system, ["CLAIM"]) == []
        (offered,) = service.offer_renewals(due.system, ["ORIGINATION"])
        assert service.offer_renewals(due.system, ["ORIGINATION"]) == []

        assert offered.id == chain_id
        assert offered.epoch == 1
        assert leaves_of(world.session, chain_id)[-1] == "consent.renew_offered"

    def test_an_unknown_consent_cannot_be_renewed(self, world: World) -> None:
        with pytest.raises(errors.InvalidScopeError):
            a_request(world, renews=str(uuid7()))
