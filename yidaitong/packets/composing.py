"""Composing a packet: pure, from the artefact and what the lines of one pull brought.

Fields and items are filtered here, by the artefact: what it does not name is not in the packet,
whatever a department sent.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from consent.artefact import ConsentArtefact, Dataset
from consent.events import iso, sha256_b64u
from yidaitong.departments import forms
from yidaitong.departments.answers import Answer, Outcome
from yidaitong.departments.definitions import AnswerForm
from yidaitong.departments.items import Derived, derive
from yidaitong.departments.reading import Why
from yidaitong.kernel.clock import business_date
from yidaitong.packets.contents import released_items, released_names, usable
from yidaitong.pulls.lifecycle import LineStatus
from yidaitong.pulls.results import LineResult

# Wire format: append only.
VERSION: Final = "ydt-packet/1"
PACKET_TYP: Final = "ydt-packet+jws"
WITHHELD_REASON: Final = "BEYOND_CONSENT"
# The second hash of a packet's text in the leaf of a suite.
SUITE_HASH: Final[Mapping[str, str]] = {"sm": "packet_sm3"}

# What a line without a usable answer means to an item that needs it.
_SILENT: Mapping[LineStatus, tuple[Outcome, Why | None]] = {
    LineStatus.DENIED_BY_SOURCE: (Outcome.NOT_AUTHORISED, None),
    LineStatus.TIMEOUT: (Outcome.UNAVAILABLE, None),
    LineStatus.FAILED: (Outcome.UNAVAILABLE, Why.BAD_ANSWER),
    LineStatus.EXCLUDED_BY_SUBJECT: (Outcome.NOT_AUTHORISED, None),
    LineStatus.UNSUPPORTED: (Outcome.UNAVAILABLE, None),
}
_WHYS = frozenset(why.value for why in Why)
_GAVE = frozenset({LineStatus.DELIVERED, LineStatus.NO_DATA})
_DENIALS = frozenset(
    {Outcome.NOT_AUTHORISED, Outcome.SUBJECT_MISMATCH, Outcome.RATE_LIMITED, Outcome.UNAVAILABLE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything one packet is made of.

    ``uscc`` is the firm asked about, also when a person's own consent is the basis (``personal``).
    """

    packet_id: UUID
    issuer: str
    artefact: ConsentArtefact
    artefact_sha256: str
    pull_id: UUID
    body_sha256: str
    uscc: str = field(repr=False)
    personal: bool
    results: Sequence[LineResult] = field(repr=False)
    issued_at: datetime
    fetch_before: datetime
    erase_due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """The exact bytes to be signed, and the departments' answers that go with them."""

    payload: bytes = field(repr=False)
    evidence: list[dict[str, Any]] = field(repr=False)
    complete: bool


def compose(case: Case) -> Composed:
    """The packet of one pull: every consented resource once, derived items, evidence.

    Raises:
        ValueError: a line is of a resource the artefact does not name, or stands twice.
    """
    by_resource = {line.resource: line for line in case.results}
    if len(by_resource) != len(case.results) or by_resource.keys() - set(case.artefact.resources):
        raise ValueError("lines beyond the artefact")
    answers = {code: _answer(line) for code, line in by_resource.items()}
    entries = [
        _resource(dataset, by_resource.get(dataset.resource), answers)
        for dataset in case.artefact.datasets
    ]
    complete = all(_full(entry) for entry in entries)
    body = {
        **_head(case),
        "complete": complete,
        "resources": entries,
        "derived": [_derived(one) for one in _derive_all(case, answers)],
    }
    return Composed(
        payload=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        evidence=_evidence(case, answers),
        complete=complete,
    )


def _head(case: Case) -> dict[str, Any]:
    artefact = case.artefact
    if artefact.controller is None:
        raise ValueError("no bank to address")
    return {
        "v": VERSION,
        "packet_id": str(case.packet_id),
        "issuer": case.issuer,
        "audience": artefact.controller.bank_id,
        "consent": {
            "chain_id": artefact.chain_id,
            "consent_id": artefact.consent_id,
            "artefact_sha256": case.artefact_sha256,
        },
        "pull": {"id": str(case.pull_id), "body_sha256": case.body_sha256},
        "subject": {
            "kind": artefact.subject.kind,
            "uscc": case.uscc,
            "name": artefact.subject.name,
        },
        "purpose": artefact.purpose.code,
        "product": {
            "product_id": artefact.product.product_id,
            "policy_version": artefact.product.policy_version,
            "policy_sha256": artefact.product.policy_sha256,
        },
        "issued_at": iso(case.issued_at),
        "fetch_before": iso(case.fetch_before),
        "erase_due_at": iso(case.erase_due_at),
    }


