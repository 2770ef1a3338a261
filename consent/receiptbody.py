"""What a receipt says: one act of a consent, in words and members, for one reader."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import select

from consent.artefact import ConsentArtefact
from consent.encoding import b64u
from consent.events import EventType, iso
from consent.evidence import Opened, leaf_of, open_event, place_in_log, proof_of
from consent.models import Chain, EventRow, Receipt, ReceiptType
from consent.ports import Desk
from consent.receipttexts import AMENDED, BANK, OTHERS, TEXTS, TYPES

SCHEMA_VERSION = "ydt-receipt/1"
_BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What a revocation led to elsewhere, as JSON objects; a change issues the receipt again."""

    pulls_cancelled: tuple[Mapping[str, Any], ...] = ()
    notices: tuple[Mapping[str, Any], ...] = ()
    erase: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One act of one version of a consent, told to the reader ``view``."""

    chain: Chain
    artefact: ConsentArtefact
    opened: Opened
    effects: Effects
    view: str

    @property
    def amended(self) -> bool:
        """Whether the act is the grant of a later version."""
        return self.opened.event.get("supersedes") is not None

    @property
    def kind(self) -> ReceiptType:
        """What the receipt confirms."""
        return ReceiptType.AMEND if self.amended else TYPES[self.opened.row.type]

    @property
    def words(self) -> str:
        """The sentence of the receipt, with its blanks."""
        kind = self.opened.row.type
        if self.view == BANK and kind in OTHERS:
            return OTHERS[kind]
        return AMENDED if self.amended else TEXTS[kind]


def body_of(
    desk: Desk, case: Case, issued_at: datetime, previous: Receipt | None
) -> dict[str, Any]:
    """The receipt without its signature; ``previous`` is the reader's last one of this consent."""
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
            "for": case.view,
            "bank": None if controller is None else controller.name,
            "purpose": case.artefact.purpose.code,
            "product_id": case.artefact.product.product_id,
            "state": event["to"] if row.type.startswith("consent.") else case.chain.state.value,
        },
        "text_zh": case.words.format(
            at=_beijing(row.at),
            until=_beijing(case.artefact.validity[1]),
            bank="" if controller is None else controller.name,
        ),
        "withdrawal": case.artefact.withdrawal_method if granted and case.view != BANK else None,
        "revocation": _revocation(desk, case) if stopped else None,
        "leaf": b64u(leaf_of(desk, row)),
        "opening": {"salt": case.opened.salt, "event": dict(event)},
        "proof": proof_of(desk, row),
        "timestamp_token": None,
    }


def _revocation(desk: Desk, case: Case) -> dict[str, Any]:
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
