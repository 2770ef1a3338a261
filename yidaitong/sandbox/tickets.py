"""Pull tickets as a department checks them: ours, for this request, in time, and once."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any, Final

from consent.artefact import parse_at
from consent.errors import InvalidArtefactError
from consent.events import sha256_b64u
from yidaitong.departments.wire import MAX_TICKET_BYTES, TICKET_TYP, TICKET_VERSION
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import KeySet
from yidaitong.kernel.crypto.uses import KeyUse
from yidaitong.kernel.strictjson import StrictJsonError, parse_object
from yidaitong.sandbox.keys import platform_keys

# Nobody needs a ticket for longer, so a longer one is not ours in spirit.
LONGEST: Final = timedelta(seconds=60)
_MEMBERS: Final = frozenset(
    {
        "v",
        "digest",
        "pull",
        "line",
        "attempt",
        "department",
        "resources",
        "request_sha256",
        "nonce",
        "not_after",
    }
)


class TicketRefusedError(Exception):
    """The ticket does not allow this request; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class TicketDesk:
    """Checks tickets against the platform's published keys and remembers the used ones.

    Used numbers are kept until their ticket is over; then its time refuses it.
    """

    platform_file: Path
    _used: dict[str, datetime] = field(default_factory=dict, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def admit(self, ticket: str, resource: str, body: bytes, now: datetime) -> dict[str, Any]:
        """What the ticket says; it is used up.

        Raises:
            TicketRefusedError: TICKET_MISSING, _SIGNATURE, _FORM, _LATE, _RESOURCE, _REQUEST or
                _USED.
        """
        if not ticket:
            raise TicketRefusedError("TICKET_MISSING")
        claims = self._claims(ticket, now)
        not_after = _time(claims)
        if not now < not_after <= now + LONGEST:  # No leeway.
            raise TicketRefusedError("TICKET_LATE")
        if claims["department"] != resource.partition(".")[0] or claims["resources"] != [resource]:
            raise TicketRefusedError("TICKET_RESOURCE")
        if claims["request_sha256"] != sha256_b64u(body):
            raise TicketRefusedError("TICKET_REQUEST")
        self._use(str(claims["nonce"]), not_after, now)
        return claims

    def _claims(self, ticket: str, now: datetime) -> dict[str, Any]:
        try:
            verified = jws.verify(
                ticket, typ=TICKET_TYP, keys=self._keys(now), max_bytes=MAX_TICKET_BYTES
            )
            claims = parse_object(verified.payload, max_bytes=MAX_TICKET_BYTES)
        except JoseError:
            raise TicketRefusedError("TICKET_SIGNATURE") from None
        except StrictJsonError:
            raise TicketRefusedError("TICKET_FORM") from None
        if claims.keys() != _MEMBERS or claims["v"] != TICKET_VERSION:
            raise TicketRefusedError("TICKET_FORM")
        return claims

    def _keys(self, now: datetime) -> KeySet:
        """The platform's ticket keys; another key of the platform signs no ticket."""
        try:
            return platform_keys(self.platform_file, KeyUse.TICKET, now)
        except OSError:
            raise TicketRefusedError("TICKET_SIGNATURE") from None

    def _use(self, nonce: str, not_after: datetime, now: datetime) -> None:
        with self._lock:
            for old in [one for one, ends in self._used.items() if ends <= now]:
                del self._used[old]
            if nonce in self._used:
                raise TicketRefusedError("TICKET_USED")
            self._used[nonce] = not_after


def _time(claims: dict[str, Any]) -> datetime:
    try:
        return parse_at(str(claims["not_after"]))
    except InvalidArtefactError:
        raise TicketRefusedError("TICKET_FORM") from None
