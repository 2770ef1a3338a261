"""From a person's act to a receipt that anybody can check with the log's key alone."""

import json
from pathlib import Path

import pytest

from consent import service
from consent.encoding import b64u_decode
from consent.ledger.leaves import parse_leaf
from consent.ledger.verify import run
from consent.models import ReceiptType
from tests.consent.desks import BANK, a_request, a_world, sign
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.runtime import Runtime


class TestReceipts:
    @pytest.mark.promise("T4", "I1")
    def test_they_are_issued_again_with_a_proof_that_verifies(
        self, runtime: Runtime, tmp_path: Path
    ) -> None:
        with runtime.transaction(SYSTEM) as uow:
            world = a_world(uow.session)
            signed = sign(world, a_request(world))
            assert signed.chain is not None
            assert signed.event is not None
            chain_id = signed.chain.id
            service.issue(world.desk(), signed.event.event_id)
            stopped = service.revoke(world.desk(), chain_id, "SUBJECT_WISH")
            service.issue(world.desk(), stopped.event_id)
        ledger.step(runtime)
        with runtime.transaction(SYSTEM) as uow:
            world.session = uow.session
            world.clock.session = uow.session
            desk = world.desk(bank=BANK)
            receipts = {
                kind: service.receipt_of(desk, chain_id, kind)
                for kind in (ReceiptType.GRANT, ReceiptType.REVOKE)
            }

        indices = []
        for kind, receipt in receipts.items():
            (tmp_path / kind).write_text(json.dumps(receipt), encoding="utf-8")
            code, said = run([str(tmp_path / kind), "--vkey", ledger.vkey(runtime), "--json"])
            assert code == 0, said
            indices.append(json.loads(said)["index"])
        assert indices == sorted(indices)
        assert receipts[ReceiptType.REVOKE]["revocation"]["index"] == indices[1]
        leaf = parse_leaf(b64u_decode(receipts[ReceiptType.REVOKE]["leaf"]))
        assert (leaf.type, leaf.consent) == ("consent.revoked", chain_id)
