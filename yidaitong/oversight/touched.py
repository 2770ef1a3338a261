"""What a key touched: everything signed with it, sealed to it or answered under it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, select

from consent.models import ConsentRow, Receipt
from yidaitong.banks.models import BankKey, KeyPurpose
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.crypto.keys import KeySet
from yidaitong.kernel.crypto.models import SigningKey
from yidaitong.kernel.crypto.uses import KeyUse
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices.models import Notice
from yidaitong.oversight.operations import READ
from yidaitong.packets.models import ErasureAttestation, Packet
from yidaitong.packets.opening import platform_keys
from yidaitong.pulls.models import PullLine

# An act that began under the old key may end after the change: better one too many.
_SLACK: Final = timedelta(minutes=1)
_BATCH: Final = 1_000
_ANSWER: Final = "answer"
_Query = tuple[str, Select[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose key it is, what it serves, and when it was in force; no end: it still is."""

    kid: str
    owner: str
    use: str
    from_at: datetime | None
    to_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Touched:
    """One thing a key touched; ``bank_id`` is who must hear of it, None where no bank is party."""

    kind: str
    id: str
    bank_id: str | None
    at: datetime


def holder_of(uow: UnitOfWork, kid: str) -> Holder:
    """Whose key this is: ours, a bank's, or a department's.

    Raises:
        ForbiddenError: the actor may not look behind the scenes.
        NotFoundError: nobody's we know.
    """
    uow.actor.require(READ)
    found = _ours(uow, kid) or _of_bank(uow, kid) or _of_department(uow, kid)
    if found is None:
        raise NotFoundError("key")
    return found


def touched(uow: UnitOfWork, holder: Holder) -> Iterator[Touched]:
    """Everything a key touched while it was in force, oldest first within each kind.

    Read in batches: there may be many.
    """
    uow.actor.require(READ)
    for kind, query in _queries(holder):
        rows: Any = uow.session.execute(query.execution_options(yield_per=_BATCH))
        for id_, bank_id, at in rows:
            yield Touched(kind, str(id_), bank_id, at)


def _ours(uow: UnitOfWork, kid: str) -> Holder | None:
    key = uow.session.get(SigningKey, kid)
    if key is None:
        return None
    return Holder(
        kid=kid,
        owner="platform",
        use=key.use.value,
        from_at=key.created_at,
        to_at=key.retired_at,
        revoked_at=key.revoked_at,
    )


def _of_bank(uow: UnitOfWork, kid: str) -> Holder | None:
    key = uow.session.scalar(select(BankKey).where(BankKey.kid == kid))
    if key is None:
        return None
    return Holder(
        kid=kid,
        owner=key.bank_id,
        use=key.use.value,
        from_at=key.from_at,
        to_at=key.to_at,
        revoked_at=key.revoked_at,
    )


def _of_department(uow: UnitOfWork, kid: str) -> Holder | None:
    keys: KeySet = platform_keys(uow)
    key = keys.get(kid)
    if key is None:
        return None
    from_at, to_at, revoked_at = (
        None if text is None else datetime.fromisoformat(text)
        for text in (key.from_at, key.to_at, key.revoked_at)
    )
    return Holder(
        kid=kid,
        owner=key.owner,
        use=_ANSWER,
        from_at=from_at,
        to_at=to_at,
        revoked_at=revoked_at,
    )


def _queries(holder: Holder) -> list[_Query]:
    found = _BY_USE.get(holder.use)
    return [] if found is None else found(holder)


def _during(holder: Holder, at: Any) -> list[ColumnElement[bool]]:
    """While it was in force, and a little longer."""
    bounds: list[ColumnElement[bool]] = [at.is_not(None)]
    if holder.from_at is not None:
        bounds.append(at >= holder.from_at - _SLACK)
    ends = [end for end in (holder.to_at, holder.revoked_at) if end is not None]
    if ends:
        bounds.append(at <= max(ends) + _SLACK)
    return bounds


def _rows(kind: str, model: Any, at: Any, where: Sequence[ColumnElement[bool]]) -> _Query:
    return kind, select(model.id, model.bank_id, at).where(*where).order_by(model.id)


def _signed(kind: str, model: Any, at: Any) -> Callable[[Holder], list[_Query]]:
    """What one of our keys signed: everything of a kind made while it was in force."""
    return lambda holder: [_rows(kind, model, at, _during(holder, at))]


def _sealed(holder: Holder) -> list[_Query]:
    return [_rows("packet", Packet, Packet.issued_at, [Packet.bank_kid == holder.kid])]


def _acknowledged(holder: Holder) -> list[_Query]:
    packets, erasures = Packet.acked_at, ErasureAttestation.received_at
    mine = Packet.bank_id == holder.owner, ErasureAttestation.bank_id == holder.owner
    return [
        _rows("packet receipt", Packet, packets, [mine[0], *_during(holder, packets)]),
        _rows("erasure", ErasureAttestation, erasures, [mine[1], *_during(holder, erasures)]),
    ]


def _answered(holder: Holder) -> list[_Query]:
    mine = [one.code for one in RESOURCES.values() if one.department == holder.owner]
    given = (PullLine.resource.in_(mine), PullLine.answer_sha256.is_not(None))
    at = PullLine.fetched_at
    return [_rows("answer", PullLine, at, [*given, *_during(holder, at)])]


_BY_USE: Final[Mapping[str, Callable[[Holder], list[_Query]]]] = {
    KeyUse.PACKET.value: _signed("packet", Packet, Packet.issued_at),
    KeyUse.ARTEFACT.value: _signed("consent", ConsentRow, ConsentRow.granted_at),
    KeyUse.RECEIPT.value: _signed("receipt", Receipt, Receipt.issued_at),
    KeyUse.TICKET.value: _signed("line", PullLine, PullLine.sent_at),
    KeyUse.NOTICE.value: _signed("notice", Notice, Notice.made_at),
    KeyPurpose.ENC.value: _sealed,
    KeyPurpose.ACK.value: _acknowledged,
    _ANSWER: _answered,
}
