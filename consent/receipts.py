"""Receipts: what a party keeps about a grant or its end; signed at once, again with its proof."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from consent.artefact import ConsentArtefact
from consent.chains import visible
from consent.drafts import read_artefact
from consent.errors import NotFoundError
from consent.events import canonical
from consent.evidence import Opened, open_event, proof_of
from consent.models import Chain, ConsentRow, EventRow, Receipt, ReceiptType
from consent.ports import Desk, SealedAt, SignUse
from consent.receiptbody import Case, Effects, body_of
from consent.receipttexts import BANK, TYPES


def issue(
    desk: Desk, event_id: UUID, effects: Effects | None = None, view: str | None = None
) -> dict[str, Any]:
    """A new receipt of one act, with its proof where the log has published it.

    ``view`` is :data:`BANK` for the bank's own; else it is made out to the principal.

    Raises:
        NotFoundError: no such act of a consent, or somebody else's.
    """
    row = desk.session.get(EventRow, event_id)
    if row is None or row.chain_id is None or row.type not in TYPES:
        raise NotFoundError(f"event {event_id}")
    return _issue(desk, _chain(desk, row.chain_id), row, effects, view)


def issue_missing(desk: Desk, chain_id: UUID) -> int:
    """Receipts of every act of a locked consent that has none yet, in the order of acts; how many.

    Belongs into the transaction of the act. Nobody's rights are asked: a receipt is owed.
    """
    chain = desk.session.get_one(Chain, chain_id)
    known = select(Receipt.event_id).where(Receipt.chain_id == chain_id)
    rows = desk.session.scalars(
        select(EventRow)
        .where(EventRow.chain_id == chain_id, EventRow.type.in_([str(one) for one in TYPES]))
        .where(EventRow.id.not_in(known))
        .order_by(EventRow.entry_id)
    )
    return len([_issue(desk, chain, row, None, None) for row in list(rows)])


def receipt_of(
    desk: Desk, chain_id: UUID, kind: ReceiptType, view: str | None = None
) -> dict[str, Any]:
    """The newest receipt of one kind; issued again once when its proof has become available.

    Raises:
        NotFoundError: no such consent, somebody else's, or no such receipt.
    """
    chain = _chain(desk, chain_id)
    found = _newest(desk, chain.id, kind, None)
    if found is None:
        raise NotFoundError(f"{kind} receipt of chain {chain_id}")
    return _fresh(desk, chain, found, view)


def receipt_by_id(
    desk: Desk, chain_id: UUID, receipt_id: UUID, view: str | None = None
) -> dict[str, Any]:
    """The newest issue of one receipt, named by any of its issues.

    Raises:
        NotFoundError: no such consent, somebody else's, or no such receipt.
    """
    chain = _chain(desk, chain_id)
    named = desk.session.get(Receipt, receipt_id)
    if named is None or named.chain_id != chain.id:
        raise NotFoundError(f"receipt {receipt_id}")
    return _fresh(desk, chain, named, view)


def receipts_of(desk: Desk, chain_id: UUID, view: str | None = None) -> list[dict[str, Any]]:
    """All receipts of one consent made out to one reader, oldest first.

    Raises:
        NotFoundError: no such consent, or somebody else's.
    """
    chain = _chain(desk, chain_id)
    rows = desk.session.scalars(
        select(Receipt).where(Receipt.chain_id == chain.id, *_made_out(view)).order_by(Receipt.id)
    )
    return [_open(desk, row) for row in rows]


def unproved(desk: Desk, since: UUID, limit: int) -> list[UUID]:
    """Consents with receipts that wait for a proof the log has published, by id.

    ``since`` is the smallest id of a receipt to look at: ids follow time.
    """
    again = aliased(Receipt)
    proved = (
        select(again.id)
        .where(again.event_id == Receipt.event_id, again.view_for == Receipt.view_for)
        .where(again.proved)
        .exists()
    )
    rows = desk.session.execute(
        select(Receipt.chain_id, EventRow)
        .join(EventRow, EventRow.id == Receipt.event_id)
        .where(Receipt.id >= since, Receipt.proved.is_(False), ~proved)
        .order_by(Receipt.id)
        .limit(limit)
    )
    return sorted({row[0] for row in rows if proof_of(desk, row[1]) is not None})


def prove(desk: Desk, chain_id: UUID) -> int:
    """Issue again the receipts of a locked consent whose proof is out; how many."""
    chain = desk.session.get_one(Chain, chain_id)
    newest = {
        (row.event_id, row.view_for): row
        for row in desk.session.scalars(
            select(Receipt).where(Receipt.chain_id == chain_id).order_by(Receipt.id)
        )
    }
    again = 0
    for row in newest.values():
        view = BANK if row.view_for == BANK else None
        again += _again(desk, chain, row, view) is not None
    return again


def _fresh(desk: Desk, chain: Chain, named: Receipt, view: str | None) -> dict[str, Any]:
    """The newest issue of the same act for one reader, made if there is none or a proof is out."""
    # Two readers at once issue one: the second waits, and finds it.
    desk.session.execute(select(Chain.id).where(Chain.id == chain.id).with_for_update())
    found = _newest(desk, chain.id, None, view, named.event_id)
    if found is None:
        effects = _effects(_open(desk, named))
        return _issue(desk, chain, desk.session.get_one(EventRow, named.event_id), effects, view)
    again = _again(desk, chain, found, view)
    return _open(desk, found) if again is None else again


def _again(desk: Desk, chain: Chain, row: Receipt, view: str | None) -> dict[str, Any] | None:
    event = desk.session.get_one(EventRow, row.event_id)
    if row.proved or proof_of(desk, event) is None:
        return None
    return _issue(desk, chain, event, _effects(_open(desk, row)), view)


def _effects(known: Mapping[str, Any]) -> Effects:
    said = known.get("revocation") or {}
    names = ("pulls_cancelled", "notices", "erase")
    return Effects(**{name: tuple(said.get(name, ())) for name in names})


def _issue(
    desk: Desk, chain: Chain, row: EventRow, effects: Effects | None, view: str | None
) -> dict[str, Any]:
    opened = open_event(desk, row)
    artefact = _version(desk, chain, opened)
    case = Case(chain, artefact, opened, effects or Effects(), view or artefact.subject.kind)
    previous = _newest(desk, chain.id, None, view)
    issued_at = desk.clock()
    body = body_of(desk, case, issued_at, previous)
    signed = body | {"signature": desk.signer.sign(SignUse.RECEIPT, canonical(body), detached=True)}
    _store(desk, case, signed, issued_at)
    return signed


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


def _made_out(view: str | None) -> list[Any]:
    return [Receipt.view_for == BANK if view == BANK else Receipt.view_for != BANK]


def _newest(
    desk: Desk,
    chain_id: UUID,
    kind: ReceiptType | None,
    view: str | None,
    event_id: UUID | None = None,
) -> Receipt | None:
    statement = select(Receipt).where(Receipt.chain_id == chain_id, *_made_out(view))
    if kind is not None:
        statement = statement.where(Receipt.type == kind)
    if event_id is not None:
        statement = statement.where(Receipt.event_id == event_id)
    return desk.session.scalars(statement.order_by(Receipt.id.desc()).limit(1)).one_or_none()


def _store(desk: Desk, case: Case, signed: Mapping[str, Any], issued_at: datetime) -> None:
    chain, row = case.chain, case.opened.row
    previous = signed["previous_receipt_id"]
    receipt = Receipt(
        id=UUID(signed["receipt_id"]),
        chain_id=chain.id,
        consent_id=UUID(signed["consent_id"]),
        event_id=row.id,
        type=case.kind,
        view_for=case.view,
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
