"""Each act in each state of a pull, its packet and the bank's copy: as the tables, or no row moves.

Written by hand from the design, not from the code. Rows are compared by their contents.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update

from consent.errors import ConsentError
from consent.models import EventRow
from tests.packets.builders import Story, a_story, as_it_is
from tests.pulls.builders import a_pull
from yidaitong.authorizations import stopping as authorizations
from yidaitong.authorizations.commands import Revoke
from yidaitong.departments.wire import Fetched, Order
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import wall
from yidaitong.kernel.crypto.keys import PrivateKey
from yidaitong.kernel.errors import DomainError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets import acking, fetching, lapsing, releasing, withdrawing
from yidaitong.packets.lifecycle import CopyState
from yidaitong.packets.models import Packet, PacketCopy
from yidaitong.pulls import closing, dispatching, holding, recording, stopping
from yidaitong.pulls import lapsing as overdue
from yidaitong.pulls.authorising import authorise
from yidaitong.pulls.models import Pull, PullLine, PullSlot
from yidaitong.runtime import Runtime

TABLES = (Pull, PullLine, PullSlot, Packet, PacketCopy)


@dataclass
class Place:
    """One pull in one state, and what the acts need."""

    story: Story
    pull_id: UUID
    packet_id: UUID | None = None
    orders: list[tuple[Order, Fetched]] = field(default_factory=list)

    def rx(self, uow: UnitOfWork, digest: str | None) -> str:
        assert self.packet_id is not None
        told = uow.session.get_one(Packet, self.packet_id).packet_sha256
        key = PrivateKey.read(self.story.ack)
        return acking.receipt(key, self.packet_id, digest or told, wall())


def begun(story: Story) -> Place:
    return Place(story, a_pull(story.runtime, story.case).id)


def asked(story: Story) -> Place:
    """One line is out, and its answer is on its way back."""
    place = begun(story)
    with story.runtime.transaction(SYSTEM) as uow:
        first, *_ = dispatching.open_lines(uow, place.pull_id)
        order = dispatching.claim(uow, first)
        assert order is not None
    place.orders.append((order, story.answer(order, as_it_is)))
    return place


def collected(story: Story) -> Place:
    return Place(story, story.collect())


def failed(story: Story) -> Place:
    return Place(story, story.collect(lambda _order, _envelope: None))


def released(story: Story) -> Place:
    packet_id = story.sealed()
    with story.runtime.transaction(SYSTEM) as uow:
        return Place(story, uow.session.get_one(Packet, packet_id).pull_id, packet_id)


def fetched(story: Story) -> Place:
    place = released(story)
    assert place.packet_id is not None
    story.fetch(place.packet_id)
    return place


def receipted(digest: str | None) -> Callable[[Story], Place]:
    def make(story: Story) -> Place:
        place = fetched(story)
        with story.runtime.transaction(story.case.banker) as uow:
            ack(uow, place, digest)
        return place

    return make


def lapsed(story: Story) -> Place:
    place = released(story)
    with story.runtime.transaction(SYSTEM) as uow:
        uow.session.execute(update(Packet).values(fetch_before=uow.now))
        lapsing.lapse_due(uow)
    return place


def cancelled(story: Story) -> Place:
    place = begun(story)
    with story.runtime.transaction(story.case.banker) as uow:
        stopping.cancel(uow, place.pull_id)
    return place


def rejected(story: Story) -> Place:
    with suppress(ConsentError), story.runtime.transaction(story.case.banker) as uow:
        authorise(uow, story.case.order(resources=("TAX.INV",)))
    with story.runtime.transaction(SYSTEM) as uow:
        return Place(story, uow.session.scalars(select(Pull.id)).one())


def ack(uow: UnitOfWork, place: Place, digest: str | None = None) -> None:
    if place.packet_id is not None:
        acting = uow.acting(place.story.case.banker)
        acking.acknowledge(acting, place.packet_id, place.rx(uow, digest))


def fetch(uow: UnitOfWork, place: Place) -> None:
    if place.packet_id is not None:
        fetching.fetch(uow.acting(place.story.case.banker), place.packet_id)


def claim(uow: UnitOfWork, place: Place) -> None:
    lines = uow.session.scalars(
        select(PullLine.id).where(PullLine.pull_id == place.pull_id).order_by(PullLine.id.desc())
    )
    dispatching.claim(uow, lines.first() or place.pull_id)


def record(uow: UnitOfWork, place: Place) -> None:
    for order, answer in place.orders:
        recording.record(uow, order, answer)


def stop(uow: UnitOfWork, place: Place) -> None:
    stopping.stop(uow, place.story.case.chain_id)
    withdrawing.withdraw(uow, place.story.case.chain_id)


STATES: dict[str, Callable[[Story], Place]] = {
    "AUTHORISED": begun,
    "COLLECTING": asked,
    "SEALED": collected,
    "RELEASED": released,
    "FETCHED": fetched,
    "ACKED": receipted(None),
    "DISPUTED": receipted("A" * 43),
    "LAPSED": lapsed,
    "CANCELLED": cancelled,
    "FAILED": failed,
    "REJECTED": rejected,
}
Act = Callable[[UnitOfWork, Place], object]


@dataclass(frozen=True)
class Row:
    """An act, what goes before it (clock, consent) and is no part of it, and where it leads."""

    act: Act
    leads: dict[str, str]
    before: Act = lambda _uow, _place: None


def _past(statement: str) -> Act:
    def act(uow: UnitOfWork, _place: Place) -> object:
        return uow.session.execute(text(statement))

    return act


def _revoke(uow: UnitOfWork, place: Place) -> object:
    case = place.story.case
    return authorizations.revoke(uow.acting(case.firm.rep), Revoke(chain_id=case.chain_id))


def _pause(uow: UnitOfWork, place: Place) -> None:
    authorizations.pause(uow.acting(place.story.case.firm.rep), place.story.case.chain_id)


def _hold(uow: UnitOfWork, place: Place) -> object:
    return holding.hold(uow, place.story.case.chain_id)


def _pause_is_over(uow: UnitOfWork, place: Place) -> object:
    _pause(uow, place)
    _hold(uow.acting(SYSTEM), place)
    return uow.session.execute(text("UPDATE consent.chain SET resumes_at = clock_timestamp()"))


UNRELEASED = ("AUTHORISED", "COLLECTING", "SEALED")
STAY = {state: state for state in UNRELEASED}
OVER = dict.fromkeys(UNRELEASED, "FAILED")
OFF = dict.fromkeys(UNRELEASED, "CANCELLED")
ACTS: dict[str, Row] = {
    "line_sent": Row(claim, {"AUTHORISED": "COLLECTING", "COLLECTING": "COLLECTING"}),
    "line_closed": Row(record, {"COLLECTING": "COLLECTING"}),
    # Nothing is left open only in states behind it; with open lines it waits.
    "done": Row(lambda uow, place: closing.close(uow, place.pull_id), {}),
    "issued": Row(lambda uow, place: releasing.release(uow, place.pull_id), {"SEALED": "RELEASED"}),
    "fetched": Row(fetch, {"RELEASED": "RELEASED", "FETCHED": "RELEASED", "ACKED": "ACKED"}),
    "acked": Row(ack, {"FETCHED": "ACKED"}),
    "disputed": Row(lambda uow, place: ack(uow, place, "A" * 43), {"FETCHED": "DISPUTED"}),
    "lapsed": Row(
        lambda uow, _place: lapsing.lapse_due(uow),
        {"RELEASED": "LAPSED"},
        _past("UPDATE packet SET fetch_before = clock_timestamp()"),
    ),
    "cancelled": Row(
        lambda uow, place: stopping.cancel(uow.acting(place.story.case.banker), place.pull_id), OFF
    ),
    "failed": Row(
        lambda uow, place: overdue.fail_overdue(uow, place.pull_id),
        OVER,
        _past("UPDATE pull SET expires_at = clock_timestamp()"),
    ),
    # A copy that was fetched is due at once, which is an edge of the duty, not of the pull.
    "stopped": Row(
        stop,
        {
            **OFF,
            "RELEASED": "CANCELLED",
            "FETCHED": "RELEASED",
            "ACKED": "ACKED",
            "DISPUTED": "DISPUTED",
        },
        _revoke,
    ),
    "held": Row(_hold, STAY, _pause),
    "unheld": Row(_hold, STAY, _pause_is_over),
}


def contents(uow: UnitOfWork) -> dict[str, Any]:
    """Every row of the tables these acts may move, and how many leaves there are."""
    uow.acting(SYSTEM)
    uow.session.expire_all()
    found: dict[str, Any] = {
        table.__tablename__: sorted(
            map(repr, uow.session.execute(select(table.__table__))),
        )
        for table in TABLES
    }
    about = EventRow.type.startswith("pull.") | EventRow.type.startswith("packet.")
    found["leaves"] = uow.session.scalar(select(func.count()).where(about))
    return found


class NotKeptError(Exception):
    """Ends a transaction that only looks."""


def attempt(place: Place, row: Row) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Rows before and after one act, and the pull's state then; nothing of it is kept."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    state = ""
    with suppress(NotKeptError), place.story.runtime.transaction(SYSTEM) as uow:
        with suppress(DomainError, ConsentError), uow.session.begin_nested():
            row.before(uow, place)
        before = contents(uow)
        with suppress(DomainError, ConsentError), uow.session.begin_nested():
            row.act(uow.acting(SYSTEM), place)
        after = contents(uow)
        state = uow.session.get_one(Pull, place.pull_id).state.value
        raise NotKeptError
    return before, after, state


@pytest.mark.promise("I6", "R3")
class TestEveryPair:
    @pytest.mark.parametrize("state", sorted(STATES))
    def test_it_follows_the_table_or_no_row_moves(self, runtime: Runtime, state: str) -> None:
        place = STATES[state](a_story(runtime))
        for name, row in ACTS.items():
            before, after, now = attempt(place, row)

            if state in row.leads:
                assert now == row.leads[state], name
                assert after != before, name
            else:
                assert after == before, name


@pytest.mark.promise("I6")
class TestClockOfCopies:
    """The acts of the clock on a bank's copy, which people's acts do not cover."""

    @pytest.mark.parametrize(
        ("state", "days", "leads"),
        [
            ("HELD", 8, "HELD"),
            ("HELD", 6, "ERASE_DUE"),
            ("ERASE_DUE", 6, "ERASE_DUE"),
            ("ERASE_DUE", 0, "ERASE_OVERDUE"),
            ("ERASE_OVERDUE", 0, "ERASE_OVERDUE"),
            ("ERASED", 0, "ERASED"),
            ("LEGAL_HOLD", 0, "LEGAL_HOLD"),
        ],
    )
    def test_it_follows_the_table_or_no_row_moves(
        self, runtime: Runtime, state: str, days: int, leads: str
    ) -> None:
        place = fetched(a_story(runtime))
        with runtime.transaction(SYSTEM) as uow:
            due = uow.now + timedelta(days=days)
            until = uow.now + timedelta(days=30) if state == "LEGAL_HOLD" else None
            uow.session.execute(
                update(PacketCopy).values(
                    state=CopyState(state), erase_due_at=due, hold_until_at=until
                )
            )
        row = Row(lambda uow, _place: lapsing.lapse_due(uow), {})

        before, after, _ = attempt(place, row)

        assert (after == before) is (leads == state)
        assert f"CopyState.{leads}" in after["packet_copy"][0]
