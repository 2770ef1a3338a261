"""Pinning public keys of banks: one person proposes, another at the centre pins."""

from uuid import UUID

from sqlalchemy import select

from yidaitong import audit
from yidaitong.banks.commands import ProposeKey
from yidaitong.banks.models import Bank, BankKey, KeyPurpose, KeyState
from yidaitong.banks.registering import two_persons
from yidaitong.kernel import strictjson
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.crypto import suites
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import PublicKey
from yidaitong.kernel.errors import (
    ConflictError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
)
from yidaitong.kernel.uow import UnitOfWork

READ = "api_client.read"
PROPOSE = "bank_key.propose"
PIN = "bank_key.pin"
_JOSE_USE = {KeyPurpose.ENC: "enc", KeyPurpose.ACK: "sig", KeyPurpose.MSG: "sig"}


# What a key may be for, by code, in words.
USES = {use.value: use.text for use in KeyPurpose}
_MAX_JWK = 2048


def command_of(bank_id: str, use: str, jwk: str) -> ProposeKey:
    """The command for a public key that was pasted as a JWK's text.

    Raises:
        InvalidRequestError: it is no JSON object.
    """
    try:
        members = strictjson.parse_object(jwk.encode(), max_bytes=_MAX_JWK)
    except strictjson.StrictJsonError as error:
        raise InvalidRequestError("jwk", fields={"jwk": "NOT_VALID"}) from error
    return ProposeKey(bank_id=bank_id, use=KeyPurpose(use), jwk=members)


def propose(uow: UnitOfWork, command: ProposeKey) -> BankKey:
    """Put a public key forward; a bank only its own. It serves nothing before it is pinned.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such bank, or somebody else's.
        InvalidRequestError: no public key of a kind we use.
        ConflictError: this key is known already.
        SuiteUnavailableError: it is of a suite this installation does not use.
    """
    uow.actor.require(PROPOSE)
    own = uow.actor.realm is not Realm.BANK or uow.actor.bank_id == command.bank_id
    if not own or uow.session.get(Bank, command.bank_id) is None:
        raise NotFoundError(f"bank {command.bank_id}")
    public = _public(command)
    suites.allowed(public.suite, uow.settings.suites)
    if uow.session.scalar(select(BankKey.id).where(BankKey.kid == public.kid)) is not None:
        raise ConflictError(f"key {public.kid}")
    key = BankKey(
        bank_id=command.bank_id,
        kid=public.kid,
        use=command.use,
        jwk={**public.jwk, "kid": public.kid, "use": public.use, "ydt_owner": command.bank_id},
        maker_person_id=uow.actor.person_id,
        proposed_at=uow.now,
    )
    uow.session.add(key)
    _note(uow, "bank_key.propose", key)
    return key


def pin(uow: UnitOfWork, key_id: UUID) -> BankKey:
    """Put a proposed key into use; an encryption key retires the one before it.

    With it two persons choose the bank's suite: its packets are in the suite of this key.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such key.
        InvalidStateError: it waits for no decision.
        FourEyesError: the same person proposed it.
        SuiteUnavailableError: it is of a suite this installation no longer uses.
    """
    key = _proposed(uow, key_id)
    put_into_use(uow, key, two_persons(uow, key.maker_person_id))
    return key


def put_into_use(uow: UnitOfWork, key: BankKey, checker_person_id: UUID | None) -> None:
    """Let a proposed key serve from now on, once somebody has the right to say so.

    Raises:
        SuiteUnavailableError: it is of a suite this installation does not use.
    """
    suites.allowed(suite_of(key), uow.settings.suites)
    at = uow.clock()
    if key.use is KeyPurpose.ENC:
        for old in _active(uow, key.bank_id, KeyPurpose.ENC):
            old.state = KeyState.RETIRED
            old.to_at = at
        uow.session.flush()  # One active key: the old one leaves first.
    key.state = KeyState.ACTIVE
    key.checker_person_id = checker_person_id
    key.from_at = at
    _note(uow, "bank_key.pin", key)


def refuse(uow: UnitOfWork, key_id: UUID) -> None:
    """Turn a proposed key down.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such key.
        InvalidStateError: it waits for no decision.
    """
    key = _proposed(uow, key_id)
    key.state = KeyState.REFUSED
    key.checker_person_id = uow.actor.person_id
    _note(uow, "bank_key.refuse", key)


def revoke(uow: UnitOfWork, key_id: UUID) -> None:
    """Stop trusting a key from now on; one person is enough to stop.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such key, or somebody else's.
        InvalidStateError: it is not in use.
    """
    uow.actor.require(PROPOSE if uow.actor.realm is Realm.BANK else PIN)
    key = _locked(uow, key_id)
    if key.state not in {KeyState.ACTIVE, KeyState.RETIRED}:
        raise InvalidStateError(f"key {key_id} is {key.state}")
    key.state = KeyState.REVOKED
    key.revoked_at = uow.clock()
    _note(uow, "bank_key.revoke", key)


def suite_of(key: BankKey) -> str:
    """The suite of a key: its kind decides."""
    return PublicKey.read(key.jwk, use=_JOSE_USE[key.use]).suite


def _public(command: ProposeKey) -> PublicKey:
    try:
        return PublicKey.read(command.jwk, use=_JOSE_USE[command.use])
    except JoseError as error:
        raise InvalidRequestError("jwk", fields={"jwk": "NOT_VALID"}) from error


def _proposed(uow: UnitOfWork, key_id: UUID) -> BankKey:
    uow.actor.require(PIN)
    key = _locked(uow, key_id)
    if key.state is not KeyState.PROPOSED:
        raise InvalidStateError(f"key {key_id} is {key.state}")
    return key


def _locked(uow: UnitOfWork, key_id: UUID) -> BankKey:
    key = uow.session.scalar(select(BankKey).where(BankKey.id == key_id).with_for_update())
    if key is None:
        raise NotFoundError(f"bank key {key_id}")
    return key


def _active(uow: UnitOfWork, bank_id: str, use: KeyPurpose) -> list[BankKey]:
    query = select(BankKey).where(
        BankKey.bank_id == bank_id, BankKey.use == use, BankKey.state == KeyState.ACTIVE
    )
    return list(uow.session.scalars(query.with_for_update()))


def _note(uow: UnitOfWork, action: str, key: BankKey) -> None:
    uow.session.flush()
    audit.record(
        uow, action, object_type="bank_key", object_id=key.id, bank_id=key.bank_id, kid=key.kid
    )
