"""Fetching: the consent decides at that very moment, and the leaf stands before the bytes."""

import threading
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from consent.errors import ConsentPausedError
from consent.models import Chain
from consent.service import ReceiptType
from tests.authorizations.builders import a_banker
from tests.packets.builders import Story, a_story
from tests.pulls.builders import log_of, pause, revoke
from yidaitong.authorizations import stopping
from yidaitong.authorizations.queries import receipt_of
from yidaitong.kernel.actor import SYSTEM, Actor
from yidaitong.kernel.clock import wall
from yidaitong.kernel.crypto.errors import JoseError, SignatureInvalidError
from yidaitong.kernel.crypto.keys import PrivateKey, generate
from yidaitong.kernel.errors import (
    DataGoneError,
    EvidenceUnavailableError,
    ForbiddenError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
)
from yidaitong.kernel.ids import uuid7
from yidaitong.packets import acking, fetching, forgetting, lapsing, queries, withdrawing
from yidaitong.packets.lifecycle import CopyState, PacketState
from yidaitong.packets.models import Packet, PacketCopy
from yidaitong.packets.opening import open_for_bank
from yidaitong.pulls.lifecycle import PullState
from yidaitong.pulls.models import Pull
from yidaitong.runtime import Runtime


@pytest.fixture
def story(runtime: Runtime) -> Story:
    return a_story(runtime)


def log(story: Story) -> list[str]:
    with story.runtime.transaction(SYSTEM) as uow:
        return log_of(uow, story.case.chain_id)


def state_of(story: Story, packet_id: UUID) -> tuple[PacketState, PullState]:
    with story.runtime.transaction(SYSTEM) as uow:
        packet = uow.session.get_one(Packet, packet_id)
        return packet.state, uow.session.get_one(Pull, packet.pull_id).state


class TestFetch:
    def test_each_fetch_is_in_the_log_and_the_first_starts_the_duty(self, story: Story) -> None:
        packet_id = story.sealed()
        first, second = story.fetch(packet_id), story.fetch(packet_id)

        assert first == second
        assert log(story)[-3:] == ["packet.fetched", "copy.opened", "packet.fetched"]
        with story.runtime.transaction(SYSTEM) as uow:
            duty = uow.session.get_one(PacketCopy, packet_id)
            packet = uow.session.get_one(Packet, packet_id)
            assert (duty.state, duty.erase_due_at) == (CopyState.HELD, packet.erase_due_at)
            assert packet.copies == 2

    @pytest.mark.promise("R3")
    @pytest.mark.promise("I5")
    def test_a_revocation_between_release_and_fetch(self, story: Story) -> None:
        packet_id = story.sealed()
        revoke(story.runtime, story.case)

        with pytest.raises(DataGoneError):
            story.fetch(packet_id)
        assert "packet.fetched" not in log(story)

        with story.runtime.transaction(SYSTEM) as uow:
            assert withdrawing.withdraw(uow, story.case.chain_id) == [packet_id]
        with story.runtime.transaction(SYSTEM) as uow:
            assert withdrawing.withdraw(uow, story.case.chain_id) == []
        with pytest.raises(DataGoneError):
            story.fetch(packet_id)
        assert state_of(story, packet_id) == (PacketState.WITHDRAWN, PullState.CANCELLED)
        assert log(story)[-2:] == ["packet.withdrawn", "key.destroyed"]
        with story.runtime.transaction(SYSTEM) as uow:
            told = receipt_of(uow, story.case.chain_id, ReceiptType.REVOKE)["revocation"]
        assert [one["packets_withdrawn"] for one in told["pulls_cancelled"]] == [1]

    @pytest.mark.promise("R3")
    def test_no_second_copy_after_a_revocation(self, story: Story) -> None:
        packet_id = story.sealed()
        story.fetch(packet_id)
        revoke(story.runtime, story.case)
        with story.runtime.transaction(SYSTEM) as uow:
            withdrawing.withdraw(uow, story.case.chain_id)

        with pytest.raises(DataGoneError):
            story.fetch(packet_id)
        with story.runtime.transaction(SYSTEM) as uow:
            duty = uow.session.get_one(PacketCopy, packet_id)
            assert duty.state is CopyState.ERASE_DUE
            assert duty.erase_due_at < duty.opened_at + timedelta(days=8)
            assert duty.use_ended_at is not None
            told = receipt_of(uow, story.case.chain_id, ReceiptType.REVOKE)["revocation"]
        assert log(story)[-1] == "copy.erase_due"
        assert [one["state"] for one in told["erase"]] == ["ERASE_DUE"]

    def test_a_pause_blocks(self, story: Story) -> None:
        packet_id = story.sealed()
        pause(story.runtime, story.case)

        with pytest.raises(ConsentPausedError):
            story.fetch(packet_id)

    def test_what_was_released_before_the_decision_stands(self, runtime: Runtime) -> None:
        application_id = uuid7()
        story = a_story(runtime, application_id=application_id)
        packet_id = story.sealed()
        with runtime.transaction(SYSTEM) as uow:
            stopping.end_for(uow, application_id, "DECISION")
        with runtime.transaction(SYSTEM) as uow:
            assert withdrawing.withdraw(uow, story.case.chain_id) == []

        assert story.fetch(packet_id).jwe

    def test_without_its_proof_it_waits(self, story: Story) -> None:
        packet_id = story.release(story.collect())

        with pytest.raises(EvidenceUnavailableError):
            story.fetch(packet_id)

    @pytest.mark.promise("T5")
    def test_another_bank_finds_nothing(self, story: Story) -> None:
        packet_id = story.sealed()
        for actor in (a_banker("bank-other"), replace(story.case.banker, org_id="bank-none")):
            with story.runtime.transaction(actor) as uow:
                with pytest.raises(NotFoundError):
                    fetching.fetch(uow, packet_id)
                with pytest.raises(NotFoundError):
                    queries.packet_of(uow, packet_id)
                assert queries.inbox_of_bank(uow) == []

    def test_only_a_bank_fetches(self, story: Story) -> None:
        packet_id = story.sealed()
        actors: list[Actor] = [
            story.case.firm.rep,
            SYSTEM,
            replace(story.case.banker, permissions=frozenset()),
        ]
        for actor in actors:
            with story.runtime.transaction(actor) as uow, pytest.raises(ForbiddenError):
                fetching.fetch(uow, packet_id)


