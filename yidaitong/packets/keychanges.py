"""Keys of others changing: the old key says so, two persons take it over, the log knows when."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from consent import service
from consent.encoding import b64u_decode
from consent.events import sha256_b64u
from consent.service import EventType
from yidaitong import audit
from yidaitong.authorizations.desk import desk_of
from yidaitong.banks import keys as bank_keys
from yidaitong.banks.models import ApiClient, BankKey, KeyPurpose, KeyState
from yidaitong.banks.registering import two_persons
from yidaitong.departments.pins import in_force
from yidaitong.departments.registry import DEPARTMENTS
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.crypto import suites
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import KeySet, PublicKey
from yidaitong.kernel.crypto.statements import MAX_BYTES, KeyChange, StatementError, read_bundle
from yidaitong.kernel.errors import (
    ConflictError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
    ServiceUnavailableError,
)
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets.models import KeyStatement

__all__ = ["MAX_BYTES", "ProposeStatement", "again", "confirm", "propose", "shown", "waiting"]

READ: Final = "key_statement.read"
PROPOSE_DEPARTMENT: Final = "department_key.propose"
PIN_DEPARTMENT: Final = "department_key.pin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeStatement:
    """A bundle as it came, and whose it is: a bank's id or a department's code."""

    owner: str
    bundle: str


def propose(uow: UnitOfWork, command: ProposeStatement) -> KeyStatement:
    """Put a statement forward; it changes nothing before another person takes it over.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such owner, or not the actor's own bank.
        InvalidRequestError: not signed by a key of the owner that we pinned, or adds what is no
            use to it.
        ConflictError: this statement came before, or a key it adds is known already.
        SuiteUnavailableError: it adds a key of a suite this installation does not use.
    """
    owner = command.owner
    is_department = owner in DEPARTMENTS
    uow.actor.require(PROPOSE_DEPARTMENT if is_department else bank_keys.PROPOSE)
    if uow.actor.realm is Realm.BANK and uow.actor.bank_id != owner:
        raise NotFoundError(f"owner {owner[:16]}")
    change = _read(uow, owner, command.bundle)
    digest = sha256_b64u(change.statement.encode("ascii"))
    if uow.session.scalar(select(KeyStatement.id).where(KeyStatement.sha256 == digest)):
        raise ConflictError("statement")
    row = KeyStatement(
        owner=owner,
        bundle=command.bundle,
        sha256=digest,
        proposed_by=uow.actor.person_id,
        proposed_at=uow.now,
    )
    uow.session.add(row)
    uow.session.flush()
    audit.record(uow, "keys.state", object_type="key_statement", object_id=row.id, owner=owner)
    return row


def confirm(uow: UnitOfWork, statement_id: UUID) -> KeyChange:
    """Take a statement over: the keys of a bank change at once, and the log says when.

    A department's pins are a file: the caller writes it once this has committed, and again if it
    could not (:func:`again`).

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such statement.
        InvalidStateError: taken over before, or it takes effect later.
        InvalidRequestError: the keys that signed it no longer count.
        ConflictError, SuiteUnavailableError: as when it was put forward.
        FourEyesError: the same natural person put it forward.
    """
    row = _locked(uow, statement_id)
    is_department = row.owner in DEPARTMENTS
    uow.actor.require(PIN_DEPARTMENT if is_department else bank_keys.PIN)
    if row.confirmed_at is not None:
        raise InvalidStateError(f"statement {statement_id} was taken over before")
    row.confirmed_by = two_persons(uow, row.proposed_by)
    change = _read(uow, row.owner, row.bundle)
    if change.from_at > uow.clock():
        raise InvalidStateError(f"statement {statement_id} takes effect later")
    row.confirmed_at = uow.now
    if not is_department:
        _change_bank(uow, row, change)
    _record(uow, change, row.sha256)
    audit.record(uow, "keys.take_over", object_type="key_statement", object_id=row.id)
    return change


def again(uow: UnitOfWork, statement_id: UUID) -> KeyChange:
    """What a statement that was taken over said, to write a department's pins once more.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such statement.
        InvalidStateError: nobody took it over.
        InvalidRequestError: the key that signed it is pinned no longer.
    """
    uow.actor.require(PIN_DEPARTMENT)
    row = _locked(uow, statement_id)
    if row.confirmed_at is None or row.owner not in DEPARTMENTS:
        raise InvalidStateError(f"statement {statement_id} changes no pins")
    added = {jwk["kid"] for jwk in json.loads(row.bundle)["keys"]}
    known = _pins(uow).owned_by(row.owner).values()
    # What it retires may have ended by now; what it adds may stand there already.
    return _opened(row.bundle, KeySet.of(*(key for key in known if key.kid not in added)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One statement as a list shows it: whose, what it adds and retires, and whether it is done."""

    id: UUID
    owner: str
    proposed_at: datetime
    confirmed_at: datetime | None
    added: tuple[str, ...]
    retired: tuple[str, ...]
    reason: str


def shown(uow: UnitOfWork, limit: int = 100) -> list[Shown]:
    """Statements newest first; what was put forward had a good signature.

    Raises:
        ForbiddenError: the actor may not.
    """
    uow.actor.require(READ)
    rows = uow.session.scalars(select(KeyStatement).order_by(KeyStatement.id.desc()).limit(limit))
    return [_shown(row) for row in rows]


