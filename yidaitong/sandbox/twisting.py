"""How a fault twists an answer: its meaning, its signed bytes, or its signature."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from consent.encoding import b64u, b64u_decode
from yidaitong.departments import forms
from yidaitong.departments.answers import Outcome
from yidaitong.departments.registry import DEPARTMENTS, RESOURCES
from yidaitong.departments.wire import Envelope
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.keys import PrivateKey, generate
from yidaitong.sandbox.faults import FaultKind
from yidaitong.sandbox.keys import AnswerKeys

_DEEP: Final = 100_000
_YEAR: Final = timedelta(days=365)
_OTHER_FIRM: Final = "91370199MA3XMPL129"


def _says(outcome: Outcome, envelope: Envelope) -> Envelope:
    return replace(envelope, outcome=outcome, items={})


def _stale(envelope: Envelope) -> Envelope:
    if envelope.outcome is not Outcome.DATA:
        return envelope
    return replace(envelope, outcome=Outcome.STALE, as_of=envelope.as_of - _YEAR)


def _partial(envelope: Envelope) -> Envelope:
    """Half of every list."""
    if envelope.outcome is not Outcome.DATA:
        return envelope
    items = {
        name: value[: len(value) // 2] if isinstance(value, list) else value
        for name, value in envelope.items.items()
    }
    return replace(envelope, outcome=Outcome.PARTIAL, items=items)


def _wrong_resource(envelope: Envelope) -> Envelope:
    others = DEPARTMENTS[RESOURCES[envelope.resource].department].resources
    other = next(one.code for one in others if one.code != envelope.resource)
    return replace(envelope, resource=other)


def _bad_schema(envelope: Envelope) -> Envelope:
    first = RESOURCES[envelope.resource].fields[0]
    items = {**envelope.items, first.name: {"not": "this"}}
    return replace(envelope, outcome=Outcome.DATA, items=items)


def _unasked(envelope: Envelope) -> Envelope:
    """Gives a field away that nobody asked for."""
    spare = (one for one in RESOURCES[envelope.resource].fields if one.name not in envelope.items)
    extra = next(spare, None)
    if extra is None:
        return envelope
    return replace(envelope, outcome=Outcome.DATA, items={**envelope.items, extra.name: None})


MEANINGS: Final[dict[FaultKind, Callable[[Envelope], Envelope]]] = {
    FaultKind.WRONG_ENTERPRISE: lambda one: replace(one, subject_code=_OTHER_FIRM),
    FaultKind.WRONG_REQUEST: lambda one: replace(one, request_sha256="A" * 43),
    FaultKind.WRONG_RESOURCE: _wrong_resource,
    FaultKind.BAD_SCHEMA: _bad_schema,
    FaultKind.UNASKED: _unasked,
    FaultKind.OLD: lambda one: replace(one, produced_at=one.produced_at - timedelta(hours=1)),
    FaultKind.STALE: _stale,
    FaultKind.PARTIAL: _partial,
    FaultKind.UNAVAILABLE: lambda one: _says(Outcome.UNAVAILABLE, one),
    FaultKind.RATE_LIMITED: lambda one: _says(Outcome.RATE_LIMITED, one),
    FaultKind.NOT_AUTHORISED: lambda one: _says(Outcome.NOT_AUTHORISED, one),
    FaultKind.SUBJECT_MISMATCH: lambda one: _says(Outcome.SUBJECT_MISMATCH, one),
}


def _with_items(payload: bytes, items: bytes) -> bytes:
    """The envelope with other bytes for its items: what no JSON writer would write."""
    body = json.loads(payload)
    body["items"] = "\x00here"
    written = json.dumps(body, ensure_ascii=False).encode()
    return written.replace(b'"\\u0000here"', items)


BYTES: Final[dict[FaultKind, Callable[[bytes], bytes]]] = {
    FaultKind.TRUNCATED_JSON: lambda raw: raw[: len(raw) // 2],
    FaultKind.DEEP_JSON: lambda raw: _with_items(raw, b"[" * _DEEP + b"]" * _DEEP),
    FaultKind.ODD_NUMBER: lambda raw: _with_items(raw, b'{"number": 1e999}'),
    FaultKind.NAN: lambda raw: _with_items(raw, b'{"number": NaN}'),
    FaultKind.DUPLICATE_KEYS: lambda raw: _with_items(raw, b'{"name": "one", "name": "two"}'),
    FaultKind.SURROGATE: lambda raw: _with_items(raw, b'{"name": "\\ud800"}'),
    FaultKind.WRONG_CHARSET: lambda raw: raw.decode().encode("utf-16"),
}


def _alg_none(typ: str, payload: bytes) -> str:
    header = json.dumps({"alg": "none", "kid": "", "typ": typ}).encode()
    return f"{b64u(header)}.{b64u(payload)}."


def _damaged(text: str) -> str:
    head, _, signature = text.rpartition(".")
    raw = bytearray(b64u_decode(signature))
    raw[0] ^= 1
    return f"{head}.{b64u(bytes(raw))}"


def _stranger(typ: str, payload: bytes) -> str:
    return jws.sign(PrivateKey.read(generate("Ed25519")), typ, payload)


def answer_text(keys: AnswerKeys, envelope: Envelope, kind: FaultKind | None) -> str:
    """The signed answer, twisted if ``kind`` says so."""
    asked = RESOURCES[envelope.resource]
    if kind in MEANINGS:
        envelope = MEANINGS[kind](envelope)
    written = forms.write(envelope, asked.answer_form)
    payload = BYTES[kind](written.payload) if kind in BYTES else written.payload
    if kind is FaultKind.UNSIGNED:
        return written.around(payload.decode())
    return written.around(_signed(keys, asked.department, (written.typ, payload), kind))


def _signed(
    keys: AnswerKeys, department: str, said: tuple[str, bytes], kind: FaultKind | None
) -> str:
    match kind:
        case FaultKind.ALG_NONE:
            return _alg_none(*said)
        case FaultKind.WRONG_KEY:
            return _stranger(*said)
        case FaultKind.OTHER_DEPARTMENT:
            other = next(code for code in DEPARTMENTS if code != department)
            return keys.sign(other, *said)
        case FaultKind.BAD_SIGNATURE:
            return _damaged(keys.sign(department, *said))
        case _:
            return keys.sign(department, *said)
