"""Telling in time that a consent ends, so that it may be renewed: a flag, no state."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import select

from consent.chains import LiveChain, lock_chain
from consent.events import Event, EventType
from consent.evidence import record
from consent.lifecycle import LIVE
from consent.models import Chain
from consent.ports import Desk

OFFERED_BEFORE = timedelta(days=30)


def offer_renewals(desk: Desk, purposes: Collection[str], limit: int = 200) -> list[LiveChain]:
    """Note consents that end within 30 days and were not noted; which. Safe to repeat."""
    now = desk.clock()
    due = (
        select(Chain.id)
        .where(
            Chain.state.in_(LIVE),
            Chain.purpose.in_(purposes),
            Chain.ends_at <= now + OFFERED_BEFORE,
            Chain.ends_at > now,
            Chain.renew_offered_at.is_(None),
        )
        .order_by(Chain.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = [lock_chain(desk, chain_id) for chain_id in list(desk.session.scalars(due))]
    return [live for live in found if live.is_live and _offer(desk, live)]


def _offer(desk: Desk, live: LiveChain) -> bool:
    live.row.renew_offered_at = live.at
    event = Event(
        type=EventType.CONSENT_RENEW_OFFERED,
        ref=live.id,
        n=live.epoch,
        chain_id=live.id,
        digest=live.digest,
        before=live.state,
        after=live.state,
        members={"effective_at": live.row.ends_at, "cause": "TIME"},
    )
    record(desk, event, live.at)
    return True
