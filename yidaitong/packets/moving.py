"""The lock a packet moves under, and the only way to move it: state, event and leaf together."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from consent import service
from consent.encoding import b64u
from consent.service import EventType
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.crypto import suites
from yidaitong.kernel.crypto.box import DekKind
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets.composing import SUITE_HASH
from yidaitong.packets.lifecycle import PacketState, after
from yidaitong.packets.models import Packet
from yidaitong.pulls import lifecycle as pulls
from yidaitong.pulls.models import Pull
from yidaitong.pulls.moving import Locked
from yidaitong.pulls.moving import lock as lock_chain

# The pull ends with its packet; a fetch changes nothing about it.
_MOVES_PULL = frozenset(
    {
        EventType.PACKET_ACKED,
        EventType.PACKET_DISPUTED,
        EventType.PACKET_LAPSED,
        EventType.PACKET_WITHDRAWN,
    }
)


def visible(uow: UnitOfWork) -> list[Any]:
    """Conditions on the packets the actor may touch; the rest is *not found*."""
    actor = uow.actor
    match actor.realm:
        case Realm.BANK:
            return [Packet.bank_id == actor.bank_id]
        case Realm.ENTERPRISE:
            # A personal consent is the person's own, whoever else works for the enterprise.
            own = Packet.person_id.is_(None) | (Packet.person_id == actor.person_id)
            return [Packet.enterprise_id == actor.enterprise_id, own]
        case Realm.GOV | Realm.SYSTEM:
            return []
        case Realm.PUBLIC:
            raise NotFoundError("nobody is signed in")


def lock(uow: UnitOfWork, packet_id: UUID, job: str) -> tuple[Locked, Packet]:
    """Lock the consent of a packet, then the packet; both as they are now.

    Raises:
        NotFoundError: no such packet, or somebody else's.
    """
    chain_id = uow.session.scalar(
        select(Packet.chain_id).where(Packet.id == packet_id, *visible(uow))
    )
    if chain_id is None:
        raise NotFoundError(f"packet {packet_id}")
    locked = lock_chain(uow, chain_id, job)
    return locked, read(uow, packet_id)


def read(uow: UnitOfWork, packet_id: UUID) -> Packet:
    """A packet as it is now; nobody else changes its row until this transaction ends."""
    return uow.session.scalars(
        select(Packet)
        .where(Packet.id == packet_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def move(
    locked: Locked,
    packet: Packet,
    event: EventType,
    members: Mapping[str, Any],
    changes: Mapping[str, Any] | None = None,
) -> service.Recorded:
    """Take one edge: the packet's state, its pull's, the event and its leaf.

    Raises:
        InvalidStateError: the table has no such edge.
    """
    before = packet.state
    packet.state = after(before, event)
    for name, value in (changes or {}).items():
        setattr(packet, name, value)
    if event in _MOVES_PULL:
        move_pull(locked, packet.pull_id, event)
    return note(locked, packet, event, members, before)


def move_pull(locked: Locked, pull_id: UUID, event: EventType) -> None:
    """Let the pull follow its packet."""
    session = locked.uow.session
    state = session.scalars(select(Pull.state).where(Pull.id == pull_id)).one()
    values = {"state": pulls.after(state, event), "ended_at": locked.at}
    session.execute(update(Pull).where(Pull.id == pull_id).values(**values))


def note(
    locked: Locked,
    packet: Packet,
    event: EventType,
    members: Mapping[str, Any],
    before: PacketState | None,
) -> service.Recorded:
    """Write the event of a packet whose row says already what happened."""
    return service.record(locked.desk, _event(locked, packet, event, members, before), locked.at)


def note_issue(locked: Locked, packet: Packet, text: str, suite: str) -> service.Recorded:
    """Write that a packet was issued: its leaf is of the packet's own suite, with its hashes."""
    public = {"packet_sha256": packet.packet_sha256}
    if suite != "intl":
        digest = suites.of(suite).digest(text.encode("ascii"))
        public[SUITE_HASH[suite]] = b64u(digest)
    event = _event(locked, packet, EventType.PACKET_ISSUED, members_of(packet), None)
    return service.record(locked.desk, replace(event, public=public, suite=suite), locked.at)


def _event(
    locked: Locked,
    packet: Packet,
    event: EventType,
    members: Mapping[str, Any],
    before: PacketState | None,
) -> service.Event:
    return service.Event(
        type=event,
        ref=packet.id,
        n=max(packet.copies, 1) if event is EventType.PACKET_FETCHED else 1,
        chain_id=packet.chain_id,
        digest=locked.live.digest,
        before=before,
        after=packet.state,
        members=members,
    )


def members_of(packet: Packet, cause: str | None = None) -> dict[str, Any]:
    """What every event about handing over a packet carries."""
    return {
        "pull_id": packet.pull_id,
        "packet_sha256": packet.packet_sha256,
        "bank_key_id": packet.bank_kid,
        "cause": cause,
    }


def destroy_key(locked: Locked, packet: Packet, cause: str) -> None:
    """Destroy the packet's key and what it opened; written down where a key was alive.

    A key under a legal hold stays until the hold is lifted.
    """
    uow = locked.uow
    key_id = uow.crypto.destroy(uow.session, DekKind.PACKET, packet.id)
    if key_id is None:
        return
    packet.jwe = None
    service.record(
        locked.desk,
        service.Event(
            type=EventType.KEY_DESTROYED,
            ref=key_id,
            n=1,
            chain_id=packet.chain_id,
            digest=locked.live.digest,
            reason=cause,
            members={"key_id": key_id, "kind": DekKind.PACKET.value, "cause": cause},
        ),
        locked.at,
    )
