"""Receipts: all fields, the worked example's shape, a chain of them, for the right eyes only."""

import json

import pytest

from consent import errors, service
from consent.encoding import b64u_decode
from consent.events import Event, EventType, commitment
from consent.models import ReceiptType
from tests.consent.desks import BANK, World, a_request, a_world, sign
from tests.consent.test_artefact import vector
from yidaitong.kernel.ids import uuid7


@pytest.fixture
def granted(world: World) -> service.Signed:
    return sign(world, a_request(world))


def issue(world: World, signed: service.Signed) -> dict[str, object]:
    assert signed.event is not None
    return service.issue(world.desk(), signed.event.event_id)


class TestIssue:
    def test_it_has_the_members_of_the_worked_example(
        self, world: World, granted: service.Signed
    ) -> None:
        receipt = issue(world, granted)

        assert set(receipt) == set(vector("revocation_receipt"))
        assert receipt["receipt_type"] == "GRANT"
        assert receipt["proof"] is None
        assert receipt["revocation"] is None
        assert receipt["withdrawal"] == "https://ydt.example/c"

    def test_its_opening_opens_its_leaf(self, world: World, granted: service.Signed) -> None:
        receipt = json.loads(json.dumps(issue(world, granted)))

        leaf = json.loads(b64u_decode(receipt["leaf"]))
        opening = receipt["opening"]
        assert commitment(b64u_decode(opening["salt"]), opening["event"]) == leaf["commit"]

    def test_a_revocation_names_the_last_release_before_it(
        self, world: World, granted: service.Signed
    ) -> None:
        assert granted.chain is not None
        chain_id, pull_id = granted.chain.id, uuid7()
        service.record(
            world.system,
            Event(
                type=EventType.PACKET_ISSUED,
                ref=uuid7(),
                n=1,
                chain_id=chain_id,
                members={"pull_id": pull_id, "packet_sha256": "A" * 43},
                public={"packet_sha256": "A" * 43},
            ),
        )
        stopped = service.revoke(world.desk(), chain_id, "SUBJECT_WISH")

        receipt = service.issue(world.desk(), stopped.event_id)

        revocation = receipt["revocation"]
        assert set(revocation) == set(vector("revocation_receipt")["revocation"])
        assert revocation["last_release"]["pull_id"] == str(pull_id)
        assert revocation["reason"] == "SUBJECT_WISH"
        assert receipt["text_zh"].endswith("（北京时间）撤回授权，立即生效。")

    def test_receipts_form_a_chain(self, world: World, granted: service.Signed) -> None:
        assert granted.chain is not None
        first = issue(world, granted)
        stopped = service.revoke(world.desk(), granted.chain.id)

        second = service.issue(world.desk(), stopped.event_id)

        assert first["previous_receipt_id"] is None
        assert second["previous_receipt_id"] == first["receipt_id"]
        assert service.receipts_of(world.desk(bank=BANK), granted.chain.id) == [first, second]

    def test_an_event_without_receipt_is_not_found(self, world: World) -> None:
        with pytest.raises(errors.NotFoundError):
            service.issue(world.desk(), uuid7())


class TestReceiptOf:
    def test_the_same_one_is_given_again(self, world: World, granted: service.Signed) -> None:
        assert granted.chain is not None
        receipt = issue(world, granted)

        again = service.receipt_of(world.desk(), granted.chain.id, ReceiptType.GRANT)

        assert again == receipt

    def test_strangers_find_nothing(self, world: World, granted: service.Signed) -> None:
        assert granted.chain is not None
        issue(world, granted)

        with pytest.raises(errors.NotFoundError):
            service.receipt_of(a_world(world.session).desk(), granted.chain.id, ReceiptType.GRANT)
        with pytest.raises(errors.NotFoundError):
            service.receipt_of(world.desk(), granted.chain.id, ReceiptType.REVOKE)
