"""Checking one answer, in this order: signature, form, request, subject, schema, freshness."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import structlog

from consent.events import sha256_b64u
from yidaitong.departments import forms
from yidaitong.departments.answers import Answer, Outcome
from yidaitong.departments.reading import Why
from yidaitong.departments.registry import RESOURCES
from yidaitong.departments.schema import schema_problem
from yidaitong.departments.wire import Envelope, Order, WireError
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import PublicKey
from yidaitong.kernel.strictjson import StrictJsonError

_log = structlog.get_logger(__name__)

CLOCK_SKEW: Final = timedelta(seconds=60)
_WITH_ITEMS: Final = frozenset({Outcome.DATA, Outcome.PARTIAL, Outcome.STALE})
_UNSIGNED: Final = "UNSIGNED"
_BAD_SIGNATURE: Final = "BAD_SIGNATURE"
_BAD_DISCLOSURE: Final = "BAD_DISCLOSURE"
_JOSE_PROBLEMS: Final = {
    "jws.format": _UNSIGNED,
    "jws.key": "WRONG_KEY",
    "size": "TOO_LARGE",
    "sdjwt.format": _UNSIGNED,
    "sdjwt.payload": "BAD_JSON",
    "sdjwt.alg": _BAD_DISCLOSURE,
    "sdjwt.disclosure": _BAD_DISCLOSURE,
    "sdjwt.digest": _BAD_DISCLOSURE,
    "sdjwt.claim": _BAD_DISCLOSURE,
    "sdjwt.binding": _BAD_DISCLOSURE,
}


class AnswerRefusedError(Exception):
    """The answer must not be used; ``problem`` is a code, ``why`` what items depend on it say."""

    def __init__(self, problem: str, why: Why = Why.BAD_ANSWER) -> None:
        super().__init__(problem)
        self.problem = problem
        self.why = why


def check(order: Order, body: bytes, keys: Mapping[str, PublicKey], at: datetime) -> Answer:
    """The answer in ``body``, if everything about it is right; ``keys`` are the department's.

    Raises:
        AnswerRefusedError: something is not; nothing of the answer is used.
    """
    text, opened = _opened(order, body, keys)
    envelope = opened.envelope
    if opened.missing:
        raise AnswerRefusedError(_BAD_DISCLOSURE)
    _check_asked(order, envelope)
    _check_items(order, envelope)
    _check_fresh(envelope, at)
    return Answer(
        outcome=envelope.outcome,
        as_of=envelope.as_of,
        produced_at=envelope.produced_at,
        items=envelope.items,
        serial=envelope.serial,
        jws=text,
        sha256=sha256_b64u(body),
    )


def refused(body: bytes, error: AnswerRefusedError) -> Answer:
    """What is kept of an answer that was refused: its hash, for the incident, and no content."""
    mismatch = error.why is Why.MISMATCH
    return Answer(
        outcome=Outcome.SUBJECT_MISMATCH if mismatch else Outcome.UNAVAILABLE,
        as_of=None,
        items={},
        sha256=sha256_b64u(body),
        why=error.why.value,
    )


def _opened(order: Order, body: bytes, keys: Mapping[str, PublicKey]) -> tuple[str, forms.Opened]:
    """The answer in the form its resource has in the catalogue, and in no other."""
    try:
        text = body.decode("ascii")
        return text, forms.verify(text, RESOURCES[order.resource].answer_form, keys)
    except UnicodeDecodeError:
        raise AnswerRefusedError(_UNSIGNED) from None
    except JoseError as error:
        problem = _JOSE_PROBLEMS.get(error.reason, _BAD_SIGNATURE)
        raise AnswerRefusedError(problem) from None
    except (StrictJsonError, WireError) as error:
        # The reason is one of our own words, never text of the answer.
        _log.warning("answer.malformed", line=str(order.line_id), reason=str(error))
        raise AnswerRefusedError("BAD_JSON") from None


def _check_asked(order: Order, envelope: Envelope) -> None:
    if envelope.request_sha256 != order.request_sha256 or envelope.resource != order.resource:
        raise AnswerRefusedError("WRONG_REQUEST")
    # A code of any other type is not this firm's either.
    codes = (envelope.subject_code, envelope.items.get("uscc", order.uscc))
    if any(code != order.uscc for code in codes):
        raise AnswerRefusedError("WRONG_SUBJECT", Why.MISMATCH)


def _check_items(order: Order, envelope: Envelope) -> None:
    """More than was asked is a breach of the consent, not a gift, save what must come beside."""
    if envelope.outcome in _WITH_ITEMS:
        allowed = {*order.fields, *RESOURCES[order.resource].beside(order.fields)}
        if not envelope.items.keys() <= allowed:
            raise AnswerRefusedError("UNASKED_FIELDS")
    elif envelope.items:
        raise AnswerRefusedError("BAD_SCHEMA")
    problem = schema_problem(order.resource, envelope.items)
    if problem is not None:
        _log.warning("answer.schema", line=str(order.line_id), field=problem)
        raise AnswerRefusedError("BAD_SCHEMA")


def _check_fresh(envelope: Envelope, at: datetime) -> None:
    """Made for this call and not true before its time; its age is judged item by item."""
    produced = envelope.produced_at
    now_or_so = at - CLOCK_SKEW <= produced <= at + CLOCK_SKEW
    if not now_or_so or envelope.as_of > business_date(produced):
        raise AnswerRefusedError("NOT_FRESH")
