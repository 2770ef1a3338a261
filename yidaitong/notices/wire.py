"""What travels: the signed notice, and the signed answer over its hash. Ids and times, no data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from consent.events import canonical, iso, sha256_b64u
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import PublicKey
from yidaitong.kernel.strictjson import StrictJsonError, parse_object

# Wire format: append only.
NOTICE_VERSION: Final = "ydt-notice/1"
ACK_VERSION: Final = "ydt-notice-ack/1"
NOTICE_TYP: Final = "ydt-notice+jws"
ACK_TYP: Final = "ydt-notice-ack+jws"
MEDIA: Final = "application/jose"
MEMBERS: Final = frozenset(
    {
        "v",
        "notice_id",
        "to",
        "event",
        "consent_id",
        "chain_id",
        "digest",
        "effective_at",
        "entry_id",
        "event_id",
        "must_ack",
    }
)
_ACK_MEMBERS: Final = frozenset({"v", "notice_id", "notice_sha256", "at"})

MAX_NOTICE_BYTES: Final = 4096
MAX_ACK_BYTES: Final = 4096
_JOSE_PROBLEMS: Final = {"jws.key": "ACK_KEY", "jws.signature": "ACK_SIGNATURE"}


class AckRefusedError(Exception):
    """The answer acknowledges nothing; ``problem`` is a code."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a notice says."""

    notice_id: UUID
    to: str
    event: str
    consent_id: UUID
    chain_id: UUID
    digest: str
    effective_at: datetime
    entry_id: int
    event_id: UUID
    must_ack: bool


def notice_payload(message: Message) -> bytes:
    """The exact bytes (RFC 8785) we sign."""
    return canonical(
        {
            "v": NOTICE_VERSION,
            "notice_id": str(message.notice_id),
            "to": message.to,
            "event": message.event,
            "consent_id": str(message.consent_id),
            "chain_id": str(message.chain_id),
            "digest": message.digest,
            "effective_at": iso(message.effective_at),
            "entry_id": message.entry_id,
            "event_id": str(message.event_id),
            "must_ack": message.must_ack,
        }
    )


def notice_sha256(text: str) -> str:
    """The hash an answer names: over the whole compact JWS."""
    return sha256_b64u(text.encode("ascii"))


def ack_payload(notice_id: str, sha256: str, at: datetime) -> bytes:
    """The exact bytes a receiver signs."""
    body = {"v": ACK_VERSION, "notice_id": notice_id, "notice_sha256": sha256, "at": iso(at)}
    return canonical(body)


def check_ack(text: str, notice_id: UUID, sha256: str, keys: Mapping[str, PublicKey]) -> None:
    """Accept an answer over this very notice by one of ``keys``.

    Raises:
        AckRefusedError: ACK_KEY, ACK_SIGNATURE, ACK_FORM or ACK_OTHER (another notice or hash).
    """
    try:
        verified = jws.verify(text, typ=ACK_TYP, keys=keys, max_bytes=MAX_ACK_BYTES)
        body: Mapping[str, Any] = parse_object(verified.payload, max_bytes=MAX_ACK_BYTES)
    except JoseError as error:
        raise AckRefusedError(_JOSE_PROBLEMS.get(error.reason, "ACK_FORM")) from None
    except StrictJsonError:
        raise AckRefusedError("ACK_FORM") from None
    if body.keys() != _ACK_MEMBERS or body["v"] != ACK_VERSION:
        raise AckRefusedError("ACK_FORM")
    if body["notice_id"] != str(notice_id) or body["notice_sha256"] != sha256:
        raise AckRefusedError("ACK_OTHER")
