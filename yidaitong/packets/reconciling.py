"""Daily: what departments sent (Tx), the release and the bank's receipt (Rx) must agree."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from consent import service
from consent.encoding import b64u_decode
from consent.events import sha256_b64u
from consent.evidence import Opened, open_event
from consent.models import EventRow
from consent.service import EventType
from yidaitong.kernel.errors import DataGoneError
from yidaitong.kernel.ids import first_uuid7, uuid7
from yidaitong.kernel.strictjson import StrictJsonError, parse_object
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets.lifecycle import MismatchKind, PacketState
from yidaitong.packets.models import Mismatch, Packet
from yidaitong.packets.moving import lock
from yidaitong.packets.schema import read_packet
from yidaitong.packets.sealing import composed
from yidaitong.pulls.lifecycle import GAVE
from yidaitong.pulls.models import PullLine
from yidaitong.pulls.moving import Locked, lines

RECONCILE: Final = "packets.reconcile"
# Longer than a packet may move: unfetched a day, receipts a day after; late ones are accepted.
LOOK_BACK: Final = timedelta(days=40)
_MAX_RX: Final = 4096
_SIGNED: Final = frozenset({PacketState.ACKED, PacketState.DISPUTED})


@dataclass(frozen=True, slots=True)
class _Books:
    """One packet's row, its pull's lines, and what was written down when each happened."""

    packet: Packet
    lines: Sequence[PullLine]
    events: Sequence[Opened]

    def of(self, *types: EventType) -> list[Mapping[str, Any]]:
        """Events of some types in the order of the log."""
        return [one.event for one in self.events if one.row.type in types]


def due(uow: UnitOfWork, after: UUID | None = None, limit: int = 200) -> list[UUID]:
    """Packets of the last weeks, oldest first; ``after`` is the last id handled."""
    since = after or first_uuid7(uow.now - LOOK_BACK)
    query = select(Packet.id).where(Packet.id > since).order_by(Packet.id).limit(limit)
    return list(uow.session.scalars(query))


def reconcile(uow: UnitOfWork, packet_id: UUID) -> MismatchKind | None:
    """Compare the three books about one packet; a new difference is written down, once a kind.

    A consent whose evidence was destroyed has nothing left to compare.

    Raises:
        NotFoundError: no such packet.
    """
    locked, packet = lock(uow, packet_id, RECONCILE)
    try:
        books = _books(locked, packet)
    except DataGoneError:
        return None
    kind = next(_differences(uow, books), None)
    known = select(Mismatch.id).where(Mismatch.pull_id == packet.pull_id, Mismatch.kind == kind)
    if kind is None or uow.session.scalar(known) is not None:
        return None
    found = Mismatch(
        id=uuid7(),
        pull_id=packet.pull_id,
        packet_id=packet.id,
        chain_id=packet.chain_id,
        bank_id=packet.bank_id,
        kind=kind,
        found_at=locked.at,
    )
    uow.session.add(found)
    event = service.Event(
        type=EventType.RECONCILE_MISMATCH,
        ref=found.id,
        n=1,
        chain_id=packet.chain_id,
        digest=locked.live.digest,
        members={"pull_id": packet.pull_id, "kind": kind},
    )
    service.record(locked.desk, event, locked.at)
    uow.session.flush()
    return kind


def _books(locked: Locked, packet: Packet) -> _Books:
    found = lines(locked, packet.pull_id)
    refs = [packet.id, packet.pull_id, *(line.id for line in found)]
    rows = locked.uow.session.scalars(
        select(EventRow).where(EventRow.ref.in_(refs)).order_by(EventRow.entry_id)
    )
    return _Books(packet, found, [open_event(locked.desk, row) for row in rows])


def _differences(uow: UnitOfWork, books: _Books) -> Iterator[MismatchKind]:
    if not _lines_agree(books):
        yield MismatchKind.LINE
    if not _release_agrees(books):
        yield MismatchKind.RELEASE
    if not _answers_agree(uow, books):
        yield MismatchKind.ANSWER
    if books.packet.copies != len(books.of(EventType.PACKET_FETCHED)):
        yield MismatchKind.FETCH
    if not _receipt_agrees(books):
        yield MismatchKind.RECEIPT


def _lines_agree(books: _Books) -> bool:
    """Each closed line says what its event said; what was thrown away has no hash to compare."""
    told = {
        event["line_id"]: (event["status"], event["answer_sha256"])
        for event in books.of(EventType.PULL_LINE_CLOSED)
    }
    return all(
        told.get(str(one.id)) == (one.status.value, one.answer_sha256)
        for one in books.lines
        if one.status in GAVE
    )


def _release_agrees(books: _Books) -> bool:
    told = [event["packet_sha256"] for event in books.of(EventType.PACKET_ISSUED)]
    return told == [books.packet.packet_sha256]


def _answers_agree(uow: UnitOfWork, books: _Books) -> bool:
    """What the packet names was sent by a department, for as long as its content can be opened."""
    try:
        text = composed(uow, books.packet)["packet"]
    except DataGoneError:
        return True
    if sha256_b64u(text.encode("ascii")) != books.packet.packet_sha256:
        return False
    sent = {one.resource: one for one in books.lines}
    entries = read_packet(b64u_decode(text.split(".")[1]))["resources"]
    given = [one for one in entries if one["status"] in GAVE]
    return all(
        one["resource"] in sent
        and sent[one["resource"]].status.value == one["status"]
        and sent[one["resource"]].answer_sha256 == one["answer_sha256"]
        for one in given
    )


def _receipt_agrees(books: _Books) -> bool:
    packet = books.packet
    told = [
        (event["type"], event["rx_sha256"])
        for event in books.of(EventType.PACKET_ACKED, EventType.PACKET_DISPUTED)
    ]
    if packet.state not in _SIGNED:
        return not told
    acked = packet.state is PacketState.ACKED
    kind = EventType.PACKET_ACKED if acked else EventType.PACKET_DISPUTED
    if told != [(kind.value, packet.rx_sha256)]:
        return False
    rx = packet.rx or ""
    return sha256_b64u(rx.encode()) == packet.rx_sha256 and (
        not acked or _signed_for(rx) == packet.packet_sha256
    )


def _signed_for(rx: str) -> object:
    try:
        # Its signature was checked when it came; here only what it says is compared.
        return parse_object(b64u_decode(rx.split(".")[1]), max_bytes=_MAX_RX).get("packet_sha256")
    except (StrictJsonError, ValueError, IndexError):
        return None