def _answer(line: LineResult) -> Answer:
    """What an item may read of a line."""
    why = line.why if line.why in _WHYS else None
    if line.answer_jws is None or line.status not in _GAVE:
        outcome, because = _SILENT.get(line.status, (Outcome.UNAVAILABLE, None))
        if line.outcome in _DENIALS:
            outcome, because = line.outcome, None
        return Answer(outcome=outcome, as_of=None, items={}, why=why or because)
    # The signature was checked when the answer came, and it was kept under seal since.
    envelope = forms.reopen(line.answer_jws).envelope
    return Answer(
        outcome=envelope.outcome,
        as_of=envelope.as_of,
        produced_at=envelope.produced_at,
        items=envelope.items,
        jws=line.answer_jws,
        sha256=sha256_b64u(line.answer_jws.encode("ascii")),
        why=why,
    )


def _resource(
    dataset: Dataset, line: LineResult | None, answers: Mapping[str, Answer]
) -> dict[str, Any]:
    if line is None:
        return _entry(dataset.resource, LineStatus.EXCLUDED_BY_SUBJECT)
    answer = answers[line.resource]
    told = usable(answer) and line.status in _GAVE
    return {
        **_entry(dataset.resource, line.status),
        "outcome": None if line.outcome is None else line.outcome.value,
        "quality": line.quality,
        "why": line.why,
        "as_of": None if line.as_of is None else line.as_of.isoformat(),
        "produced_at": None if line.produced_at is None else iso(line.produced_at),
        "fetched_at": None if line.fetched_at is None else iso(line.fetched_at),
        "request_sha256": line.request_sha256,
        "answer_sha256": answer.sha256 or None,
        "items": released_items(dataset.resource, answer.items, dataset.fields) if told else [],
        **_issued(answer),
    }


def _issued(answer: Answer) -> dict[str, str]:
    """What ties a narrowed answer to the packet: the part that every narrowing leaves as it is."""
    if forms.form_of(answer.jws) is AnswerForm.JWS:
        return {}
    return {"issued_sha256": forms.signed_sha256(answer.jws)}


def _entry(resource: str, status: LineStatus) -> dict[str, Any]:
    names = ("outcome", "quality", "why", "as_of", "produced_at", "fetched_at")
    hashes = ("request_sha256", "answer_sha256")
    return {
        "resource": resource,
        "status": status.value,
        **dict.fromkeys((*names, *hashes)),
        "items": [],
    }


def is_full(status: str, outcome: str | None) -> bool:
    """Whether one resource leaves nothing open: all its data, or a dated "no record"."""
    if status == LineStatus.NO_DATA:
        return True
    return status == LineStatus.DELIVERED and outcome == Outcome.DATA


def _full(entry: Mapping[str, Any]) -> bool:
    return is_full(entry["status"], entry["outcome"])


def _derive_all(case: Case, answers: Mapping[str, Answer]) -> list[Derived]:
    on = business_date(case.issued_at)
    names = [name for dataset in case.artefact.datasets for name in dataset.items]
    return [derive(name, answers, on, own_consent=case.personal) for name in names]


def _derived(one: Derived) -> dict[str, Any]:
    return {
        "name": one.name,
        "value": one.value,
        "why": None if one.why is None else one.why.value,
        "as_of": None if one.as_of is None else one.as_of.isoformat(),
        "late": one.late,
        "version": one.version,
        "resources": list(one.resources),
    }


def _evidence(case: Case, answers: Mapping[str, Answer]) -> list[dict[str, Any]]:
    found = []
    for dataset in case.artefact.datasets:
        answer = answers.get(dataset.resource)
        if answer is None or not answer.jws:
            continue
        entry: dict[str, Any] = {"resource": dataset.resource, "answer_sha256": answer.sha256}
        found.append(entry | _shown(dataset, answer))
    return found


def _shown(dataset: Dataset, answer: Answer) -> dict[str, Any]:
    """The answer, or what of it was consented to, or why it stays here."""
    names = released_names(dataset.resource, dataset.fields)
    if forms.form_of(answer.jws) is AnswerForm.SD_JWT:
        return {"kind": "sd-jwt", "answer": forms.narrowed(answer.jws, names), "reason": None}
    if answer.items.keys() <= names:
        return {"kind": "jws", "answer": answer.jws, "reason": None}
    # It holds more than was consented to: the hash binds it, the text stays here.
    return {"kind": "withheld", "answer": None, "reason": WITHHELD_REASON}
