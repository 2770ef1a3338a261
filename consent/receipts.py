"""Receipts: what a party keeps about a grant or its end; signed at once, again with its proof."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from sqlalchemy import select

from consent.artefact import ConsentArtefact
from consent.chains import visible
from consent.drafts import read_artefact
from consent.encoding import b64u
from consent.errors import NotFoundError
from consent.events import EventType, canonical, iso
from consent.evidence import Opened, leaf_of, open_event, place_in_log, proof_of
from consent.models import Chain, ConsentRow, EventRow, Receipt, ReceiptType
from consent.ports import Desk, SealedAt, SignUse

SCHEMA_VERSION = "ydt-receipt/1"
_BEIJING = timezone(timedelta(hours=8))

_TYPES: Mapping[str, ReceiptType] = {
    EventType.CONSENT_GRANTED: ReceiptType.GRANT,
    EventType.CONSENT_PAUSED: ReceiptType.PAUSE,
    EventType.CONSENT_RESUMED: ReceiptType.RESUME,
    EventType.CONSENT_SUSPENDED: ReceiptType.SUSPEND,
    EventType.CONSENT_RESTORED: ReceiptType.REINSTATE,
    EventType.CONSENT_REVOKED: ReceiptType.REVOKE,
    EventType.CONSENT_USE_WITHDRAWN: ReceiptType.REVOKE,
    EventType.CONSENT_EXPIRED: ReceiptType.EXPIRE,
    EventType.CONSENT_EXHAUSTED: ReceiptType.EXPIRE,
    EventType.CONSENT_VOIDED: ReceiptType.VOID,
    EventType.CONSENT_VOID_FOUND: ReceiptType.VOID,
}
_AMENDED = "授权已于{at}（北京时间）按您签署的变更更新，有效期至{until}，可随时撤回。"
_TEXTS: Mapping[str, str] = {
    EventType.CONSENT_GRANTED: "您已于{at}（北京时间）授权，有效期至{until}，可随时撤回。",
    EventType.CONSENT_PAUSED: "您已于{at}（北京时间）暂停授权，立即生效。",
    EventType.CONSENT_RESUMED: "授权已于{at}（北京时间）恢复。",
    EventType.CONSENT_SUSPENDED: "授权已于{at}（北京时间）中止。",
    EventType.CONSENT_RESTORED: "授权已于{at}（北京时间）恢复。",
    EventType.CONSENT_REVOKED: "您已于{at}（北京时间）撤回授权，立即生效。",
    EventType.CONSENT_USE_WITHDRAWN: (
        "您已于{at}（北京时间）撤回对已提供数据的使用授权，立即生效。"
    ),
    EventType.CONSENT_EXPIRED: "授权已于{at}（北京时间）到期。",
    EventType.CONSENT_EXHAUSTED: "授权次数已于{at}（北京时间）用完。",
    EventType.CONSENT_VOIDED: "授权于{at}（北京时间）经核查认定自始无效。",
    EventType.CONSENT_VOID_FOUND: "授权于{at}（北京时间）经核查认定自始无效。",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What a revocation led to elsewhere, as JSON objects; a change issues the receipt again."""

    pulls_cancelled: tuple[Mapping[str, Any], ...] = ()
    notices: tuple[Mapping[str, Any], ...] = ()
    erase: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class _Case:
    chain: Chain
    artefact: ConsentArtefact
    opened: Opened
    effects: Effects

    @property
    def amended(self) -> bool:
        """Whether the act is the grant of a later version."""
        return self.opened.event.get("supersedes") is not None

    @property
    def kind(self) -> ReceiptType:
        """What the receipt confirms."""
        return ReceiptType.AMEND if self.amended else _TYPES[self.opened.row.type]

    @property
    def words(self) -> str:
        """The sentence of the receipt, with its blanks."""
        return _AMENDED if self.amended else _TEXTS[self.opened.row.type]


def issue(desk: Desk, event_id: UUID, effects: Effects | None = None) -> dict[str, Any]:
    """A new receipt of one act, with its proof where the log has published it.

    Raises:
        NotFoundError: no such act of a consent, or somebody else's.
    """
    row = desk.session.get(EventRow, event_id)
    if row is None or row.chain_id is None or row.type not in _TYPES:
        raise NotFoundError(f"event {event_id}")
    chain = _chain(desk, row.chain_id)
    opened = open_event(desk, row)
    case = _Case(chain, _version(desk, chain, opened), opened, effects or Effects())
    previous = _newest(desk, chain.id, None)
    issued_at = desk.clock()
    body = _body(desk, case, issued_at, previous)
    signed = body | {"signature": desk.signer.sign(SignUse.RECEIPT, canonical(body), detached=True)}
    _store(desk, case, signed, issued_at)
    return signed


def receipt_of(desk: Desk, chain_id: UUID, kind: ReceiptType) -> dict[str, Any]:
    """The newest receipt of one kind; issued again once when its proof has become available.

    Raises:
        NotFoundError: no such consent, somebody else's, or no such receipt.
    """
    chain = _chain(desk, chain_id)
    found = _newest(desk, chain.id, kind)
    if found is None:
        raise NotFoundError(f"{kind} receipt of chain {chain_id}")
    known = _open(desk, found)
    event = desk.session.get_one(EventRow, found.event_id)
    if found.proved or proof_of(desk, event) is None:
        return known
    effects = known.get("revocation") or {}
    names = ("pulls_cancelled", "notices", "erase")
    return issue(desk, event.id, Effects(**{name: tuple(effects.get(name, ())) for name in names}))