class TestOpening:
    def test_a_bank_opens_with_its_own_key(self, story: Story) -> None:
        packet_id = story.sealed()
        with story.runtime.transaction(story.case.banker) as uow:
            opened = open_for_bank(uow, packet_id, story.enc)

        assert opened.ok, opened.report.checks
        assert opened.derived["reg.status"].value == "1"
        assert {one.resource for one in opened.resources} >= {"SAMR.REG", "TAX.PAY"}

    def test_another_key_shows_nothing(self, story: Story) -> None:
        packet_id = story.sealed()
        with story.runtime.transaction(story.case.banker) as uow:
            opened = open_for_bank(uow, packet_id, generate("X25519"))

        assert (opened.ok, opened.report.code, opened.resources) == (False, "jwe.key", ())


class TestAcknowledging:
    def _rx(self, story: Story, packet_id: UUID, digest: str | None = None) -> str:
        with story.runtime.transaction(SYSTEM) as uow:
            told = uow.session.get_one(Packet, packet_id).packet_sha256
        return acking.receipt(PrivateKey.read(story.ack), packet_id, digest or told, wall())

    def _ack(self, story: Story, packet_id: UUID, rx: str) -> None:
        with story.runtime.transaction(story.case.banker) as uow:
            acking.acknowledge(uow, packet_id, rx)

    def test_a_receipt_over_the_digest(self, story: Story) -> None:
        packet_id = story.sealed()
        story.fetch(packet_id)
        rx = self._rx(story, packet_id)
        for _ in range(2):
            self._ack(story, packet_id, rx)

        assert state_of(story, packet_id) == (PacketState.ACKED, PullState.ACKED)
        assert log(story).count("packet.acked") == 1
        assert story.fetch(packet_id).jwe

    def test_a_receipt_over_another_digest_is_a_dispute(self, story: Story) -> None:
        packet_id = story.sealed()
        story.fetch(packet_id)
        self._ack(story, packet_id, self._rx(story, packet_id, "A" * 43))

        assert state_of(story, packet_id) == (PacketState.DISPUTED, PullState.DISPUTED)
        with pytest.raises(InvalidStateError):
            self._ack(story, packet_id, self._rx(story, packet_id))

    def test_a_receipt_of_another_packet_is_none_of_this_one(self, story: Story) -> None:
        packet_id = story.sealed()
        story.fetch(packet_id)
        with story.runtime.transaction(SYSTEM) as uow:
            digest = uow.session.get_one(Packet, packet_id).packet_sha256
        other = acking.receipt(PrivateKey.read(story.ack), uuid7(), digest, wall())

        with pytest.raises(InvalidRequestError):
            self._ack(story, packet_id, other)

    def test_a_second_receipt_changes_nothing(self, story: Story) -> None:
        packet_id = story.sealed()
        story.fetch(packet_id)
        self._ack(story, packet_id, self._rx(story, packet_id))
        with story.runtime.transaction(SYSTEM) as uow:
            first = uow.session.get_one(Packet, packet_id).rx_sha256
        refusal = acking.receipt(PrivateKey.read(story.ack), packet_id, "A" * 43, wall(), "X")

        with pytest.raises(InvalidStateError):
            self._ack(story, packet_id, refusal)

        with story.runtime.transaction(SYSTEM) as uow:
            assert uow.session.get_one(Packet, packet_id).rx_sha256 == first

    def test_before_a_fetch_there_is_nothing_to_acknowledge(self, story: Story) -> None:
        packet_id = story.sealed()

        with pytest.raises(InvalidStateError):
            self._ack(story, packet_id, self._rx(story, packet_id))

    def test_keys_nobody_pinned(self, story: Story) -> None:
        packet_id = story.sealed()
        story.fetch(packet_id)
        stranger = PrivateKey.read(generate("Ed25519"))
        rx = acking.receipt(stranger, packet_id, "A" * 43, wall())

        with pytest.raises(SignatureInvalidError):
            self._ack(story, packet_id, rx)
        with pytest.raises(JoseError):
            self._ack(story, packet_id, "a.b.c")


