"""One event of a consent, proved: its leaf, what opens it, and its way up to a signed head."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from consent.chains import visible
from consent.encoding import b64u_decode
from consent.evidence import bundle_of
from consent.ledger.checkpoint import Checkpoint, read_checkpoint
from consent.ledger.leaves import parse_leaf
from consent.ledger.merkle import leaf_hash
from consent.ledger.note import read_note
from consent.ledger.prooftext import read_proof
from consent.ledger.walks import Step, climb
from consent.models import Chain, EventRow
from yidaitong.authorizations.desk import desk_of
from yidaitong.authorizations.queries import READ
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.uow import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedEvent:
    """``bundle`` is what the offline verifier reads; ``steps`` is empty until it is published."""

    entry_id: int
    bundle: Mapping[str, Any]
    leaf: bytes
    index: int | None = None
    head: Checkpoint | None = None
    steps: tuple[Step, ...] = ()

    @property
    def proof(self) -> str | None:
        """The proof file; None until a published head covers the event."""
        text: str | None = self.bundle["proof"]
        return text


def event_of_authorization(uow: UnitOfWork, chain_id: UUID, entry_id: int) -> ProvedEvent:
    """One event under a consent with its proof under the newest published head.

    Raises:
        NotFoundError: unknown, or somebody else's.
    """
    uow.actor.require(READ)
    desk = desk_of(uow)
    chain = uow.session.scalar(select(Chain.id).where(Chain.id == chain_id, *visible(desk)))
    bundle = None if chain is None else bundle_of(desk, chain_id, entry_id)
    if bundle is None:
        raise NotFoundError(f"entry {entry_id} of chain {chain_id}")
    leaf = leaf_hash(b64u_decode(bundle["leaf"]))
    if bundle["proof"] is None:
        return ProvedEvent(entry_id=entry_id, bundle=bundle, leaf=leaf)
    proof = read_proof(bundle["proof"])
    head = read_checkpoint(read_note(proof.note.encode()).text)
    return ProvedEvent(
        entry_id=entry_id,
        bundle=bundle,
        leaf=leaf,
        index=proof.index,
        head=head,
        steps=tuple(climb(proof.index, head.size, leaf, proof.hashes)),
    )


def entry_of_receipt(uow: UnitOfWork, receipt: Mapping[str, Any]) -> int | None:
    """The entry a receipt is about; the receipt was read by the same actor."""
    leaf = parse_leaf(b64u_decode(receipt["leaf"]))
    return uow.session.scalar(select(EventRow.entry_id).where(EventRow.id == leaf.id))
