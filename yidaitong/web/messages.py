"""Signed calls: what came over the wire, put together for the check, once a request.

The bank's API takes nothing else (GET too); under the rest of ``/api/`` whoever signs is checked,
and a token that is bound to a key is worth nothing in a call that key did not sign.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from flask import Flask, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from yidaitong.banks import messages
from yidaitong.banks.errors import ReplayDetectedError
from yidaitong.banks.messages import Message, Received
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto import httpsig
from yidaitong.kernel.crypto.errors import SignatureInvalidError
from yidaitong.kernel.errors import DomainError
from yidaitong.web.state import is_api, runtime, trace_id

BANK_API: Final = "/api/bank/"
INPUT: Final = "Signature-Input"
SIGNATURE: Final = "Signature"
DIGEST: Final = "Content-Digest"
# How many seconds the sender's clock is ahead, where it is taken all the same.
WARNING: Final = "Ydt-Clock-Warning"
# Covered wherever they are sent: what each of them says must be the signer's word.
_BOUND: Final = ("authorization", "content-digest", "idempotency-key")
_MAX_TARGET: Final = 4096
_MAX_HEADER: Final = 512
_BEARER: Final = "Bearer "
MAX_TOKEN: Final = 256


@dataclass(frozen=True, slots=True)
class _Checked:
    """What became of this request's message: taken, refused, or none was needed."""

    received: Received | None = None
    refusal: DomainError | HTTPException | None = None


def init_messages(app: Flask) -> None:
    """Refuse what is not signed as it has to be, before anything else of the request is read."""

    def refuse() -> None:
        refusal = _checked().refusal
        if refusal is not None:
            raise refusal

    def warn(answer: Response) -> Response:
        found = g.get("message")
        if isinstance(found, _Checked) and found.received is not None and found.received.ahead:
            answer.headers[WARNING] = str(found.received.ahead)
        return answer

    app.before_request(refuse)
    app.after_request(warn)


def received() -> Received | None:
    """The signed message of this request; None where it was not signed, or was refused."""
    return _checked().received


def is_signed_call() -> bool:
    """Whether this request has to be a signed message, or says it is one."""
    return request.path.startswith(BANK_API) or (is_api() and INPUT in request.headers)


def is_replay() -> bool:
    """Whether this request is a copy: it is told so however many there are."""
    return isinstance(_checked().refusal, ReplayDetectedError)


def bearer() -> str | None:
    """The token of this request, None without one."""
    header = request.headers.get("Authorization", "")
    token = header.removeprefix(_BEARER).strip()
    return token if header.startswith(_BEARER) and 0 < len(token) <= MAX_TOKEN else None


def _checked() -> _Checked:
    if not is_signed_call():
        return _Checked()
    if "message" not in g:
        g.message = _check()
    found = g.message
    return found if isinstance(found, _Checked) else _Checked()


def _check() -> _Checked:
    try:
        message = _message()
        with runtime().transaction(replace(SYSTEM, trace_id=trace_id())) as uow:
            return _Checked(received=messages.receive(uow, message))
    except (DomainError, HTTPException) as refusal:
        # Kept, not raised: who asks who is signed in while this is told must not hear it again.
        return _Checked(refusal=refusal)


def _message() -> Message:
    """The message as its sender signed it.

    Raises:
        SignatureInvalidError: unsigned, outside the profile, or a part is missing from it.
    """
    headers = request.headers
    signed = httpsig.read(headers.get(INPUT, ""), headers.get(SIGNATURE, ""))
    body = request.get_data(cache=True)
    needed = {httpsig.METHOD, httpsig.TARGET, *(one for one in _BOUND if one in headers)}
    if request.path.startswith(BANK_API):
        needed.add("authorization")
    if body or DIGEST in headers:
        needed.add("content-digest")
        httpsig.check_digest(headers.get(DIGEST, ""), body)
    if not needed.issubset(signed.components):
        raise SignatureInvalidError("a component is not covered")
    values = {httpsig.METHOD: request.method, httpsig.TARGET: _target()}
    values |= {name: _field(name) for name in signed.components if not name.startswith("@")}
    return Message(signed=signed, values=values, token=bearer())


def _target() -> str:
    """The full address as the sender wrote it: our public origin, the path and query on the wire.

    The host header is the sender's word and plays no part.
    """
    environ: dict[str, Any] = request.environ
    raw = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "")
    if not raw.startswith("/") or len(raw) > _MAX_TARGET or "#" in raw:
        raise SignatureInvalidError("no path on the wire")
    return f"{runtime().settings.base_url.rstrip('/')}{raw}"


def _field(name: str) -> str:
    value = request.headers.get(name)
    if value is None or len(value) > _MAX_HEADER:
        raise SignatureInvalidError(f"header {name}")
    return value.strip(" \t")
