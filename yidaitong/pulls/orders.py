"""What a recipient asks for: the request, its hash, and whether it was made before."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import select

from consent.events import canonical, sha256_b64u
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.errors import InvalidRequestError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls.errors import IdempotencyConflictError, InvalidDateRangeError
from yidaitong.pulls.models import Pull

START: Final = "pull.start"
# The platform acting on a bank's standing order.
_SYSTEM_CLIENT: Final = "system"
_KEY = re.compile(r"[\x21-\x7e]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class PullOrder:
    """Ask for data under one consent.

    ``resources`` None means all that were consented; ``from_on`` and ``to_on`` (ISO dates,
    half-open) narrow the consented range. ``digest`` and ``purpose``, where given, must be those
    of the consent. ``operator_id`` is the bank's person, None for a standing order.
    """

    chain_id: UUID
    idempotency_key: str
    resources: tuple[str, ...] | None = None
    operator_id: UUID | None = None
    digest: str | None = None
    purpose: str | None = None
    from_on: str | None = None
    to_on: str | None = None

    @property
    def body_sha256(self) -> str:
        """Hash of what is asked; who pressed the button is no part of it."""
        resources = None if self.resources is None else sorted(self.resources)
        return sha256_b64u(
            canonical(
                {
                    "chain_id": str(self.chain_id),
                    "resources": resources,
                    "digest": self.digest,
                    "purpose": self.purpose,
                    "from_on": self.from_on,
                    "to_on": self.to_on,
                }
            )
        )

    def check_form(self) -> None:
        """Refuse what cannot be a request at all.

        Raises:
            InvalidRequestError: the key is malformed, or resources are none or named twice.
            InvalidDateRangeError: a date is none.
        """
        if _KEY.fullmatch(self.idempotency_key) is None:
            raise InvalidRequestError("key", fields={"idempotency_key": "MALFORMED"})
        asked = self.resources
        if asked is not None and (not asked or len(set(asked)) != len(asked)):
            raise InvalidRequestError("resources", fields={"resources": "MALFORMED"})
        for name, day in (("from_on", self.from_on), ("to_on", self.to_on)):
            if day is not None and not _is_day(day):
                raise InvalidDateRangeError(name, fields={name: "MALFORMED"})


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def client_of(uow: UnitOfWork) -> str:
    """Whose idempotency keys these are."""
    if uow.actor.realm is Realm.SYSTEM or uow.actor.org_id is None:
        return _SYSTEM_CLIENT
    return uow.actor.org_id


def known(uow: UnitOfWork, order: PullOrder) -> Pull | None:
    """The pull this client's key made before, None where the key is new.

    Raises:
        IdempotencyConflictError: the key made another request.
    """
    found = uow.session.scalar(
        select(Pull)
        .where(Pull.client == client_of(uow), Pull.idempotency_key == order.idempotency_key)
        .execution_options(populate_existing=True)
    )
    if found is not None and found.body_sha256 != order.body_sha256:
        raise IdempotencyConflictError(f"pull {found.id}")
    return found
