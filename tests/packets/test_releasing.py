"""Releasing and sealing: once per pull, only under a live consent, in the order of the log."""

import threading
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from tests.packets.builders import OFFERED, Story, a_story
from tests.pulls.builders import log_of, pause, promises, revoke
from yidaitong.accounts import stepup
from yidaitong.authorizations.stopping import resume
from yidaitong.banks.models import AgreementState, BankAgreement, BankKey, KeyState
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.ids import uuid7
from yidaitong.packets import releasing, sealing
from yidaitong.packets.lifecycle import PacketState
from yidaitong.packets.models import Packet
from yidaitong.packets.queries import contents_of_application
from yidaitong.pulls.lifecycle import PullState
from yidaitong.pulls.models import Pull
from yidaitong.runtime import Runtime


@pytest.fixture
def story(runtime: Runtime) -> Story:
    return a_story(runtime)


def packet_of(story: Story, packet_id: UUID) -> Packet:
    with story.runtime.transaction(SYSTEM) as uow:
        return uow.session.get_one(Packet, packet_id)


def count_of(story: Story, kind: str) -> int:
    with story.runtime.transaction(SYSTEM) as uow:
        return log_of(uow, story.case.chain_id).count(kind)


class TestRelease:
    def test_the_pull_is_released_and_the_leaf_stands(self, story: Story) -> None:
        pull_id = story.collect()
        packet = packet_of(story, story.release(pull_id))

        with story.runtime.transaction(SYSTEM) as uow:
            pull = uow.session.get_one(Pull, pull_id)
            assert (pull.state, pull.released_at) == (PullState.RELEASED, packet.issued_at)
            assert promises(uow, "packets.seal") == 1
        assert packet.state is PacketState.ISSUED
        assert count_of(story, "packet.issued") == 1

    @pytest.mark.promise("R5")
    @pytest.mark.promise("I7")
    def test_each_job_three_times_makes_one_packet(self, story: Story) -> None:
        pull_id = story.collect()
        released = {story.release(pull_id) for _ in range(3)}
        (packet_id,) = released
        assert [story.seal(packet_id) for _ in range(3)] == [False] * 3
        ledger.step(story.runtime)
        assert story.seal(packet_id)
        first = story.fetch(packet_id).jwe
        assert [story.seal(packet_id) for _ in range(2)] == [True] * 2

        assert story.fetch(packet_id).jwe == first
        assert count_of(story, "packet.issued") == 1
        with story.runtime.transaction(SYSTEM) as uow:
            assert uow.session.scalar(select(func.count()).select_from(Packet)) == 1

    @pytest.mark.promise("R5")
    def test_four_releases_at_once_make_one_packet(self, story: Story) -> None:
        pull_id, found = story.collect(), []
        ready = threading.Barrier(4)

        def work() -> None:
            ready.wait()
            found.append(story.release(pull_id))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(found) == 4
        assert len(set(found)) == 1
        assert count_of(story, "packet.issued") == 1

    @pytest.mark.promise("I5")
    def test_nothing_is_released_after_a_revocation(self, story: Story) -> None:
        pull_id = story.collect()
        revoke(story.runtime, story.case)

        with story.runtime.transaction(SYSTEM) as uow:
            assert releasing.release(uow, pull_id) is None
        assert count_of(story, "packet.issued") == 0

    def test_a_paused_consent_holds_it_and_a_resumed_one_lets_go(self, story: Story) -> None:
        pull_id = story.collect()
        pause(story.runtime, story.case)
        with story.runtime.transaction(SYSTEM) as uow:
            assert releasing.release(uow, pull_id) is None
            assert uow.session.get_one(Pull, pull_id).held == "PAUSED"
            waiting = promises(uow, "packets.release")
        with story.runtime.transaction(story.case.firm.rep) as uow:
            token = stepup.issue(uow, story.case.digest)
            resume(uow, story.case.chain_id, token)
        with story.runtime.transaction(SYSTEM) as uow:
            assert releasing.release(uow, pull_id) is None  # Lets it go on, and comes back.
            assert promises(uow, "packets.release") == waiting + 1

        assert story.release(pull_id)

    def test_a_bank_without_agreement_gets_nothing(self, story: Story) -> None:
        pull_id = story.collect()
        with story.runtime.transaction(SYSTEM) as uow:
            uow.session.scalars(select(BankAgreement)).one().state = AgreementState.ENDED

        with pytest.raises(InvalidStateError):
            story.release(pull_id)

    def test_a_revoked_bank_key_seals_nothing(self, story: Story) -> None:
        packet_id = story.release(story.collect())
        ledger.step(story.runtime)
        with story.runtime.transaction(SYSTEM) as uow:
            for key in uow.session.scalars(select(BankKey)):
                key.state = KeyState.REVOKED

        with pytest.raises(InvalidStateError):
            story.seal(packet_id)

    def test_a_revocation_elsewhere_while_the_key_is_still_known_here(self, story: Story) -> None:
        """Another process destroys the key; this one has just opened the packet with it."""
        packet_id = story.release(story.collect())
        ledger.step(story.runtime)
        with story.runtime.transaction(SYSTEM) as uow:
            assert sealing.composed(uow, uow.session.get_one(Packet, packet_id))
        elsewhere = Runtime(story.runtime.settings)
        revoke(elsewhere, story.case)
        elsewhere.close()

        assert story.seal(packet_id)  # Nothing is left to do, and nothing failed.
        assert packet_of(story, packet_id).state is PacketState.ISSUED

    def test_the_release_stands_before_the_end_it_brings(self, runtime: Runtime) -> None:
        story = a_story(runtime, replace(OFFERED, items=frozenset({"reg.status"})))
        for key in ("one", "two", "three"):
            story.release(story.collect(key=key))

        with runtime.transaction(SYSTEM) as uow:
            log = log_of(uow, story.case.chain_id)
        assert log[-2:] == ["packet.issued", "consent.exhausted"]


class TestContents:
    def test_underwriting_reads_what_was_composed(self, runtime: Runtime) -> None:
        application_id = uuid7()
        story = a_story(runtime, application_id=application_id)
        packet_id = story.release(story.collect())

        with runtime.transaction(SYSTEM) as uow:
            (content,) = contents_of_application(uow, application_id)
            assert promises(uow, "applications.evaluate") == 1
        assert (content.packet_id, content.personal) == (packet_id, False)
        assert content.derived["reg.status"].value == "1"
        assert content.packet_sha256 == packet_of(story, packet_id).packet_sha256

    def test_nothing_is_left_after_a_revocation(self, runtime: Runtime) -> None:
        application_id = uuid7()
        story = a_story(runtime, application_id=application_id)
        story.release(story.collect())
        revoke(runtime, story.case)

        with runtime.transaction(SYSTEM) as uow:
            assert contents_of_application(uow, application_id) == []
            wrapped = text("SELECT count(*) FROM dek WHERE kind = 'data' AND wrapped IS NOT NULL")
            assert uow.session.execute(wrapped).scalar_one() == 0