def receipts_of(desk: Desk, chain_id: UUID) -> list[dict[str, Any]]:
    """All receipts of one consent, oldest first.

    Raises:
        NotFoundError: no such consent, or somebody else's.
    """
    chain = _chain(desk, chain_id)
    rows = desk.session.scalars(
        select(Receipt).where(Receipt.chain_id == chain.id).order_by(Receipt.id)
    )
    return [_open(desk, row) for row in rows]


def _version(desk: Desk, chain: Chain, opened: Opened) -> ConsentArtefact:
    """The artefact the act was about: an amendment may have followed since."""
    row = desk.session.scalars(
        select(ConsentRow).where(
            ConsentRow.chain_id == chain.id, ConsentRow.digest == opened.event["digest"]
        )
    ).one()
    return read_artefact(desk, row)


def _chain(desk: Desk, chain_id: UUID) -> Chain:
    statement = select(Chain).where(Chain.id == chain_id, *visible(desk))
    chain = desk.session.scalars(statement).one_or_none()
    if chain is None:
        raise NotFoundError(f"chain {chain_id}")
    return chain


def _newest(desk: Desk, chain_id: UUID, kind: ReceiptType | None) -> Receipt | None:
    statement = select(Receipt).where(Receipt.chain_id == chain_id)
    if kind is not None:
        statement = statement.where(Receipt.type == kind)
    return desk.session.scalars(statement.order_by(Receipt.id.desc()).limit(1)).one_or_none()


def _body(desk: Desk, case: _Case, issued_at: datetime, previous: Receipt | None) -> dict[str, Any]:
    row, event = case.opened.row, case.opened.event
    controller = case.artefact.controller
    granted = row.type == EventType.CONSENT_GRANTED
    stopped = case.kind is ReceiptType.REVOKE
    return {
        "schema_version": SCHEMA_VERSION,
        "receipt_id": str(desk.new_id()),
        "receipt_type": case.kind.value,
        "issued_at": iso(issued_at),
        "issuer": desk.issuer,
        "consent_id": case.artefact.consent_id,
        "digest": event["digest"],
        "previous_receipt_id": None if previous is None else str(previous.id),
        "view": {
            "for": case.artefact.subject.kind,
            "bank": None if controller is None else controller.name,
            "purpose": case.artefact.purpose.code,
            "product_id": case.artefact.product.product_id,
            "state": event["to"],
        },
        "text_zh": case.words.format(
            at=_beijing(row.at), until=_beijing(case.artefact.validity[1])
        ),
        "withdrawal": case.artefact.withdrawal_method if granted else None,
        "revocation": _revocation(desk, case) if stopped else None,
        "leaf": b64u(leaf_of(desk, row)),
        "opening": {"salt": case.opened.salt, "event": dict(event)},
        "proof": proof_of(desk, row),
        "timestamp_token": None,
    }


def _revocation(desk: Desk, case: _Case) -> dict[str, Any]:
    row, event = case.opened.row, case.opened.event
    lists = {name: [dict(one) for one in found] for name, found in asdict(case.effects).items()}
    return {
        "effective_at": iso(row.at),
        "index": place_in_log(desk, row),
        "actor_role": event["actor_role"],
        "reason": event["reason"],
        "last_release": _last_release(desk, row),
        **lists,
    }


def _last_release(desk: Desk, stop: EventRow) -> dict[str, Any] | None:
    """The last packet released before the stop, in the order of the log."""
    row = desk.session.scalars(
        select(EventRow)
        .where(
            EventRow.chain_id == stop.chain_id,
            EventRow.type == EventType.PACKET_ISSUED.value,
            EventRow.entry_id < stop.entry_id,
        )
        .order_by(EventRow.entry_id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    event = open_event(desk, row).event
    return {
        "pull_id": event.get("pull_id"),
        "packet_sha256": event.get("packet_sha256"),
        "released_at": iso(row.at),
        "index": place_in_log(desk, row),
    }


def _beijing(at: datetime) -> str:
    return at.astimezone(_BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def _store(desk: Desk, case: _Case, signed: Mapping[str, Any], issued_at: datetime) -> None:
    chain, row = case.chain, case.opened.row
    previous = signed["previous_receipt_id"]
    receipt = Receipt(
        id=UUID(signed["receipt_id"]),
        chain_id=chain.id,
        consent_id=UUID(signed["consent_id"]),
        event_id=row.id,
        type=case.kind,
        view_for=case.artefact.subject.kind,
        enterprise_id=chain.enterprise_id,
        bank_id=chain.bank_id,
        proved=signed["proof"] is not None,
        previous_id=None if previous is None else UUID(previous),
        issued_at=issued_at,
        sealed=b"",
    )
    receipt.sealed = desk.sealer.seal(_place(receipt), canonical(signed))
    desk.session.add(receipt)
    desk.session.flush()


def _place(receipt: Receipt) -> SealedAt:
    return SealedAt(
        evidence_id=receipt.chain_id, table="consent.receipt", column="sealed", row_id=receipt.id
    )


def _open(desk: Desk, receipt: Receipt) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(desk.sealer.open(_place(receipt), receipt.sealed))
    return found
