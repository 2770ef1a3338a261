"""Machine clients of banks: one person proposes, another at the centre admits; tokens of theirs."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from yidaitong import audit
from yidaitong.accounts.models import SessionKind, UserSession
from yidaitong.accounts.roles import MACHINE_PERMISSIONS
from yidaitong.accounts.sessions import TOKEN_BYTES, Visitor, token_hash
from yidaitong.banks.commands import ProposeClient
from yidaitong.banks.models import ApiClient, Bank, BankKey, ClientState, KeyPurpose, KeyState
from yidaitong.banks.registering import two_persons
from yidaitong.kernel.actor import Actor, AuthLevel, Realm
from yidaitong.kernel.errors import InvalidRequestError, InvalidStateError, NotFoundError
from yidaitong.kernel.uow import UnitOfWork

READ: Final = "api_client.read"
PROPOSE: Final = "api_client.propose"
ADMIT: Final = "api_client.admit"
TOKEN_LIFE: Final = timedelta(minutes=10)


def propose(uow: UnitOfWork, command: ProposeClient) -> ApiClient:
    """Put a machine forward with one key of its bank; a bank only its own.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such bank, or somebody else's.
        InvalidRequestError: no key of this bank for messages, or a permission no machine has.
    """
    uow.actor.require(PROPOSE)
    own = uow.actor.realm is not Realm.BANK or uow.actor.bank_id == command.bank_id
    if not own or uow.session.get(Bank, command.bank_id) is None:
        raise NotFoundError(f"bank {command.bank_id}")
    wanted = sorted(set(command.permissions))
    if not wanted or not MACHINE_PERMISSIONS.keys() >= set(wanted):
        raise InvalidRequestError("permissions", fields={"permissions": "NOT_VALID"})
    if command.kid not in {key.kid for key in message_keys(uow, command.bank_id)}:
        raise InvalidRequestError("kid", fields={"kid": "NOT_VALID"})
    client = ApiClient(
        bank_id=command.bank_id,
        name=command.name,
        permissions=wanted,
        kid=command.kid,
        maker_person_id=uow.actor.person_id,
        proposed_at=uow.now,
    )
    uow.session.add(client)
    _note(uow, "api_client.propose", client)
    return client


def propose_again(uow: UnitOfWork, client_id: UUID) -> ApiClient:
    """Put a suspended machine forward again; it serves nothing before it is admitted again.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such client, or somebody else's.
        InvalidStateError: it is not suspended.
    """
    uow.actor.require(PROPOSE)
    client = _in_state(uow, client_id, ClientState.SUSPENDED)
    client.state = ClientState.PROPOSED
    client.maker_person_id = uow.actor.person_id
    client.checker_person_id = None
    client.proposed_at = uow.now
    _note(uow, "api_client.propose", client)
    return client


def admit(uow: UnitOfWork, client_id: UUID) -> ApiClient:
    """Let a proposed machine ask for tokens.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such client.
        InvalidStateError: it waits for no decision.
        FourEyesError: the same person proposed it.
    """
    uow.actor.require(ADMIT)
    client = _in_state(uow, client_id, ClientState.PROPOSED)
    client.checker_person_id = two_persons(uow, client.maker_person_id)
    client.state = ClientState.ACTIVE
    client.admitted_at = uow.clock()
    _note(uow, "api_client.admit", client)
    return client


def refuse(uow: UnitOfWork, client_id: UUID) -> None:
    """Turn a proposed machine down.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such client.
        InvalidStateError: it waits for no decision.
    """
    uow.actor.require(ADMIT)
    client = _in_state(uow, client_id, ClientState.PROPOSED)
    client.state = ClientState.REFUSED
    client.checker_person_id = uow.actor.person_id
    _note(uow, "api_client.refuse", client)


def suspend(uow: UnitOfWork, client_id: UUID) -> None:
    """Stop a machine at once, its open tokens with it; one person is enough to stop.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such client, or somebody else's.
        InvalidStateError: it is not in use.
    """
    uow.actor.require(PROPOSE if uow.actor.realm is Realm.BANK else ADMIT)
    client = _in_state(uow, client_id, ClientState.ACTIVE)
    client.state = ClientState.SUSPENDED
    client.suspended_at = uow.clock()
    _note(uow, "api_client.suspend", client)


def clients_of(uow: UnitOfWork, bank_id: str | None = None) -> list[ApiClient]:
    """Machines the actor may see, of one bank or of all, newest first.

    Raises:
        ForbiddenError: the actor may not.
    """
    uow.actor.require(READ)
    query = select(ApiClient).order_by(ApiClient.id.desc())
    if uow.actor.realm is Realm.BANK:
        query = query.where(ApiClient.bank_id == uow.actor.bank_id)
    if bank_id is not None:
        query = query.where(ApiClient.bank_id == bank_id)
    return list(uow.session.scalars(query))


def message_keys(uow: UnitOfWork, bank_id: str) -> Sequence[BankKey]:
    """The keys a bank's messages may be signed with, newest first."""
    query = select(BankKey).where(
        BankKey.bank_id == bank_id,
        BankKey.use == KeyPurpose.MSG,
        BankKey.state == KeyState.ACTIVE,
    )
    return uow.session.scalars(query.order_by(BankKey.id.desc())).all()


