"""Forgetting: the platform's own copy of what a consent brought lives no longer than it needs."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from consent import service
from consent.models import Chain
from consent.service import EventType
from yidaitong.kernel.crypto.box import DekKind
from yidaitong.kernel.crypto.models import Dek
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets.lifecycle import UNFETCHED
from yidaitong.packets.models import Packet
from yidaitong.packets.moving import destroy_key
from yidaitong.pulls import moving

FORGET = "packets.forget"
TERM: Final = timedelta(days=30)
CAUSE: Final = "TERM"


def forget_due(uow: UnitOfWork, limit: int = 50) -> int:
    """Destroy the data keys of consents that ended a term ago; how many.

    Answers, contents and sealed packets can be opened by nobody then; hashes, leaves and receipts
    stay. A packet still waiting to be fetched keeps its consent's key. Safe to repeat.
    """
    waiting = select(Packet.chain_id).where(Packet.state.in_(UNFETCHED))
    due = (
        select(Chain.id)
        .join(Dek, (Dek.owner_id == Chain.id) & (Dek.kind == DekKind.DATA))
        .where(Dek.wrapped.is_not(None), Dek.held.is_(False), Chain.ended_at <= uow.now - TERM)
        .where(Chain.id.not_in(waiting))
        .order_by(Chain.id)
        .limit(limit)
    )
    return sum(_forget(uow, chain_id, uow.now) for chain_id in list(uow.session.scalars(due)))


def _forget(uow: UnitOfWork, chain_id: UUID, at: datetime) -> bool:
    locked = moving.lock(uow, chain_id, FORGET)
    ended_at = locked.live.row.ended_at
    if ended_at is None or ended_at > at - TERM:
        return False
    packets = uow.session.scalars(
        select(Packet).where(Packet.chain_id == chain_id).order_by(Packet.id).with_for_update()
    )
    for packet in list(packets):
        destroy_key(locked, packet, CAUSE)
    key_id = uow.crypto.destroy(uow.session, DekKind.DATA, chain_id)
    if key_id is None:
        return False
    service.record(
        locked.desk,
        service.Event(
            type=EventType.KEY_DESTROYED,
            ref=key_id,
            n=1,
            chain_id=chain_id,
            digest=locked.live.digest,
            reason=CAUSE,
            members={"key_id": key_id, "kind": DekKind.DATA.value, "cause": CAUSE},
        ),
        locked.at,
    )
    uow.session.flush()
    return True
