"""Erasing (D3): the bank signs which copies it erased and how; each is then off its duties."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from consent import service
from consent.events import canonical, sha256_b64u
from consent.service import EventType
from yidaitong import audit
from yidaitong.kernel.clock import iso_ms
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.keys import PrivateKey
from yidaitong.kernel.errors import InvalidRequestError, NotFoundError
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets import copies
from yidaitong.packets.lifecycle import CopyState
from yidaitong.packets.models import ErasureAttestation, Packet, PacketCopy
from yidaitong.packets.moving import destroy_key
from yidaitong.packets.signed import read_signed
from yidaitong.pulls import moving
from yidaitong.pulls.moving import Locked

ATTEST: Final = "copy.attest"
# Wire format: append only.
VERSION: Final = "ydt-erased/1"
ERASED_TYP: Final = "ydt-erased+jws"
_MEMBERS: Final = frozenset({"v", "bank_id", "packets", "method", "operator", "at"})
_CAUSE: Final = "ERASED"
MAX_PACKETS: Final = 200
_MAX_BYTES: Final = 32_768
_MAX_OPERATOR: Final = 64
_SKEW: Final = timedelta(seconds=60)


class Method(StrEnum):
    """How a copy was erased."""

    # Wire format: append only.
    OVERWRITE = "OVERWRITE"
    CRYPTO_ERASE = "CRYPTO_ERASE"
    PHYSICAL = "PHYSICAL"

    @property
    def text(self) -> Text:
        """The method in words for people."""
        return _TEXTS[self]


_TEXTS: Final = {
    Method.OVERWRITE: Text("覆写删除", "Overwritten"),
    Method.CRYPTO_ERASE: Text("销毁密钥", "Keys destroyed"),
    Method.PHYSICAL: Text("销毁介质", "Media destroyed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What a bank says: which packets, how, by whom, when."""

    packets: tuple[str, ...]
    method: Method
    operator: str
    at: datetime


def attest(uow: UnitOfWork, text: str) -> list[PacketCopy]:
    """Take a bank's signed list of erased copies, all or none. The same list twice is once.

    Each enterprise gets a receipt in the same transaction; our own key of each packet dies.

    Raises:
        ForbiddenError: the actor may not attest, or is no bank.
        JoseError: not a compact JWS of this type.
        SignatureInvalidError: not signed by an acknowledgement key of the bank.
        InvalidRequestError: not such a statement.
        NotFoundError: a digest is of no copy of this bank.
        InvalidStateError: a copy is under a legal hold, or was erased by another statement.
    """
    uow.actor.require(ATTEST)
    said = _read(uow, text)
    digest = sha256_b64u(text.encode("ascii"))
    found: list[PacketCopy] = []
    # Consents by id, so that two lists never wait for each other.
    for chain_id, wanted in sorted(_by_chain(uow, said).items()):
        found += _erase_all(uow, chain_id, wanted, digest)
    _keep(uow, said, text, digest)
    audit.record(uow, "copy.erase", object_type="attestation", object_id=digest)
    uow.session.flush()
    return found


def statement(key: PrivateKey, bank_id: str, erasure: Erasure) -> str:
    """The attestation a bank signs."""
    body = {
        "v": VERSION,
        "bank_id": bank_id,
        "packets": sorted(erasure.packets),
        "method": erasure.method.value,
        "operator": erasure.operator,
        "at": iso_ms(erasure.at),
    }
    return jws.sign(key, ERASED_TYP, canonical(body))


def _read(uow: UnitOfWork, text: str) -> Erasure:
    body = read_signed(uow, text, ERASED_TYP, _MAX_BYTES)
    if body.keys() != _MEMBERS or body["v"] != VERSION or body["bank_id"] != uow.actor.bank_id:
        raise InvalidRequestError("not a list of erased copies of this bank")
    packets, operator = body["packets"], body["operator"]
    digests = isinstance(packets, list) and all(isinstance(one, str) for one in packets)
    if not digests or not 0 < len(packets) <= MAX_PACKETS or len(set(packets)) != len(packets):
        raise InvalidRequestError("packets", fields={"packets": "INVALID"})
    if not isinstance(operator, str) or not 0 < len(operator) <= _MAX_OPERATOR:
        raise InvalidRequestError("operator", fields={"operator": "INVALID"})
    at = _time(body["at"])
    if body["method"] not in set(Method) or at is None or at > uow.now + _SKEW:
        raise InvalidRequestError("method, at", fields={"method": "INVALID"})
    return Erasure(packets=tuple(packets), method=Method(body["method"]), operator=operator, at=at)


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _by_chain(uow: UnitOfWork, said: Erasure) -> dict[UUID, list[UUID]]:
    rows = uow.session.execute(
        select(PacketCopy.chain_id, PacketCopy.packet_id).where(
            PacketCopy.bank_id == uow.actor.bank_id, PacketCopy.packet_sha256.in_(said.packets)
        )
    ).all()
    if len(rows) != len(said.packets):
        raise NotFoundError(f"{len(said.packets) - len(rows)} of the packets")
    found: dict[UUID, list[UUID]] = {}
    for row in rows:
        found.setdefault(row.chain_id, []).append(row.packet_id)
    return found


def _erase_all(
    uow: UnitOfWork, chain_id: UUID, wanted: list[UUID], digest: str
) -> list[PacketCopy]:
    locked = moving.lock(uow, chain_id, ATTEST)
    duties = [duty for duty in copies.of_chain(locked) if duty.packet_id in wanted]
    changed = [duty for duty in duties if _erase(locked, duty, digest)]
    if changed:
        uow.session.flush()
        service.issue_missing(locked.desk, chain_id)
        copies.tell(locked)
    return duties


def _erase(locked: Locked, duty: PacketCopy, digest: str) -> bool:
    if duty.state is CopyState.ERASED and duty.attestation_sha256 == digest:
        return False
    # What the clock did comes first: the leaf says whether the erasure was late.
    copies.advance(locked, duty)
    changes = {"attestation_sha256": digest, "ended_at": locked.at}
    copies.move(locked, duty, EventType.COPY_ERASED, changes)
    destroy_key(locked, locked.uow.session.get_one(Packet, duty.packet_id), _CAUSE)
    return True


def _keep(uow: UnitOfWork, said: Erasure, text: str, digest: str) -> None:
    known = select(ErasureAttestation.id).where(
        ErasureAttestation.bank_id == uow.actor.bank_id, ErasureAttestation.sha256 == digest
    )
    if uow.session.scalar(known) is not None:
        return
    uow.session.add(
        ErasureAttestation(
            bank_id=uow.actor.bank_id,
            sha256=digest,
            method=said.method.value,
            operator=said.operator,
            erased_at=said.at,
            received_at=uow.now,
            jws=text,
        )
    )