def open_token(uow: UnitOfWork, client: ApiClient, scope: Sequence[str]) -> str:
    """A token of ten minutes, shown once and kept hashed; call it as the system."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    ends_at = uow.now + TOKEN_LIFE
    session = UserSession(
        account_id=None,
        client_id=client.id,
        org_id=client.bank_id,
        kind=SessionKind.BEARER,
        token_sha256=token_hash(token),
        started_at=uow.now,
        seen_at=uow.now,
        idle_ends_at=ends_at,
        ends_at=ends_at,
        msg_kid=client.kid,
        scope=list(scope),
    )
    uow.session.add(session)
    uow.session.flush()
    audit.record(
        uow,
        "session.open",
        object_type="session",
        object_id=session.id,
        client_id=client.id,
        org_id=client.bank_id,
    )
    return token


def visitor_of(uow: UnitOfWork, token: str) -> Visitor | None:
    """The machine that holds ``token``, or None: unknown, ended, suspended. As the system."""
    found = uow.session.execute(
        select(UserSession, ApiClient, Bank)
        .join(ApiClient, ApiClient.id == UserSession.client_id)
        .join(Bank, Bank.id == ApiClient.bank_id)
        .where(
            UserSession.token_sha256 == token_hash(token),
            UserSession.kind == SessionKind.BEARER,
            UserSession.revoked_at.is_(None),
            UserSession.ends_at > func.clock_timestamp(),
            UserSession.msg_kid == ApiClient.kid,
            ApiClient.state == ClientState.ACTIVE,
        )
    ).one_or_none()
    if found is None:
        return None
    session, client, bank = found
    actor = Actor(
        realm=Realm.BANK,
        org_id=client.bank_id,
        session_id=session.id,
        client_id=client.id,
        permissions=frozenset(client.permissions) & frozenset(session.scope or ()),
        auth_level=AuthLevel.SESSION,
        trace_id=uow.actor.trace_id,
    )
    return Visitor(actor, client.name, bank.name_zh, (), client.kid)


def _in_state(uow: UnitOfWork, client_id: UUID, state: ClientState) -> ApiClient:
    query = select(ApiClient).where(ApiClient.id == client_id)
    if uow.actor.realm is Realm.BANK:
        query = query.where(ApiClient.bank_id == uow.actor.bank_id)
    client = uow.session.scalar(query.with_for_update())
    if client is None:
        raise NotFoundError(f"client {client_id}")
    if client.state is not state:
        raise InvalidStateError(f"client {client_id} is {client.state}")
    return client


def _note(uow: UnitOfWork, action: str, client: ApiClient) -> None:
    uow.session.flush()
    audit.record(
        uow,
        action,
        object_type="api_client",
        object_id=client.id,
        bank_id=client.bank_id,
        kid=client.kid,
    )
