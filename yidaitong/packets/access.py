"""Who saw my data: one entry for every line of a pull, refusal, fetch and look of an official."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select, text

from consent.artefact import ConsentArtefact
from consent.drafts import read_artefact
from consent.encoding import b64u
from consent.evidence import Opened, leaf_of, open_event, proof_of
from consent.models import Chain, ConsentRow, EventRow
from consent.ports import Desk
from consent.service import EventType
from yidaitong.authorizations.desk import desk_of
from yidaitong.kernel.errors import DataGoneError, NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets.lifecycle import CopyState, PacketState
from yidaitong.packets.models import Packet, PacketCopy
from yidaitong.pulls.models import Pull, PullLine

READ: Final = "consent.read"
MAX_ROWS: Final = 5_000
SEEN: Final = (
    EventType.PULL_LINE_CLOSED.value,
    EventType.PULL_REJECTED.value,
    EventType.PACKET_FETCHED.value,
    EventType.ACCESS_VIEWED.value,
)
_INDICES: Final = text("SELECT id, idx FROM ledger.seq WHERE id = ANY(:ids)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One access. ``index`` is its place in the public log, None for some seconds.

    ``operator_id`` is the person who asked or looked: the bank's, or an official. ``code`` is the
    status of a line, the code of a refusal, FETCHED, or VIEWED.
    """

    access_id: UUID
    entry_id: int
    at: datetime
    type: str
    code: str
    role: str
    operator_id: str | None
    consent_id: UUID | None
    pull_id: UUID | None
    bank_id: str | None
    purpose: str | None
    resource: str | None = None
    fields: tuple[str, ...] = ()
    row_count: int | None = None
    packet_sha256: str | None = None
    ack_state: PacketState | None = None
    copy_state: CopyState | None = None
    index: int | None = None


def access_of_enterprise(
    uow: UnitOfWork, *, chain_id: UUID | None = None, before: int | None = None, limit: int = 50
) -> list[Access]:
    """Every access to data of the actor's enterprise, newest first.

    ``before`` is the last ``entry_id`` seen. What concerns the representative as a person is for
    that person alone.

    Raises:
        ForbiddenError: the actor may not, or is of no enterprise.
    """
    uow.actor.require(READ)
    query = (
        select(EventRow, Chain)
        .join(Chain, Chain.id == EventRow.chain_id, isouter=True)
        .where(EventRow.enterprise_id == uow.actor.enterprise_id, EventRow.type.in_(SEEN))
        .where(or_(Chain.person_id.is_(None), Chain.person_id == uow.actor.person_id))
    )
    if chain_id is not None:
        query = query.where(EventRow.chain_id == chain_id)
    if before is not None:
        query = query.where(EventRow.entry_id < before)
    found = uow.session.execute(query.order_by(EventRow.entry_id.desc()).limit(limit)).all()
    return _Told(uow, [(row[0], row[1]) for row in found]).entries()


def proof_of_access(uow: UnitOfWork, access_id: UUID) -> dict[str, Any]:
    """The leaf, its opening and its proof: checked offline by ``python -m consent.ledger.verify``.

    Raises:
        NotFoundError: no such access, or somebody else's.
    """
    uow.actor.require(READ)
    desk = desk_of(uow)
    query = (
        select(EventRow)
        .join(Chain, Chain.id == EventRow.chain_id, isouter=True)
        .where(EventRow.id == access_id, EventRow.type.in_(SEEN))
        .where(EventRow.enterprise_id == uow.actor.enterprise_id)
        .where(or_(Chain.person_id.is_(None), Chain.person_id == uow.actor.person_id))
    )
    row = uow.session.scalars(query).one_or_none()
    if row is None:
        raise NotFoundError(f"access {access_id}")
    opened = open_event(desk, row)
    return {
        "leaf": b64u(leaf_of(desk, row)),
        "opening": {"salt": opened.salt, "event": dict(opened.event)},
        "proof": proof_of(desk, row),
    }


