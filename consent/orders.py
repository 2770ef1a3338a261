"""What an order or a registry does to a consent: suspend, restore, declare void (A5, A6, A11)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from consent import errors
from consent.chains import LiveChain, Step, lock_chain, move
from consent.drafts import artefact_text
from consent.encoding import b64u_decode
from consent.events import EventType, iso
from consent.evidence import Recorded, open_event
from consent.lifecycle import LIVE, ConsentState, state_at
from consent.models import Chain, ConsentRow, EventRow
from consent.ports import Desk
from consent.stops import Stopped, end_companions


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A two-person order, or the fact that stands for one, to suspend or restore."""

    reason_class: str
    order_id: UUID | None = None
    use_frozen: bool = False


def suspend(desk: Desk, chain_id: UUID, order: Order) -> Recorded:
    """Halt a consent by order or by what a registry says (A5).

    Raises:
        NotFoundError: no such consent.
        InvalidStateError: it is suspended already, or ended.
    """
    live = lock_chain(desk, chain_id)
    changes = {
        "suspended": True,
        "suspended_reason": order.reason_class,
        "use_frozen": order.use_frozen,
    }
    step = Step(
        event=EventType.CONSENT_SUSPENDED,
        after=ConsentState.SUSPENDED,
        reason=order.reason_class,
        members=_order_members(order),
        changes=changes,
    )
    return move(desk, live.row, step, live.at)


def restore(desk: Desk, chain_id: UUID, order: Order) -> Recorded:
    """Lift a suspension (A6): clock and pause decide what holds then.

    Raises:
        NotFoundError: no such consent.
        InvalidStateError: it is not SUSPENDED.
        EvidenceUnavailableError: evidence cannot be written now.
    """
    live = lock_chain(desk, chain_id)
    desk.evidence_ready()
    row = live.row
    if live.state is not ConsentState.SUSPENDED:
        raise errors.InvalidStateError(f"chain {chain_id} is {live.state}")
    pause_over = row.resumes_at is not None and live.at >= row.resumes_at
    changes = {"suspended": False, "suspended_reason": None, "use_frozen": False}
    if pause_over:
        changes |= {"paused": False, "paused_by": None, "resumes_at": None}
    step = Step(
        event=EventType.CONSENT_RESTORED,
        after=_without_suspension(row, live.at, paused=row.paused and not pause_over),
        reason=order.reason_class,
        members=_order_members(order),
        changes=changes,
    )
    return move(desk, row, step, live.at)


def void(desk: Desk, chain_id: UUID, order: Order, without: frozenset[UUID]) -> Stopped:
    """Declare that a consent never had force (A11), or that an ended one never had (A13).

    ``without`` are the persons whose signature or mandate never had force. The event lists every
    release, so that each can be reported. Personal consents that accompany it end with it.

    Raises:
        NotFoundError: no such consent.
        InvalidStateError: it is void already, or its quorum holds without them.
    """
    live = lock_chain(desk, chain_id)
    if live.state is ConsentState.VOIDED or live.row.void_found_at is not None:
        raise errors.InvalidStateError(f"chain {chain_id} is void already")
    if _quorum_holds(desk, live.row, without):
        raise errors.InvalidStateError(f"chain {chain_id}: the quorum holds without them")
    lives = live.state in LIVE
    step = Step(
        event=EventType.CONSENT_VOIDED if lives else EventType.CONSENT_VOID_FOUND,
        after=ConsentState.VOIDED if lives else live.state,
        reason=order.reason_class,
        members={"order_id": order.order_id, "releases": releases_of(desk, chain_id)},
        changes={
            "use_ended_at": live.row.use_ended_at or live.at,
            "void_found_at": live.at,
        },
    )
    recorded = move(desk, live.row, step, live.at)
    return Stopped(
        chain=LiveChain(live.row, live.row.state, live.at),
        event_id=recorded.event_id,
        entry_id=recorded.entry_id,
        effective_at=live.at,
        first=True,
        companions=tuple(end_companions(desk, live.row, "PARENT_VOIDED")),
    )


def releases_of(desk: Desk, chain_id: UUID) -> list[dict[str, Any]]:
    """Every packet ever released under a consent, in the order of the log."""
    rows = desk.session.scalars(
        select(EventRow)
        .where(EventRow.chain_id == chain_id, EventRow.type == EventType.PACKET_ISSUED.value)
        .order_by(EventRow.entry_id)
    )
    found = [(row, open_event(desk, row).event) for row in rows]
    return [
        {
            "packet_sha256": event.get("packet_sha256"),
            "pull_id": event.get("pull_id"),
            "released_at": iso(row.at),
        }
        for row, event in found
    ]


def signatories_of(desk: Desk, chain: Chain) -> frozenset[UUID]:
    """Who signed the present version."""
    row = desk.session.get_one(ConsentRow, chain.consent_id)
    payload: Mapping[str, Any] = json.loads(b64u_decode(artefact_text(desk, row).split(".")[1]))
    return frozenset(UUID(one["person_id"]) for one in payload["signatures"])


def _quorum_holds(desk: Desk, chain: Chain, without: frozenset[UUID]) -> bool:
    return len(signatories_of(desk, chain) - without) >= chain.m


def _without_suspension(row: Chain, at: datetime, *, paused: bool) -> ConsentState:
    # SUSPENDED as recorded state only says that nothing has ended.
    return state_at(replace(row.facts, suspended=False, paused=paused), at)


def _order_members(order: Order) -> dict[str, object]:
    return {
        "reason_class": order.reason_class,
        "order_id": order.order_id,
        "use_frozen": order.use_frozen,
    }
