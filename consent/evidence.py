"""Writing an act down: the sealed event and its leaf, in the transaction of the act itself."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from consent.encoding import b64u, b64u_decode
from consent.errors import InvalidStateError, UnknownMemberError
from consent.events import Event, EventType, Mac, canonical, commitment, hmac_sha256, iso
from consent.ledger import entries, proofs
from consent.models import Chain, EventRow
from consent.ports import Act, Desk, SealedAt

_LOCKED = "consent.locked"
_LEAF = text("SELECT body FROM ledger.entry WHERE id = :id")
_INDEX = text("SELECT idx FROM ledger.seq WHERE id = :id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Where an act was written: its event, and its place in the log's queue."""

    event_id: UUID
    entry_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One event and the salt that opens its leaf's commitment."""

    row: EventRow
    salt: str
    event: Mapping[str, Any]


def mark_locked(desk: Desk, chain_id: UUID) -> None:
    """Remember that this transaction holds the lock of a chain."""
    transaction, held = desk.session.info.get(_LOCKED, (None, set()))
    current = desk.session.get_transaction()
    if transaction is not current:
        held = set()
    desk.session.info[_LOCKED] = (current, held | {chain_id})


def is_locked(desk: Desk, chain_id: UUID) -> bool:
    """Whether this transaction holds the lock of a chain."""
    transaction, held = desk.session.info.get(_LOCKED, (None, set()))
    return transaction is desk.session.get_transaction() and chain_id in held


def record(desk: Desk, event: Event, at: datetime | None = None) -> Recorded:
    """Write ``event`` and its leaf; they commit with the caller's rows or not at all.

    An event of a consent needs the lock of its chain: the entry id is drawn under it, so that the
    order of entries is the order of locks. ``at`` defaults to the clock, read now.

    Raises:
        UnknownMemberError: the type does not carry one of the members.
        InvalidStateError: this (type, ref, n) is recorded already: roll back and read again.
    """
    unknown = event.unknown()
    if unknown:
        raise UnknownMemberError(f"{event.type} does not carry {sorted(unknown)}")
    if event.chain_id is not None and not is_locked(desk, event.chain_id):
        raise RuntimeError(f"{event.type} without the lock of chain {event.chain_id}")
    when = desk.clock() if at is None else at
    body = _body(desk, event, when)
    salt, suite = desk.salt(), event.suite or desk.suite
    event_id = desk.new_id()
    submitted = entries.submit(
        desk.session,
        entries.Leaf(
            type=event.type,
            ref=event.ref,
            n=event.n,
            id=event_id,
            t=body["t"],
            commit=commitment(salt, body, partial(desk.committer.mac, suite)),
            suite=suite,
            consent=event.chain_id,
            public=dict(event.public),
        ),
    )
    if not submitted.created:
        raise InvalidStateError(f"{event.type} {event.ref} {event.n} is recorded already")
    row = _row(desk, event, event_id, when)
    row.entry_id = submitted.id
    row.sealed = desk.sealer.seal(_place(row), salt + canonical(body))
    desk.session.add(row)
    desk.session.flush()
    desk.heard(Act(event=event, event_id=event_id, entry_id=submitted.id, at=when))
    return Recorded(event_id=event_id, entry_id=submitted.id, at=when)


def open_event(desk: Desk, row: EventRow) -> Opened:
    """The event behind a leaf. Readable only as long as the evidence key lives."""
    plain = desk.sealer.open(_place(row), row.sealed)
    salt, body = plain[:32], plain[32:]
    return Opened(row=row, salt=b64u(salt), event=json.loads(body))


def leaf_of(desk: Desk, row: EventRow) -> bytes:
    """The exact bytes of an event's leaf."""
    return bytes(desk.session.execute(_LEAF, {"id": row.entry_id}).scalar_one())


def place_in_log(desk: Desk, row: EventRow) -> int | None:
    """The leaf's index; None until the sequencer has taken it."""
    index = desk.session.execute(_INDEX, {"id": row.entry_id}).scalar_one_or_none()
    return None if index is None else int(index)


def proof_of(desk: Desk, row: EventRow) -> str | None:
    """The tlog-proof of the leaf; None until a published checkpoint covers it."""
    return proofs.proof_of(desk.session, entries.key_of(row.type, row.ref, row.n))


