"""Callback addresses of banks: one person proposes, another at the centre puts into use."""

import re
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select

from yidaitong import audit
from yidaitong.banks.models import Bank
from yidaitong.banks.registering import two_persons
from yidaitong.departments.addresses import AddressRefusedError, Resolver, SlowNameError
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.errors import InvalidRequestError, InvalidStateError, NotFoundError
from yidaitong.kernel.settings import Settings
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices.commands import ProposeEndpoint
from yidaitong.notices.lifecycle import EndpointState
from yidaitong.notices.models import CallbackEndpoint
from yidaitong.notices.resending import wake

READ: Final = "callback.read"
PROPOSE: Final = "callback.propose"
PIN: Final = "callback.pin"
MAX_URL: Final = 300
# Printable ASCII without spaces, quotes, backslashes: nothing a parser reads in two ways.
_PLAIN: Final = re.compile(r"[!#-\[\]-~]{1,300}", re.ASCII)
_PORTS: Final = {"http": 80, "https": 443}
_SECONDS: Final = 2.0


def checked(settings: Settings, bank_id: str, url: str) -> ProposeEndpoint:
    """The command for an address we would call: https, in the open internet, without a login.

    Asks the name service, so call it with no transaction open. The address is checked again at
    every call.

    Raises:
        InvalidRequestError: we would not.
    """
    problem = _problem(settings, url)
    if problem is not None:
        raise InvalidRequestError("url", fields={"url": problem})
    return ProposeEndpoint(bank_id=bank_id, url=url)


def propose(uow: UnitOfWork, command: ProposeEndpoint) -> CallbackEndpoint:
    """Put an address forward; a bank only its own. Nothing is sent there before it is pinned.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such bank, or somebody else's.
    """
    uow.actor.require(PROPOSE)
    own = uow.actor.realm is not Realm.BANK or uow.actor.bank_id == command.bank_id
    if not own or uow.session.get(Bank, command.bank_id) is None:
        raise NotFoundError(f"bank {command.bank_id}")
    endpoint = CallbackEndpoint(
        bank_id=command.bank_id,
        url=command.url,
        maker_person_id=uow.actor.person_id,
        proposed_at=uow.now,
    )
    uow.session.add(endpoint)
    _note(uow, "callback.propose", endpoint)
    return endpoint


def pin(uow: UnitOfWork, endpoint_id: UUID) -> CallbackEndpoint:
    """Put a proposed address into use; the one before it retires, and what waits goes out.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such address.
        InvalidStateError: it waits for no decision.
        FourEyesError: the same person proposed it.
    """
    endpoint = _proposed(uow, endpoint_id)
    person_id = two_persons(uow, endpoint.maker_person_id)
    at = uow.clock()
    old = _active(uow, endpoint.bank_id)
    if old is not None:
        old.state = EndpointState.RETIRED
        old.to_at = at
        uow.session.flush()  # One active address: the old one leaves first.
    endpoint.state = EndpointState.ACTIVE
    endpoint.checker_person_id = person_id
    endpoint.from_at = at
    _note(uow, "callback.pin", endpoint)
    wake(uow, endpoint.bank_id)
    return endpoint


def refuse(uow: UnitOfWork, endpoint_id: UUID) -> None:
    """Turn a proposed address down.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such address.
        InvalidStateError: it waits for no decision.
    """
    endpoint = _proposed(uow, endpoint_id)
    endpoint.state = EndpointState.REFUSED
    endpoint.checker_person_id = uow.actor.person_id
    _note(uow, "callback.refuse", endpoint)


def revoke(uow: UnitOfWork, endpoint_id: UUID) -> None:
    """Send nothing there from now on; one person is enough to stop.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such address, or somebody else's.
        InvalidStateError: it is not in use.
    """
    uow.actor.require(PROPOSE if uow.actor.realm is Realm.BANK else PIN)
    endpoint = _locked(uow, endpoint_id)
    if endpoint.state is not EndpointState.ACTIVE:
        raise InvalidStateError(f"callback address {endpoint_id} is {endpoint.state}")
    endpoint.state = EndpointState.REVOKED
    endpoint.to_at = uow.clock()
    _note(uow, "callback.revoke", endpoint)


def _problem(settings: Settings, url: str) -> str | None:
    if _PLAIN.fullmatch(url) is None:
        return "PATTERN"
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return "PATTERN"
    if parts.scheme not in _PORTS or not parts.hostname or parts.fragment:
        return "PATTERN"
    if parts.username is not None or parts.password is not None:
        return "PATTERN"
    if parts.scheme == "http" and not settings.allow_private_addresses:
        return "NOT_HTTPS"
    return _unreachable(settings, parts.hostname, port)


def _unreachable(settings: Settings, host: str, port: int) -> str | None:
    resolver = Resolver(allow_private=settings.allow_private_addresses)
    try:
        resolver.addresses(host, port, _SECONDS)
    except (AddressRefusedError, SlowNameError):
        return "ADDRESS"
    finally:
        resolver.close()
    return None


def _proposed(uow: UnitOfWork, endpoint_id: UUID) -> CallbackEndpoint:
    uow.actor.require(PIN)
    endpoint = _locked(uow, endpoint_id)
    if endpoint.state is not EndpointState.PROPOSED:
        raise InvalidStateError(f"callback address {endpoint_id} is {endpoint.state}")
    return endpoint


def _locked(uow: UnitOfWork, endpoint_id: UUID) -> CallbackEndpoint:
    actor = uow.actor
    query = select(CallbackEndpoint).where(CallbackEndpoint.id == endpoint_id)
    if actor.realm is Realm.BANK:
        query = query.where(CallbackEndpoint.bank_id == actor.bank_id)
    endpoint = uow.session.scalar(query.with_for_update())
    if endpoint is None:
        raise NotFoundError(f"callback address {endpoint_id}")
    return endpoint


def _active(uow: UnitOfWork, bank_id: str) -> CallbackEndpoint | None:
    return uow.session.scalar(
        select(CallbackEndpoint)
        .where(CallbackEndpoint.bank_id == bank_id, CallbackEndpoint.state == EndpointState.ACTIVE)
        .with_for_update()
    )


def _note(uow: UnitOfWork, action: str, endpoint: CallbackEndpoint) -> None:
    uow.session.flush()
    audit.record(
        uow,
        action,
        object_type="callback_endpoint",
        object_id=endpoint.id,
        bank_id=endpoint.bank_id,
    )