def _shown(row: KeyStatement) -> Shown:
    # Checked when it was put forward, and again before it is taken over.
    statement = json.loads(row.bundle)["statement"]
    told = json.loads(b64u_decode(statement.split(".")[1]))
    return Shown(
        id=row.id,
        owner=row.owner,
        proposed_at=row.proposed_at,
        confirmed_at=row.confirmed_at,
        added=tuple(told["add"]),
        retired=tuple(told["retire"]),
        reason=told["reason"],
    )


def waiting(uow: UnitOfWork) -> list[KeyStatement]:
    """Statements nobody took over yet that the actor may see, oldest first."""
    query = select(KeyStatement).where(KeyStatement.confirmed_at.is_(None))
    return list(uow.session.scalars(query.order_by(KeyStatement.id)))


def _locked(uow: UnitOfWork, statement_id: UUID) -> KeyStatement:
    query = select(KeyStatement).where(KeyStatement.id == statement_id).with_for_update()
    row = uow.session.scalar(query)
    if row is None:
        raise NotFoundError(f"statement {statement_id}")
    return row


def _read(uow: UnitOfWork, owner: str, bundle: str) -> KeyChange:
    change = _opened(bundle, KeySet.of(*_pinned(uow, owner)))
    _check_added(uow, change)
    return change


def _opened(bundle: str, keys: KeySet) -> KeyChange:
    try:
        return read_bundle(bundle, keys)
    except StatementError as error:
        raise InvalidRequestError(str(error), fields={"bundle": "NOT_VALID"}) from error


def _check_added(uow: UnitOfWork, change: KeyChange) -> None:
    """Keys nobody had before, revoked or not; one to seal to for a bank, none for a department."""
    kids = [key.kid for key in change.add]
    sealing = sum(key.use == "enc" for key in change.add)
    if change.owner in DEPARTMENTS:
        most, known = 0, not _pins(uow).keys().isdisjoint(kids)
    else:
        most = 1
        known = uow.session.scalar(select(BankKey.id).where(BankKey.kid.in_(kids)).limit(1))
    if sealing > most:
        raise InvalidRequestError("keys to seal to", fields={"bundle": "NOT_VALID"})
    if known:
        raise ConflictError("a key of the statement is known")
    for key in change.add:
        suites.allowed(key.suite, uow.settings.suites)


def _pinned(uow: UnitOfWork, owner: str) -> Iterator[PublicKey]:
    """The owner's keys that may speak for it now."""
    if owner in DEPARTMENTS:
        at, theirs = uow.clock(), _pins(uow).owned_by(owner)
        yield from (key for key in theirs.values() if in_force(key, at))
        return
    active = BankKey.state == KeyState.ACTIVE
    for row in uow.session.scalars(select(BankKey).where(BankKey.bank_id == owner, active)):
        yield replace(PublicKey.read(row.jwk), owner=owner)


def _pins(uow: UnitOfWork) -> KeySet:
    try:
        return KeySet.read(uow.settings.gateway_keys_file.read_bytes())
    except (OSError, JoseError) as error:
        raise ServiceUnavailableError("no pinned keys of departments") from error


def _change_bank(uow: UnitOfWork, row: KeyStatement, change: KeyChange) -> None:
    at = uow.clock()
    for old in uow.session.scalars(select(BankKey).where(BankKey.kid.in_(change.retire))):
        old.state, old.to_at = KeyState.RETIRED, at
    made = [_bank_key(row, change, key) for key in change.add]
    uow.session.add_all(made)
    uow.session.flush()
    for key in made:
        bank_keys.put_into_use(uow, key, row.confirmed_by)
    _move_clients(uow, change, [key for key in made if key.use is KeyPurpose.MSG])


def _move_clients(uow: UnitOfWork, change: KeyChange, made: list[BankKey]) -> None:
    """Machines whose key was retired sign with the one new key; of several, none is theirs."""
    if len(made) == 1:
        uow.session.execute(
            update(ApiClient)
            .where(ApiClient.bank_id == change.owner, ApiClient.kid.in_(change.retire))
            .values(kid=made[0].kid)
            .execution_options(synchronize_session=False)
        )


def _bank_key(row: KeyStatement, change: KeyChange, key: PublicKey) -> BankKey:
    # A key to sign with serves receipts, unless it says another use.
    said = {purpose.value for purpose in KeyPurpose} & {key.purpose}
    use = KeyPurpose.ENC if key.use == "enc" else KeyPurpose(next(iter(said), KeyPurpose.ACK))
    return BankKey(
        bank_id=change.owner,
        kid=key.kid,
        use=use,
        jwk={**key.jwk, "kid": key.kid, "use": key.use, "ydt_owner": change.owner},
        maker_person_id=row.proposed_by,
        proposed_at=row.proposed_at,
    )


def _record(uow: UnitOfWork, change: KeyChange, digest: str) -> None:
    members = {
        "owner": change.owner,
        "added": [key.kid for key in change.add],
        "retired": list(change.retire),
        "compromised": [],
        "statement_sha256": digest,
    }
    event = service.Event(
        type=EventType.KEYS_CHANGED, ref=uuid7(), n=1, reason="STATEMENT", members=members
    )
    service.record(desk_of(uow), event)
