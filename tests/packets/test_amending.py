"""A10 for packets: made under the version of their release; too much is not handed over."""

import json
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from consent import service
from consent.encoding import b64u_decode
from tests.authorizations.builders import sign
from tests.packets.builders import OFFERED, Story, a_story
from tests.pulls.builders import log_of
from yidaitong.authorizations import amending as authorizations
from yidaitong.authorizations.desk import desk_of
from yidaitong.authorizations.narrowing import Less
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.errors import DataGoneError
from yidaitong.oversight.invariants.order import ORDER
from yidaitong.packets import amending
from yidaitong.packets.lifecycle import PacketState
from yidaitong.packets.models import Packet
from yidaitong.packets.opening import open_for_bank
from yidaitong.packets.places import content_place
from yidaitong.pulls import scoping
from yidaitong.pulls.lifecycle import LineStatus
from yidaitong.runtime import Runtime

COURT = "court.dishonest_open"
OPTIONAL = replace(OFFERED, optional=frozenset({COURT}))


@pytest.fixture
def story(runtime: Runtime) -> Story:
    return a_story(runtime, OPTIONAL)


def amend(story: Story, less: Less) -> None:
    with story.runtime.transaction(story.case.firm.rep) as uow:
        asked = authorizations.narrow_authorization(uow, story.case.chain_id, less)
        sign(uow, story.case.firm, asked.request_id, asked.digest)


def run_jobs(story: Story) -> list[UUID]:
    """What the amendment promised; the packets that were withdrawn."""
    with story.runtime.transaction(SYSTEM) as uow:
        scoping.amend(uow, story.case.chain_id)
    with story.runtime.transaction(SYSTEM) as uow:
        return amending.withdraw_outside(uow, story.case.chain_id)


def packet_of(story: Story, packet_id: UUID) -> Packet:
    with story.runtime.transaction(SYSTEM) as uow:
        return uow.session.get_one(Packet, packet_id)


def broken(story: Story) -> list[str]:
    with story.runtime.transaction(SYSTEM) as uow:
        return [found for invariant in ORDER for found in invariant.find(uow)]


WITHOUT_COURT = Less(drop=frozenset({COURT}))


class TestReleasedLater:
    def test_it_names_the_new_version_and_holds_nothing_it_excludes(self, story: Story) -> None:
        pull_id = story.collect()
        amend(story, WITHOUT_COURT)
        run_jobs(story)

        packet_id = story.release(pull_id)
        ledger.step(story.runtime)
        assert story.seal(packet_id)
        with story.runtime.transaction(story.case.banker) as uow:
            opened = open_for_bank(uow, packet_id, story.enc)

        packet = packet_of(story, packet_id)
        assert packet.consent_id != story.case.chain_id
        assert opened.ok, opened.report.checks
        shown = {one.resource for one in opened.resources}
        assert "TAX.PAY" in shown
        assert not any(resource.startswith("COURT.") for resource in shown)
        assert broken(story) == []

    def test_days_taken_out_before_any_job_ran_are_not_shown(self, story: Story) -> None:
        pull_id = story.collect()
        with story.runtime.transaction(SYSTEM) as uow:
            live = service.lock_chain(desk_of(uow), story.case.chain_id)
            artefact = service.artefact_of(desk_of(uow), live.row)
        (ranged,) = [one.range for one in artefact.datasets if one.resource == "TAX.PAY"]
        assert ranged is not None
        later = date.fromisoformat(ranged.from_on) + timedelta(days=200)
        amend(story, Less(from_on=later.replace(day=1)))

        packet_id = story.release(pull_id)

        with story.runtime.transaction(SYSTEM) as uow:
            place = content_place(story.case.chain_id, packet_id)
            sealed = uow.session.get_one(Packet, packet_id).content
            assert sealed is not None
            content = json.loads(uow.crypto.open(uow.session, place, sealed))
        body = json.loads(b64u_decode(content["packet"].split(".")[1]))
        shown = {one["resource"]: one["status"] for one in body["resources"]}
        assert shown["TAX.PAY"] == LineStatus.EXCLUDED_BY_SUBJECT
        assert shown["SAMR.REG"] == LineStatus.DELIVERED


class TestReleasedBefore:
    def test_what_shows_too_much_is_withdrawn(self, story: Story) -> None:
        packet_id = story.sealed()
        amend(story, WITHOUT_COURT)

        with pytest.raises(DataGoneError):
            story.fetch(packet_id)
        assert run_jobs(story) == [packet_id]

        assert packet_of(story, packet_id).state is PacketState.WITHDRAWN
        assert run_jobs(story) == []
        with story.runtime.transaction(SYSTEM) as uow:
            said = log_of(uow, story.case.chain_id)
        assert said[-2:] == ["packet.withdrawn", "key.destroyed"]

    def test_what_is_still_allowed_may_be_fetched(self, story: Story) -> None:
        packet_id = story.sealed()
        amend(story, Less(calls=1))

        assert run_jobs(story) == []

        assert story.fetch(packet_id).packet_id == packet_id
        assert broken(story) == []

    def test_what_was_fetched_before_stays_with_the_bank(self, story: Story) -> None:
        packet_id = story.sealed()
        story.fetch(packet_id)
        amend(story, WITHOUT_COURT)

        assert run_jobs(story) == []
        assert packet_of(story, packet_id).state is PacketState.FETCHED
