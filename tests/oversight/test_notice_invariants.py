"""I13 of notices: clean through every edge, broken by what only an intruder could write."""

from typing import Any

import pytest
from sqlalchemy import delete, update

from tests.notices.builders import World, a_world
from tests.pulls.builders import ONE, pause, revoke
from tests.sandboxes import live_sandbox
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.notices.models import Notice
from yidaitong.oversight.invariants.checks import Finding, look
from yidaitong.oversight.invariants.running import INVARIANTS
from yidaitong.runtime import Runtime

pytestmark = pytest.mark.promise("I13")
I13 = {invariant.id: invariant for invariant in INVARIANTS}["I13"]


def found(world: World) -> Finding:
    with world.runtime.transaction(SYSTEM) as uow:
        return look(uow, I13)


def tamper(world: World, statement: Any) -> None:
    with world.runtime.transaction(SYSTEM) as uow:
        uow.session.execute(statement)


def test_every_edge_is_clean_and_each_gap_is_found(runtime: Runtime) -> None:
    with live_sandbox(runtime) as live:
        world = a_world(runtime, live, ONE)
        pause(runtime, world.case)
        assert found(world).ok
        world.live.fault("http-500", department="SAMR")
        revoke(runtime, world.case)
        world.carry()
        assert found(world).ok

        bank = world.notice(world.bank_id)
        samr = world.notice("SAMR")
        mine = Notice.id == bank.id
        tamper(world, update(Notice).where(mine).values(acked_at=None))
        assert f"notice {bank.id} notice.acked" in found(world).examples
        tamper(world, update(Notice).where(mine).values(acked_at=bank.acked_at, sent_at=None))
        assert found(world).examples == (f"notice {bank.id} notice.sent",)
        tamper(world, update(Notice).where(mine).values(sent_at=bank.sent_at))
        tamper(world, update(Notice).where(mine).values(escalated_at=bank.sent_at))
        assert found(world).examples == (f"notice {bank.id} notice.escalated",)
        tamper(world, update(Notice).where(mine).values(escalated_at=None))
        assert found(world).ok

        promise = OutboxJob.args["notice_id"].astext == str(samr.id)
        tamper(world, update(OutboxJob).where(promise).values(dead_at=bank.sent_at))
        assert found(world).ok
        tamper(world, delete(OutboxJob).where(promise))
        assert found(world).examples == (f"notice {samr.id} notices.send",)

        tamper(world, delete(Notice).where(Notice.act == "consent.revoked"))
        assert f"event {bank.event_id}" in found(world).examples
