"""Events and leaves: known members only, under the lock only, nothing personal outside the seal."""

import json
from datetime import timedelta
from uuid import UUID

import pytest

from consent import errors, evidence, service
from consent.events import Event, EventType
from consent.models import EventRow
from tests.consent.desks import BANK, World, a_consent, a_request, a_world, leaves, sign
from yidaitong.kernel.ids import uuid7


def issued(chain_id: UUID, **changes: object) -> Event:
    values: dict[str, object] = {
        "type": EventType.PACKET_ISSUED,
        "ref": uuid7(),
        "n": 1,
        "chain_id": chain_id,
        "members": {"pull_id": uuid7(), "packet_sha256": "A" * 43},
        "public": {"packet_sha256": "A" * 43},
    }
    return Event(**(values | changes))  # type: ignore[arg-type]


class TestRecord:
    def test_the_event_opens_the_leaf(self, world: World) -> None:
        chain_id = a_consent(world)
        desk = world.desk(bank=BANK)
        service.lock_chain(desk, chain_id)

        recorded = service.record(desk, issued(chain_id))

        row = world.session.get_one(EventRow, recorded.event_id)
        leaf = json.loads(evidence.leaf_of(desk, row))
        opened = evidence.open_event(desk, row)
        assert evidence.opening_matches(opened, leaf["commit"])
        assert leaf["consent"] == str(chain_id)
        assert leaf["packet_sha256"] == "A" * 43
        assert opened.event["actor_role"] == "BANK"

    @pytest.mark.parametrize(
        "changes",
        [
            {"members": {"name": "示例"}},
            {"public": {"bank": "bank-a"}},
            {"type": EventType.PACKET_ACKED},
            {"members": {"pull_id": 0.5}},
            {"members": {"pull_id": object()}},
        ],
    )
    def test_unknown_members_and_values_are_refused(
        self, world: World, changes: dict[str, object]
    ) -> None:
        chain_id = a_consent(world)
        service.lock_chain(world.desk(), chain_id)
        logged = len(leaves(world.session))

        with pytest.raises(errors.UnknownMemberError):
            service.record(world.desk(), issued(chain_id, **changes))

        assert len(leaves(world.session)) == logged

    def test_without_the_lock_nothing_is_written(self, world: World) -> None:
        chain_id = a_consent(world)
        world.session.info.clear()

        with pytest.raises(RuntimeError, match="without the lock"):
            service.record(world.desk(), issued(chain_id))

    def test_the_same_act_is_recorded_once(self, world: World) -> None:
        chain_id = a_consent(world)
        event = issued(chain_id)
        service.record(world.desk(), event)

        with pytest.raises(errors.InvalidStateError):
            service.record(world.desk(), event)

    def test_an_event_without_a_consent_has_no_consent_in_its_leaf(self, world: World) -> None:
        ref = uuid7()

        service.record(
            world.system,
            Event(
                type=EventType.MANDATE_GRANTED,
                ref=ref,
                n=1,
                enterprise_id=world.enterprise_id,
                members={"rights": {"fill"}, "ends_at": world.clock()},
            ),
        )

        assert "consent" not in leaves(world.session)[-1]
        assert [one.event["rights"] for one in service.history(world.desk(), ref)] == [["fill"]]


class TestHistory:
    def test_it_is_in_log_order_and_for_its_parties(self, world: World) -> None:
        chain_id = a_consent(world)
        service.pause(world.desk(), chain_id)
        service.resume(world.desk(), chain_id)
        service.revoke(world.desk(), chain_id)

        told = [one.event["type"] for one in service.history(world.desk(bank=BANK), chain_id)]

        assert told == [
            "consent.granted",
            "consent.paused",
            "consent.resumed",
            "consent.revoked",
        ]
        assert service.history(world.desk(bank="bank-b"), chain_id) == []
        assert service.history(a_world(world.session).desk(), chain_id) == []

    def test_epochs_count_up_with_it(self, world: World) -> None:
        chain_id = a_consent(world)
        service.pause(world.desk(), chain_id, world.clock() + timedelta(hours=1))
        service.revoke(world.desk(), chain_id)

        assert [one.row.n for one in service.history(world.desk(), chain_id)] == [1, 2, 3]


class TestLeaves:
    def test_they_hold_no_name_code_person_or_bank(self, world: World) -> None:
        ask = a_request(world)
        signed = sign(world, ask)
        assert signed.chain is not None
        service.revoke(world.desk(), signed.chain.id, "SUBJECT_WISH")

        found = leaves(world.session)

        told = json.dumps(found, ensure_ascii=False)
        secrets = [
            ask.artefact.subject.name,
            str(ask.artefact.subject.uscc),
            str(world.people[0]),
            str(world.enterprise_id),
            BANK,
            "TAX-CREDIT",
            "SUBJECT_WISH",
            ask.artefact.digest,
        ]
        assert [secret for secret in secrets if secret in told] == []
        members = {"v", "type", "suite", "ref", "n", "consent", "id", "t", "commit"}
        for leaf in found:
            assert set(leaf) <= members | {"artefact_sha256"}
