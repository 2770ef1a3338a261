"""I4, I6, I7, I13, I15: pulls, packets and slots against what was granted and logged."""

import json
from collections.abc import Iterator
from typing import Final

from sqlalchemy import func, or_, select, text

from consent.encoding import b64u_decode
from consent.events import iso
from consent.models import EventRow
from yidaitong.authorizations.desk import desk_of
from yidaitong.kernel.errors import DataGoneError
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.invariants import notices
from yidaitong.oversight.invariants.checks import Invariant
from yidaitong.oversight.invariants.versions import Versions
from yidaitong.packets.models import Packet
from yidaitong.packets.sealing import composed
from yidaitong.pulls.lifecycle import COLLECTING, OPEN_LINES, UNRELEASED
from yidaitong.pulls.models import Pull, PullLine, PullSlot

# Time a sweep and a worker may take to close what the clock has ended.
_GRACE: Final = text("interval '60 seconds'")


def _outside_scope(uow: UnitOfWork) -> Iterator[str]:
    """Lines nobody granted or was sent for, and packets with more than their version allows."""
    versions = Versions(desk_of(uow, job="ops.check"))
    sent = func.count(EventRow.id).filter(EventRow.type == "pull.line_sent")
    query = (
        select(PullLine.id, PullLine.resource, PullLine.answer_sha256, Packet, sent)
        .join(Packet, Packet.pull_id == PullLine.pull_id)
        .outerjoin(EventRow, EventRow.ref == PullLine.id)
        .group_by(PullLine.id, Packet.id)
        .order_by(PullLine.chain_id)
    )
    for line_id, resource, answer, packet, times in uow.session.execute(query):
        # An amendment may have taken it out after it was asked: then no part of the packet is it.
        known = versions.until(packet.chain_id, packet.consent_id)
        if known and not any(resource in one.resources for one in known):
            yield f"line {line_id}"
        if answer is not None and times == 0:
            yield f"unsent line {line_id}"
    for packet in uow.session.scalars(select(Packet).order_by(Packet.chain_id)):
        known = versions.until(packet.chain_id, packet.consent_id)
        if known and _parts(uow, packet) - known[-1].resources:
            yield f"packet {packet.id}"


def _parts(uow: UnitOfWork, packet: Packet) -> frozenset[str]:
    """Resources a packet names; none once its key is destroyed."""
    try:
        text_of = composed(uow, packet)["packet"]
    except DataGoneError:
        return frozenset()
    body = json.loads(b64u_decode(text_of.split(".")[1]))
    return frozenset(one["resource"] for one in body["resources"])


def _unfinished(uow: UnitOfWork) -> Iterator[str]:
    late = func.clock_timestamp() - _GRACE
    lines = (
        select(PullLine.id)
        .join(Pull, Pull.id == PullLine.pull_id)
        .where(
            PullLine.status.in_(OPEN_LINES),
            PullLine.deadline_at < late,
            Pull.state.in_(COLLECTING),
            Pull.held.is_(None),
        )
    )
    for line_id in uow.session.scalars(lines):
        yield f"line {line_id}"
    pulls = select(Pull.id).where(Pull.state.in_(UNRELEASED), Pull.expires_at < late)
    for pull_id in uow.session.scalars(pulls):
        yield f"pull {pull_id}"
    odd = select(PullLine.id).where(
        or_(
            PullLine.status.in_(OPEN_LINES) & PullLine.closed_at.is_not(None),
            PullLine.status.not_in(OPEN_LINES) & PullLine.closed_at.is_(None),
        )
    )
    for line_id in uow.session.scalars(odd):
        yield f"line {line_id}"


def _issued_twice(uow: UnitOfWork) -> Iterator[str]:
    twice = select(Packet.pull_id).group_by(Packet.pull_id).having(func.count() > 1)
    for pull_id in uow.session.scalars(twice):
        yield f"pull {pull_id}"
    events = (
        select(EventRow.ref)
        .where(EventRow.type == "packet.issued")
        .group_by(EventRow.ref)
        .having(func.count() > 1)
    )
    for packet_id in uow.session.scalars(events):
        yield f"packet {packet_id}"


def _fetched_without_leaf(uow: UnitOfWork) -> Iterator[str]:
    fetched = (
        select(EventRow.ref, func.count().label("times"))
        .where(EventRow.type == "packet.fetched")
        .group_by(EventRow.ref)
        .subquery()
    )
    query = (
        select(Packet.id)
        .outerjoin(fetched, fetched.c.ref == Packet.id)
        .where(Packet.copies != func.coalesce(fetched.c.times, 0))
    )
    for packet_id in uow.session.scalars(query):
        yield f"packet {packet_id}"


def _handed_over(uow: UnitOfWork) -> Iterator[str]:
    yield from _fetched_without_leaf(uow)
    yield from notices.unkept(uow)


def _too_many_slots(uow: UnitOfWork) -> Iterator[str]:
    """Calls beyond what the version in force allowed when they were taken.

    Ordinals of one window are all different, so none above the limit means no more than it.
    """
    versions = Versions(desk_of(uow, job="ops.check"))
    for slot in uow.session.scalars(select(PullSlot).order_by(PullSlot.chain_id)):
        known = versions.at(slot.chain_id, slot.taken_at)
        if known and slot.ordinal > known[-1].calls:
            yield f"chain {slot.chain_id} {slot.resource} {iso(slot.window_at)}"


PULLS: Final = (
    Invariant(
        id="I4",
        text=Text(
            "数据包的每一部分都在授权范围内，并且确有一次发出的请求",
            "Each part of a packet was granted, and was really asked for",
        ),
        find=_outside_scope,
    ),
    Invariant(
        id="I6",
        text=Text(
            "每条调取行在期限内恰有一个结局，每次调取在有效期内恰有一个终态",
            "Each line ends exactly once within its deadline, each pull within its term",
        ),
        find=_unfinished,
    ),
    Invariant(
        id="I7",
        text=Text("每次调取至多一个数据包", "At most one packet a pull"),
        find=_issued_twice,
    ),
    Invariant(
        id="I13",
        text=Text(
            "每次交付和每份通知都有存证，未完成的通知都有任务",
            "Each fetch and each notice has its leaf, each open notice its promise",
        ),
        find=_handed_over,
    ),
    Invariant(
        id="I15",
        text=Text(
            "任何窗口内的调取次数不超过授权次数", "No window holds more calls than were consented"
        ),
        find=_too_many_slots,
    ),
)
