"""Reading packets: a bank's inbox, those of an application, what they say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from consent.encoding import b64u_decode
from yidaitong.departments.reading import Value
from yidaitong.kernel.errors import DataGoneError, NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets.fetching import READ
from yidaitong.packets.lifecycle import CopyState, PacketState
from yidaitong.packets.models import Packet, PacketCopy
from yidaitong.packets.moving import visible
from yidaitong.packets.schema import read_packet
from yidaitong.packets.sealing import composed


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketEntry:
    """One packet as lists show it; nothing of its content."""

    packet_id: UUID
    pull_id: UUID
    chain_id: UUID
    application_id: UUID | None
    enterprise_id: UUID
    bank_id: str
    personal: bool
    purpose: str
    product_id: str
    state: PacketState
    complete: bool
    packet_sha256: str
    issued_at: datetime
    fetch_before: datetime
    erase_due_at: datetime
    fetched_at: datetime | None
    acked_at: datetime | None
    ended_at: datetime | None
    copies: int
    duty: CopyState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedFact:
    """One derived item as a policy reads it: a value, or None and why."""

    value: Value | None
    why: str | None
    as_of: date | None
    late: bool
    resources: tuple[str, ...]
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketContent:
    """What one packet says; ``manifest`` is the signed body."""

    packet_id: UUID
    chain_id: UUID
    packet_sha256: str
    personal: bool
    complete: bool
    issued_at: datetime
    derived: Mapping[str, DerivedFact] = field(repr=False)
    manifest: Mapping[str, Any] = field(repr=False)


def inbox_of_bank(
    uow: UnitOfWork,
    *,
    state: PacketState | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[PacketEntry]:
    """Packets of the actor's bank, newest first; ``after`` is the last id seen.

    Raises:
        ForbiddenError: the actor may not read packets, or is no bank.
    """
    uow.actor.require(READ)
    query = select(Packet).where(Packet.bank_id == uow.actor.bank_id)
    if state is not None:
        query = query.where(Packet.state == state)
    if after is not None:
        query = query.where(Packet.id < after)
    return _entries(uow, list(uow.session.scalars(query.order_by(Packet.id.desc()).limit(limit))))


def packet_of(uow: UnitOfWork, packet_id: UUID) -> PacketEntry:
    """One packet the actor may see.

    Raises:
        ForbiddenError: the actor may not read packets.
        NotFoundError: unknown, or somebody else's.
    """
    uow.actor.require(READ)
    found = uow.session.scalar(select(Packet).where(Packet.id == packet_id, *visible(uow)))
    if found is None:
        raise NotFoundError(f"packet {packet_id}")
    return _entries(uow, [found])[0]


def packets_of_application(uow: UnitOfWork, application_id: UUID) -> list[PacketEntry]:
    """Every packet made for one application that the actor may see, oldest first."""
    query = select(Packet).where(Packet.application_id == application_id, *visible(uow))
    return _entries(uow, list(uow.session.scalars(query.order_by(Packet.id))))


def packets_of_chain(uow: UnitOfWork, chain_id: UUID) -> list[PacketEntry]:
    """Every packet under one consent that the actor may see, oldest first."""
    query = select(Packet).where(Packet.chain_id == chain_id, *visible(uow))
    return _entries(uow, list(uow.session.scalars(query.order_by(Packet.id))))


def contents_of_application(uow: UnitOfWork, application_id: UUID) -> list[PacketContent]:
    """What the newest packet under each consent of an application says, the enterprise's first.

    Read from what was composed, under the data key of the consent: destroyed contents are left
    out, as if they had never come.
    """
    query = select(Packet).where(Packet.application_id == application_id, *visible(uow))
    newest = {row.chain_id: row for row in uow.session.scalars(query.order_by(Packet.id))}
    rows = sorted(newest.values(), key=lambda row: (row.person_id is not None, row.id))
    found = (_content(uow, row) for row in rows)
    return [one for one in found if one is not None]


def _content(uow: UnitOfWork, row: Packet) -> PacketContent | None:
    try:
        text = composed(uow, row)["packet"]
    except DataGoneError:
        return None
    # Our own signature, kept under seal since: nobody else could have written it here.
    body = read_packet(b64u_decode(text.split(".")[1]))
    return PacketContent(
        packet_id=row.id,
        chain_id=row.chain_id,
        packet_sha256=row.packet_sha256,
        personal=row.person_id is not None,
        complete=row.complete,
        issued_at=row.issued_at,
        derived=derived_of(body),
        manifest=body,
    )


def derived_of(body: Mapping[str, Any]) -> dict[str, DerivedFact]:
    """The derived items of a packet's body."""
    return {
        one["name"]: DerivedFact(
            value=one["value"],
            why=one["why"],
            as_of=None if one["as_of"] is None else date.fromisoformat(one["as_of"]),
            late=one["late"],
            resources=tuple(one["resources"]),
            version=one["version"],
        )
        for one in body["derived"]
    }


def _entries(uow: UnitOfWork, rows: list[Packet]) -> list[PacketEntry]:
    duties: dict[UUID, CopyState] = {}
    if rows:
        found = uow.session.execute(
            select(PacketCopy.packet_id, PacketCopy.state).where(
                PacketCopy.packet_id.in_([row.id for row in rows])
            )
        )
        duties = {row.packet_id: row.state for row in found}
    return [_entry(row, duties.get(row.id)) for row in rows]


def _entry(row: Packet, duty: CopyState | None) -> PacketEntry:
    return PacketEntry(
        packet_id=row.id,
        pull_id=row.pull_id,
        chain_id=row.chain_id,
        application_id=row.application_id,
        enterprise_id=row.enterprise_id,
        bank_id=row.bank_id,
        personal=row.person_id is not None,
        purpose=row.purpose,
        product_id=row.product_id,
        state=row.state,
        complete=row.complete,
        packet_sha256=row.packet_sha256,
        issued_at=row.issued_at,
        fetch_before=row.fetch_before,
        erase_due_at=row.erase_due_at,
        fetched_at=row.fetched_at,
        acked_at=row.acked_at,
        ended_at=row.ended_at,
        copies=row.copies,
        duty=duty,
    )