def bundle_of(desk: Desk, chain_id: UUID, entry_id: int) -> Mapping[str, Any] | None:
    """Leaf, opening and proof of one event under a consent, as the offline verifier reads them.

    None where the actor may see no such event; ``proof`` is None until it is published.
    """
    row = desk.session.scalars(
        select(EventRow).where(
            EventRow.chain_id == chain_id, EventRow.entry_id == entry_id, *_seen(desk)
        )
    ).one_or_none()
    if row is None:
        return None
    opened = open_event(desk, row)
    return {
        "leaf": b64u(leaf_of(desk, row)),
        "opening": {"salt": opened.salt, "event": opened.event},
        "proof": proof_of(desk, row),
    }


def history(desk: Desk, ref: UUID) -> list[Opened]:
    """All events of one object in log order, as far as the actor may see them."""
    rows = desk.session.scalars(
        select(EventRow).where(EventRow.ref == ref, *_seen(desk)).order_by(EventRow.entry_id)
    )
    return [open_event(desk, row) for row in rows]


def history_of_consent(desk: Desk, chain_id: UUID) -> list[Opened]:
    """All events under one consent in log order: its own, its pulls', packets' and copies'."""
    rows = desk.session.scalars(
        select(EventRow)
        .where(EventRow.chain_id == chain_id, *_seen(desk))
        .order_by(EventRow.entry_id)
    )
    return [open_event(desk, row) for row in rows]


def views(desk: Desk, limit: int) -> list[Opened]:
    """Who looked at files of the enterprises the actor may see, newest first."""
    rows = desk.session.scalars(
        select(EventRow)
        .where(EventRow.type == EventType.ACCESS_VIEWED.value, *_seen(desk))
        .order_by(EventRow.entry_id.desc())
        .limit(limit)
    )
    return [open_event(desk, row) for row in rows]


def opening_matches(opened: Opened, commit: str, mac: Mac = hmac_sha256) -> bool:
    """Whether an event is what its leaf committed to, in the suite of ``mac``."""
    return commitment(b64u_decode(opened.salt), opened.event, mac) == commit


def _seen(desk: Desk) -> list[Any]:
    reach = desk.reach
    if reach.everything:
        return []
    if reach.bank_id is not None:
        return [EventRow.bank_id == reach.bank_id]
    return [EventRow.enterprise_id == reach.enterprise_id]


def _row(desk: Desk, event: Event, event_id: UUID, at: datetime) -> EventRow:
    enterprise_id, bank_id = event.enterprise_id, event.bank_id
    if event.chain_id is not None:
        # Locked above, so it is in the session: no read.
        chain = desk.session.get_one(Chain, event.chain_id)
        enterprise_id, bank_id = chain.enterprise_id, chain.bank_id
    return EventRow(
        id=event_id,
        entry_id=0,
        type=event.type.value,
        ref=event.ref,
        n=event.n,
        chain_id=event.chain_id,
        evidence_id=event.evidence_id or event.chain_id or event.ref,
        enterprise_id=enterprise_id,
        bank_id=bank_id,
        at=at,
        sealed=b"",
    )


def _place(row: EventRow) -> SealedAt:
    return SealedAt(
        evidence_id=row.evidence_id, table="consent.event", column="sealed", row_id=row.id
    )


def _body(desk: Desk, event: Event, at: datetime) -> dict[str, Any]:
    actor = desk.actor
    body: dict[str, Any] = {
        "type": event.type.value,
        "ref": str(event.ref),
        "n": event.n,
        "t": iso(at),
        "chain_id": None if event.chain_id is None else str(event.chain_id),
        "digest": event.digest,
        "from": event.before,
        "to": event.after,
        "actor_id": actor.job if actor.person_id is None else str(actor.person_id),
        "actor_role": actor.role,
        "auth_level": actor.auth_level,
        "mandate_id": None if actor.mandate_id is None else str(actor.mandate_id),
        "reason": event.reason,
        **{name: _plain(value) for name, value in event.members.items()},
    }
    if event.chain_id is not None:
        body["consent"] = str(event.chain_id)
    return body


def _plain(value: Any) -> Any:
    """``value`` as JSON; floats have no place in evidence."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int):
        return value
    raise UnknownMemberError(f"a {type(value).__name__} cannot stand in an event")
