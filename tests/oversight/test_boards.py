"""Boards: what each group counts, and that every number opens exactly its rows."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from consent.lifecycle import ConsentState
from consent.models import Chain, ConsentRequest
from tests.authorizations.builders import WITHOUT_PERSON, a_firm, ask
from tests.authorizations.people import an_agent
from tests.authorizations.test_mandates import raise_quorum, sign_as
from tests.lending import builders as lending
from tests.notices.builders import a_world
from tests.packets.builders import a_story
from tests.packets.test_reconciling import ONE, PLANTS, day, taken
from tests.pulls import builders as pulls
from tests.pulls.builders import revoke
from tests.sandboxes import live_sandbox
from yidaitong.authorizations import signing
from yidaitong.kernel.actor import PUBLIC, SYSTEM
from yidaitong.kernel.errors import ForbiddenError, InvalidRequestError, NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight import boardroom
from yidaitong.oversight.boarding import Line
from yidaitong.oversight.definitions import Page
from yidaitong.packets.lifecycle import MismatchKind
from yidaitong.packets.models import PacketCopy
from yidaitong.runtime import Runtime

MONTH = 30


def counts(uow: UnitOfWork, board_id: str) -> Mapping[str, int]:
    """Groups that count anything."""
    found = boardroom.lines(uow, board_id, MONTH)
    return {line.key: line.count for line in found if line.count}


def hop(uow: UnitOfWork, key: str) -> Line:
    (found,) = [line for line in boardroom.lines(uow, "C03", MONTH) if line.key == key]
    return found


def read(runtime: Runtime, board_id: str) -> Mapping[str, int]:
    with runtime.transaction(SYSTEM) as uow:
        return counts(uow, board_id)


class TestRequests:
    def test_the_funnel_says_at_which_stage_each_was_given_up(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        agent, _ = an_agent(uow, firm)
        raise_quorum(uow, firm, 2)
        asks = [ask(uow, firm, replace(WITHOUT_PERSON, product_id=f"P-{n}")) for n in range(4)]
        for one in asks[:3]:
            assert sign_as(uow, firm.rep, one.request_id, one.digest) is None
        assert sign_as(uow, agent, asks[0].request_id, asks[0].digest) is not None
        for one in (asks[1], asks[3]):
            signing.deny(uow.acting(firm.rep), one.request_id)

        assert counts(uow.acting(SYSTEM), "C01") == {
            "drafted": 4,
            "asked": 4,
            "signed": 3,
            "granted": 1,
            "open": 1,
            "denied.signed": 1,
            "denied.unsigned": 1,
        }

    def test_a_window_leaves_out_what_is_older(self, uow: UnitOfWork) -> None:
        ask(uow, a_firm(uow), WITHOUT_PERSON)
        system = uow.acting(SYSTEM)
        assert boardroom.lines(system, "C01", 1)[0].count == 1

        older = system.now - timedelta(days=2)
        system.session.execute(update(ConsentRequest).values(made_at=older))

        assert boardroom.lines(system, "C01", 1)[0].count == 0
        assert boardroom.lines(system, "C01", 7)[0].count == 1


class TestStory:
    def test_what_happened_is_counted_where_it_happened(self, runtime: Runtime) -> None:
        story = a_story(runtime, ONE)
        taken(story, "one")
        story.sealed(key="two")

        assert read(runtime, "C02") == {"active": 1}
        with runtime.transaction(SYSTEM) as uow:
            release, proof, fetch, receipt = (
                hop(uow, key) for key in ("release", "proof", "fetch", "receipt")
            )
        assert (release.count, proof.count, fetch.count, receipt.count) == (2, 2, 1, 1)
        assert {one.failed for one in (release, proof, fetch, receipt)} == {0}
        assert None not in {release.p50_ms, proof.p95_ms, fetch.p50_ms, receipt.p50_ms}

    def test_an_end_by_time_counts_before_it_is_written_down(self, runtime: Runtime) -> None:
        story = a_story(runtime, ONE)
        with runtime.transaction(SYSTEM) as uow:
            uow.session.execute(update(Chain).values(ends_at=uow.now))

        assert read(runtime, "C02") == {"expired": 1}
        with runtime.transaction(SYSTEM) as uow:
            assert uow.session.get_one(Chain, story.case.chain_id).state is ConsentState.ACTIVE

    def test_a_withdrawal_moves_its_consent_and_leaves_its_packet(self, runtime: Runtime) -> None:
        story = a_story(runtime, ONE)
        taken(story, "one")
        revoke(runtime, story.case)

        assert read(runtime, "C02") == {"revoked": 1}
        assert read(runtime, "C04") == {}
        with runtime.transaction(SYSTEM) as uow:
            uow.session.execute(update(PacketCopy).values(erase_due_at=uow.now))
        assert read(runtime, "C04") == {story.bank_id: 1}

    def test_mismatches_by_kind(self, runtime: Runtime) -> None:
        packet_id = taken(a_story(runtime, ONE), "one")
        with runtime.transaction(SYSTEM) as uow:
            uow.session.execute(text(PLANTS[MismatchKind.FETCH]), {"id": packet_id})
        assert day(runtime) == 1

        assert read(runtime, "C06") == {"fetch": 1}

    def test_a_notice_counts_until_it_is_answered(self, runtime: Runtime) -> None:
        with live_sandbox(runtime) as live:
            world = a_world(runtime, live, pulls.ONE)
            world.live.fault("http-500", department="SAMR")
            revoke(runtime, world.case)
            assert read(runtime, "C05") == {"bank": 1, "department": 1}
            world.carry()

            assert read(runtime, "C05") == {"department": 1}


class TestOutcomes:
    def test_a_consent_is_followed_to_the_money(self, uow: UnitOfWork) -> None:
        lending.disbursed(uow)

        found = counts(uow.acting(SYSTEM), "C07")

        assert (found["granted"], found["approved"], found["funded"]) == (1, 1, 1)

    def test_what_waits_at_the_bank_is_no_decision(self, uow: UnitOfWork) -> None:
        lending.submitted(uow)

        assert counts(uow.acting(SYSTEM), "C07") == {"granted": 1}


class TestRows:
    def test_every_number_opens_its_rows(self, runtime: Runtime) -> None:
        story = a_story(runtime, ONE)
        for n, key in enumerate(("one", "two", "three")):
            packet_id = taken(story, key)
            if n:
                continue
            with runtime.transaction(SYSTEM) as uow:
                uow.session.execute(text(PLANTS[MismatchKind.FETCH]), {"id": packet_id})
        day(runtime)
        revoke(runtime, story.case)
        opened = 0
        with runtime.transaction(SYSTEM) as uow:
            uow.session.execute(update(PacketCopy).values(erase_due_at=uow.now))
            for board_id in boardroom.BOARDS:
                for line in boardroom.lines(uow, board_id, MONTH):
                    assert len(walk(uow, board_id, line.key)) == line.count, line
                    opened += line.count

        # Three pulls, proofs, fetches, receipts; one request thrice; the consent; three copies…
        assert opened >= 20

    def test_only_overseers_read_them(self, uow: UnitOfWork) -> None:
        with pytest.raises(ForbiddenError):
            boardroom.lines(uow.acting(PUBLIC), "C01", MONTH)
        with pytest.raises(ForbiddenError):
            boardroom.opened(uow.acting(PUBLIC), "C01", "asked", MONTH, Page())

    def test_what_does_not_exist_is_not_found(self, uow: UnitOfWork) -> None:
        system = uow.acting(SYSTEM)

        with pytest.raises(NotFoundError):
            boardroom.lines(system, "C99", MONTH)
        with pytest.raises(NotFoundError):
            boardroom.opened(system, "C01", "x' OR 1=1", MONTH, Page())
        with pytest.raises(InvalidRequestError):
            boardroom.opened(system, "C01", "asked", MONTH, Page(after="zz'; --"))


def walk(uow: UnitOfWork, board_id: str, key: str) -> set[str]:
    """All rows of a group, one a page."""
    seen: set[str] = set()
    after = None
    while True:
        found = boardroom.opened(uow, board_id, key, MONTH, Page(after=after, limit=1))
        assert all(len(row.cells) == len(found.board.columns) for row in found.rows)
        assert seen.isdisjoint(row.key for row in found.rows)
        seen.update(row.key for row in found.rows)
        if found.next is None:
            return seen
        after = found.next