class TestLapsing:
    def test_what_nobody_fetches_lapses(self, story: Story) -> None:
        packet_id = story.sealed()
        with story.runtime.transaction(SYSTEM) as uow:
            uow.session.execute(update(Packet).values(fetch_before=uow.now))
        with pytest.raises(DataGoneError):
            story.fetch(packet_id)
        for expected in (1, 0):
            with story.runtime.transaction(SYSTEM) as uow:
                assert lapsing.lapse_due(uow) == expected

        assert state_of(story, packet_id) == (PacketState.LAPSED, PullState.LAPSED)
        assert log(story)[-2:] == ["packet.lapsed", "key.destroyed"]

    def test_a_copy_becomes_due_and_overdue(self, story: Story) -> None:
        packet_id = story.sealed()
        story.fetch(packet_id)
        for days, expected in ((6, CopyState.ERASE_DUE), (0, CopyState.ERASE_OVERDUE)):
            with story.runtime.transaction(SYSTEM) as uow:
                due = uow.now + timedelta(days=days)
                uow.session.execute(update(PacketCopy).values(erase_due_at=due))
            with story.runtime.transaction(SYSTEM) as uow:
                assert lapsing.lapse_due(uow) == 1
            with story.runtime.transaction(SYSTEM) as uow:
                assert uow.session.get_one(PacketCopy, packet_id).state is expected
        assert log(story)[-2:] == ["copy.erase_due", "copy.overdue"]


class TestForgetting:
    @pytest.mark.promise("I16")
    def test_a_month_after_the_end_nothing_opens(self, runtime: Runtime) -> None:
        application_id = uuid7()
        story = a_story(runtime, application_id=application_id)
        packet_id = story.sealed()
        story.fetch(packet_id)
        with runtime.transaction(SYSTEM) as uow:
            stopping.end_for(uow, application_id, "DECISION")
        with runtime.transaction(SYSTEM) as uow:
            assert forgetting.forget_due(uow) == 0
        with runtime.transaction(SYSTEM) as uow:
            long_ago = uow.now - timedelta(days=30)
            uow.session.execute(update(Chain).values(ended_at=long_ago))
        for expected in (1, 0):
            with runtime.transaction(SYSTEM) as uow:
                assert forgetting.forget_due(uow) == expected

        with pytest.raises(DataGoneError):
            story.fetch(packet_id)
        with runtime.transaction(SYSTEM) as uow:
            assert queries.contents_of_application(uow, application_id) == []
        assert log(story)[-2:] == ["key.destroyed", "key.destroyed"]


class TestRaces:
    @pytest.mark.promise("I5")
    def test_no_fetch_stands_behind_the_revocation(self, story: Story) -> None:
        packet_id = story.sealed()
        ready = threading.Barrier(6)
        outcomes: list[str] = []

        def fetch() -> None:
            ready.wait()
            try:
                story.fetch(packet_id)
                outcomes.append("fetched")
            except DataGoneError:
                outcomes.append("gone")

        def stop() -> None:
            ready.wait()
            revoke(story.runtime, story.case)

        threads = [
            threading.Thread(target=one) for one in (fetch, fetch, stop, fetch, fetch, fetch)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        told = log(story)
        behind = told[told.index("consent.revoked") :]
        assert "packet.fetched" not in behind
        assert outcomes.count("fetched") == told.count("packet.fetched")
        assert len(outcomes) == 5