@dataclass
class _Told:
    """Entries of one page; what belongs to several of them is read once."""

    uow: UnitOfWork
    rows: Sequence[tuple[EventRow, Chain | None]]
    pulls: dict[UUID, Pull] = field(default_factory=dict)
    lines: dict[UUID, PullLine] = field(default_factory=dict)
    packets: dict[UUID, Packet] = field(default_factory=dict)
    copies: dict[UUID, CopyState] = field(default_factory=dict)
    scopes: dict[UUID, ConsentArtefact] = field(default_factory=dict)

    def entries(self) -> list[Access]:
        desk = desk_of(self.uow)
        self._load()
        ids = [row.entry_id for row, _ in self.rows]
        found = self.uow.session.execute(_INDICES, {"ids": ids})
        places = {row.id: row.idx for row in found}
        return [
            self._entry(desk, opened, chain, places.get(opened.row.entry_id))
            for row, chain in self.rows
            if (opened := _opened(desk, row)) is not None
        ]

    def _load(self) -> None:
        session, refs = self.uow.session, [row.ref for row, _ in self.rows]
        self.lines = {
            one.id: one for one in session.scalars(select(PullLine).where(PullLine.id.in_(refs)))
        }
        by_fetch = dict(
            session.execute(select(Packet.id, Packet.pull_id).where(Packet.id.in_(refs))).all()
        )
        wanted = {line.pull_id for line in self.lines.values()} | set(by_fetch.values()) | set(refs)
        self.pulls = {
            one.id: one for one in session.scalars(select(Pull).where(Pull.id.in_(wanted)))
        }
        self.packets = {
            one.pull_id: one
            for one in session.scalars(select(Packet).where(Packet.pull_id.in_(self.pulls)))
        }
        ids = [one.id for one in self.packets.values()]
        query = select(PacketCopy.packet_id, PacketCopy.state).where(PacketCopy.packet_id.in_(ids))
        self.copies = dict(session.execute(query).all())

    def _entry(self, desk: Desk, opened: Opened, chain: Chain | None, index: int | None) -> Access:
        row, event = opened.row, opened.event
        line = self.lines.get(row.ref)
        pull = self._pull(row, line)
        packet = None if pull is None else self.packets.get(pull.id)
        operator = event.get("actor_id") if pull is None or line is None else pull.operator_id
        return Access(
            access_id=row.id,
            entry_id=row.entry_id,
            at=row.at,
            type=row.type,
            code=_code(row.type, event),
            role="BANK" if line is not None else str(event.get("actor_role")),
            operator_id=None if operator is None else str(operator),
            consent_id=None if pull is None else pull.consent_id,
            pull_id=None if pull is None else pull.id,
            bank_id=row.bank_id,
            purpose=event.get("purpose") if chain is None else chain.purpose,
            resource=None if line is None else line.resource,
            fields=() if line is None or pull is None else self._fields(desk, pull, line.resource),
            row_count=event.get("row_count"),
            packet_sha256=None if packet is None else packet.packet_sha256,
            ack_state=None if packet is None else packet.state,
            copy_state=None if packet is None else self.copies.get(packet.id),
            index=index,
        )

    def _pull(self, row: EventRow, line: PullLine | None) -> Pull | None:
        if line is not None:
            return self.pulls.get(line.pull_id)
        of_packet = next((one for one in self.packets.values() if one.id == row.ref), None)
        return self.pulls.get(row.ref if of_packet is None else of_packet.pull_id)

    def _fields(self, desk: Desk, pull: Pull, resource: str) -> tuple[str, ...]:
        if pull.consent_id not in self.scopes:
            version = self.uow.session.get_one(ConsentRow, pull.consent_id)
            self.scopes[pull.consent_id] = read_artefact(desk, version)
        datasets = self.scopes[pull.consent_id].datasets
        return next((tuple(one.fields) for one in datasets if one.resource == resource), ())


def _opened(desk: Desk, row: EventRow) -> Opened | None:
    try:
        return open_event(desk, row)
    except DataGoneError:
        return None  # Its evidence was destroyed at the end of its term.


def _code(kind: str, event: Mapping[str, Any]) -> str:
    match kind:
        case EventType.PULL_LINE_CLOSED:
            return str(event["status"])
        case EventType.PULL_REJECTED:
            return str(event["code"])
        case EventType.PACKET_FETCHED:
            return "FETCHED"
        case _:
            return "VIEWED"
