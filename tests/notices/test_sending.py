"""Carried on real sockets: delivered, answered, tried again, late, doubled, never in the way."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select, text

from consent import service
from tests.jobs.processes import running, until
from tests.notices.builders import DEPARTMENTS, World, a_black_hole, call_back
from tests.pulls.builders import pause, revoke
from yidaitong.authorizations.desk import desk_of
from yidaitong.jobs.courier import Courier
from yidaitong.jobs.ticker import Ticker
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.notices import escalating, sending, telling
from yidaitong.notices.models import NoticeReceiver

pytestmark = pytest.mark.promise("R13")


def escalate(world: World) -> None:
    with world.runtime.transaction(SYSTEM) as uow:
        late = escalating.due(uow)
    for notice_id in late:
        with world.runtime.transaction(SYSTEM) as uow:
            assert escalating.escalate(uow, notice_id)


def problem_of(world: World, receiver: str) -> str | None:
    with world.runtime.transaction(SYSTEM) as uow:
        found = uow.session.get(NoticeReceiver, receiver)
        return None if found is None else found.problem


class TestDelivery:
    def test_everybody_has_it_answers_and_is_written_down_once(self, world: World) -> None:
        revoke(world.runtime, world.case)
        world.carry()

        states = world.states()
        assert {states[one] for one in (world.bank_id, *DEPARTMENTS)} == {"ACKED"}
        assert states[str(world.case.firm.enterprise_id)] == "SENT"
        for receiver in (world.bank_id, *DEPARTMENTS):
            notice = world.notice(receiver)
            (taken,) = world.taken(receiver)
            assert (taken.text, taken.copies) == (notice.jws, 1)
            assert world.leaves(notice.id) == ["notice.sent", "notice.acked"]
        assert world.leaves(world.notice(str(world.case.firm.enterprise_id)).id) == ["notice.sent"]

    def test_what_needs_no_answer_is_delivered_and_done(self, world: World) -> None:
        pause(world.runtime, world.case)
        world.live.fault("empty")
        world.carry()

        assert set(world.states("consent.paused").values()) == {"SENT"}
        with world.runtime.transaction(SYSTEM) as uow:
            left = uow.session.scalar(
                select(func.count()).where(
                    OutboxJob.name == "notices.send", OutboxJob.done_at.is_(None)
                )
            )
        assert left == 0

    def test_several_acts_come_in_their_order(self, world: World) -> None:
        pause(world.runtime, world.case)
        revoke(world.runtime, world.case)
        world.carry()

        events = [one.said["event"] for one in world.taken("TAX")]
        assert events == ["consent.paused", "consent.revoked"]

    def test_the_receipt_says_who_was_told(self, world: World) -> None:
        revoked = revoke(world.runtime, world.case)
        with world.runtime.transaction(SYSTEM) as uow:
            telling.tell(uow, world.case.chain_id)
        first = receipt(world)
        world.live.fault("silence", department="TAX")
        world.runtime.settings = replace(world.runtime.settings, call_deadline_seconds=0.4)
        world.carry()
        with world.runtime.transaction(SYSTEM) as uow:
            telling.tell(uow, world.case.chain_id)
            telling.tell(uow, world.case.chain_id)
        second = receipt(world)

        assert revoked.receipt["revocation"]["notices"] == []
        assert first["revocation"]["notices"] == [
            {"to": one, "state": "PENDING"} for one in (world.bank_id, *DEPARTMENTS)
        ]
        said = {one["to"]: one for one in second["revocation"]["notices"]}
        assert (said["TAX"]["state"], "acked_at" in said["TAX"]) == ("PENDING", False)
        assert (said["SAMR"]["state"], "acked_at" in said["SAMR"]) == ("ACKED", True)
        assert second["previous_receipt_id"] == first["receipt_id"]


def receipt(world: World) -> dict[str, Any]:
    with world.runtime.transaction(SYSTEM) as uow:
        desk = desk_of(uow, job="test")
        found = service.receipt_of(desk, world.case.chain_id, service.ReceiptType.REVOKE)
        return dict(found)


class TestTroubles:
    @pytest.mark.parametrize(
        ("fault", "problem"),
        [("http-500", "HTTP_500"), ("http-503", "HTTP_503"), ("http-403", "HTTP_403"),
         ("reset", "BROKEN"), ("cut", "BROKEN"), ("redirect", "HTTP_302"),
         ("huge", "TOO_LARGE"), ("gzip-bomb", "TOO_LARGE"), ("body-drip", "TIMEOUT")],
    )  # fmt: skip
    def test_no_delivery_until_a_whole_good_answer_came(
        self, world: World, fault: str, problem: str
    ) -> None:
        seconds = 0.5 if fault == "body-drip" else 3.0
        world.runtime.settings = replace(world.runtime.settings, call_deadline_seconds=seconds)
        world.live.fault(fault, department=world.bank_id, seconds=0.2)
        revoke(world.runtime, world.case)
        world.carry()

        notice = world.notice(world.bank_id)
        assert (notice.state.value, notice.problem, notice.attempts) == ("PENDING", problem, 1)
        assert world.leaves(notice.id) == []

        world.live.faults()
        world.later("1 hour")
        world.carry()
        # It had arrived the first time already: the bank gives the same answer to the copy.
        assert world.leaves(notice.id) == ["notice.sent", "notice.acked"]
        assert [one.copies for one in world.taken(world.bank_id)] == [2]
        assert world.notice(world.bank_id).jws == notice.jws

    def test_a_bank_that_fails_for_ten_minutes_gets_it_then(self, world: World) -> None:
        world.live.fault("http-500", department=world.bank_id)
        revoke(world.runtime, world.case)
        for _ in range(5):
            world.carry()
            world.later("2 minutes")

        attempts = world.notice(world.bank_id).attempts
        assert 2 <= attempts <= 5
        world.live.faults()
        world.later("1 hour")
        world.carry()
        assert world.states()[world.bank_id] == "ACKED"
        with world.runtime.transaction(SYSTEM) as uow:
            receiver = uow.session.get_one(NoticeReceiver, world.bank_id)
            assert (receiver.failures, receiver.problem, receiver.not_before) == (0, None, None)

    def test_a_bank_silent_for_a_day_still_gets_it(self, world: World) -> None:
        world.runtime.settings = replace(world.runtime.settings, call_deadline_seconds=0.3)
        with a_black_hole() as nowhere:
            call_back(world, nowhere)
            revoke(world.runtime, world.case)
            for _ in range(8):
                world.carry()
                world.later("3 hours")
        escalate(world)
        assert world.states()[world.bank_id] == "PENDING"
        assert problem_of(world, world.bank_id) == "TIMEOUT"

        call_back(world, f"{world.live.url}/banks/{world.bank_id}/notices")
        world.later("7 hours")
        world.carry()
        assert world.states()[world.bank_id] == "ACKED"

    def test_a_failed_receiver_is_left_alone_for_its_time(self, world: World) -> None:
        world.live.fault("http-500", department=world.bank_id)
        pause(world.runtime, world.case)
        revoke(world.runtime, world.case)
        world.carry()

        with world.runtime.transaction(SYSTEM) as uow:
            uow.session.execute(
                text("UPDATE notice_receiver SET not_before = clock_timestamp() + interval '1 hour'"
                     " WHERE code = :code"), {"code": world.bank_id})  # fmt: skip
            uow.session.execute(
                text("UPDATE outbox_job SET not_before = now() WHERE name = 'notices.send'")
            )
        before = len(world.taken(world.bank_id))
        world.carry()
        world.carry()
        # One probe a pause for all that waits, however much that is.
        assert len(world.taken(world.bank_id)) == before
        tries = [world.notice(world.bank_id, act).attempts for act in
                 ("consent.paused", "consent.revoked")]  # fmt: skip
        assert sum(tries) == 1

    def test_without_an_address_it_waits_and_is_escalated(self, world: World) -> None:
        with world.runtime.transaction(SYSTEM) as uow:
            uow.session.execute(text("UPDATE callback_endpoint SET state = 'REVOKED'"))
        revoke(world.runtime, world.case)
        world.carry()

        assert world.notice(world.bank_id).problem == "NO_ADDRESS"
        world.later("73 hours")
        escalate(world)
        assert world.states()[world.bank_id] == "ESCALATED"


class TestBackoff:
    def test_it_is_jittered_doubled_and_capped(self, world: World) -> None:
        with world.runtime.transaction(SYSTEM) as uow:
            found = {
                n: [sending.backoff(uow, n) for _ in range(400)] for n in (1, 2, 5, 10, 10_000)
            }

        for n, most in ((1, 60), (2, 120), (5, 960), (10, 21_600), (10_000, 21_600)):
            seconds = [one.total_seconds() for one in found[n]]
            assert max(seconds) <= most
            assert max(seconds) > most * 0.9
            assert min(seconds) < most * 0.1


class TestEscalation:
    def test_after_three_days_people_see_it_and_an_answer_still_counts(self, world: World) -> None:
        world.live.fault("empty", department="COURT")
        revoke(world.runtime, world.case)
        world.carry()
        notice = world.notice("COURT")
        assert notice.state.value == "SENT"

        world.later("71 hours 59 minutes")
        escalate(world)
        assert world.states()["COURT"] == "SENT"
        world.later("2 minutes")
        escalate(world)
        escalate(world)
        assert world.states()["COURT"] == "ESCALATED"
        assert world.states()["TAX"] == "ACKED"
        assert world.states()[str(world.case.firm.enterprise_id)] == "SENT"

        world.live.faults()
        world.later("6 hours")
        world.carry()
        assert world.leaves(notice.id) == ["notice.sent", "notice.escalated", "notice.acked"]
        assert world.states()["COURT"] == "ACKED"

    def test_one_that_never_arrived_is_escalated_and_sent_on(self, world: World) -> None:
        world.live.fault("http-500", department=world.bank_id)
        pause(world.runtime, world.case)
        world.carry()
        world.later("73 hours")
        escalate(world)
        notice = world.notice(world.bank_id, "consent.paused")
        assert notice.state.value == "ESCALATED"

        world.live.faults()
        world.carry()
        assert world.leaves(notice.id) == ["notice.escalated", "notice.sent", "notice.acked"]


class TestOthers:
    def test_one_dead_receiver_delays_nobody(self, world: World) -> None:
        with a_black_hole() as nowhere:
            call_back(world, nowhere)
            with Courier(world.runtime).running():
                pause(world.runtime, world.case)
                # The bank hangs in its own thread; what comes meanwhile goes out beside it.
                until(lambda: len(world.taken("TAX")) == 1)
                assert problem_of(world, world.bank_id) is None
                revoke(world.runtime, world.case)
                until(lambda: all(len(world.taken(one)) == 2 for one in DEPARTMENTS))
                assert problem_of(world, world.bank_id) is None
        assert world.notice(world.bank_id, "consent.paused").problem == "TIMEOUT"

    def test_a_revocation_waits_for_no_receiver(self, world: World) -> None:
        courier = Courier(world.runtime)
        with a_black_hole() as nowhere:
            call_back(world, nowhere)
            world.runtime.settings = replace(
                world.runtime.settings, gateway_url=nowhere, call_deadline_seconds=10.0
            )
            pause(world.runtime, world.case)
            courier.step()
            revoked = revoke(world.runtime, world.case)
            # It is done, and nobody has heard or given up yet.
            assert revoked.first
            assert problem_of(world, world.bank_id) is None
            states = world.states("consent.paused")
            assert {states[one] for one in (world.bank_id, *DEPARTMENTS)} == {"PENDING"}
        courier.close()

    def test_workers_are_not_rung_for_them(self, world: World) -> None:
        world.runtime.redis.flushdb()
        revoke(world.runtime, world.case)
        Ticker(world.runtime).step()

        with world.runtime.transaction(SYSTEM) as uow:
            sends = set(map(str, uow.session.scalars(
                select(OutboxJob.id).where(OutboxJob.name == "notices.send"))))  # fmt: skip
        queued = [job.args[0] for name in ("default", "pulls")
                  for job in world.runtime.queue_of(f"{name}.x").jobs]  # fmt: skip
        assert queued
        assert sends.isdisjoint(queued)


@pytest.mark.faults
class TestKill:
    def test_killed_between_send_and_record_it_is_sent_again(self, world: World) -> None:
        settings = replace(world.runtime.settings, lease_seconds=1)
        pause(world.runtime, world.case)
        with running(settings, "ticker", YDT_FAIL_POINT="after_send") as dying:
            assert dying.child.wait(20) == 9
        sent = [one for one in (world.bank_id, *DEPARTMENTS) if world.taken(one)]
        assert sent
        unwritten = world.notice(sent[0], "consent.paused")
        assert (unwritten.state.value, unwritten.attempts) == ("PENDING", 1)

        with running(settings, "ticker") as alive:
            until(lambda: set(world.states("consent.paused").values()) <= {"SENT", "ACKED"}, 20)
            assert alive.stop() == 0
        for receiver in (world.bank_id, *DEPARTMENTS):
            notice = world.notice(receiver, "consent.paused")
            (taken,) = world.taken(receiver)
            assert world.leaves(notice.id) == ["notice.sent", "notice.acked"]
            assert taken.said["notice_id"] == str(notice.id)
        assert world.taken(sent[0])[0].copies == 2
