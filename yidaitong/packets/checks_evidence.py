"""Checks of the departments' signed answers: theirs, to this question, and stated truly."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from consent.artefact import ConsentArtefact
from consent.events import sha256_b64u
from yidaitong.departments import forms
from yidaitong.departments.answers import Answer
from yidaitong.departments.definitions import AnswerForm
from yidaitong.departments.items import ITEMS, derive
from yidaitong.departments.registry import RESOURCES
from yidaitong.departments.wire import Envelope
from yidaitong.kernel.clock import business_date, iso_ms
from yidaitong.kernel.crypto.keys import KeySet
from yidaitong.packets.composing import is_full
from yidaitong.packets.contents import released_items, released_names, usable
from yidaitong.packets.deliveries import MAX_ANSWER, Delivery
from yidaitong.packets.refusal import refusing, require
from yidaitong.pulls.lifecycle import GAVE

_REGISTRY = "SAMR.REG"


def check_manifest(body: Mapping[str, Any], artefact: ConsentArtefact) -> None:
    """Every consented resource stands once; ``complete`` says what they add up to.

    Raises:
        RefusedError: ``manifest``.
    """
    named = [entry["resource"] for entry in body["resources"]]
    require(sorted(named) == sorted(artefact.resources), "manifest", "resources")
    full = all(is_full(entry["status"], entry["outcome"]) for entry in body["resources"])
    require(body["complete"] is full, "manifest", "complete")
    derived = sorted(one["name"] for one in body["derived"])
    wanted = sorted(name for one in artefact.datasets for name in one.items)
    require(derived == wanted, "manifest", "derived")
    for entry in body["resources"]:
        gave = entry["status"] in GAVE
        require(gave == (entry["answer_sha256"] is not None), "manifest", "answer_sha256")
        require(gave or not entry["items"], "manifest", "items without an answer")


def check_evidence(
    delivery: Delivery, body: Mapping[str, Any], artefact: ConsentArtefact, keys: KeySet
) -> None:
    """Each answer that travels is the department's, and the packet says what it says.

    Raises:
        RefusedError: a code of ``evidence``.
    """
    entries = {entry["resource"]: entry for entry in body["resources"]}
    fields = {one.resource: one.fields for one in artefact.datasets}
    wanted = sorted(name for name, entry in entries.items() if entry["answer_sha256"] is not None)
    given = sorted(one["resource"] for one in delivery.evidence)
    require(given == wanted, "evidence.hash", "one entry for each answer")
    answers: dict[str, Answer] = {}
    for one in delivery.evidence:
        entry = entries[one["resource"]]
        require(one["answer_sha256"] == entry["answer_sha256"], "evidence.hash", "answer_sha256")
        narrow = one["kind"] == AnswerForm.SD_JWT
        # Who may show a part of an answer may not withhold all of it.
        require(narrow is ("issued_sha256" in entry), "evidence.binding", "kind")
        if one["answer"] is not None:
            consented = fields[entry["resource"]]
            opened = _opened(one, entry, keys, body)
            _check_shown(opened, released_names(entry["resource"], consented))
            _check_entry(entry, opened.envelope, body)
            answers[entry["resource"]] = answer = _as_answer(opened.envelope)
            items = released_items(entry["resource"], answer.items, consented)
            stated = items if usable(answer) else []
            require(stated == entry["items"], "evidence.binding", "items")
    _check_derived(body, entries, answers)


def _opened(
    one: Mapping[str, Any], entry: Mapping[str, Any], keys: KeySet, body: Mapping[str, Any]
) -> forms.Opened:
    """The answer that travels: whole, or narrowed around the part its department signed."""
    text, form = one["answer"], AnswerForm(one["kind"])
    require(text.isascii(), "evidence.hash", "answer")
    if form is AnswerForm.SD_JWT:
        require(forms.signed_sha256(text) == entry["issued_sha256"], "evidence.hash", "issued part")
    else:
        require(sha256_b64u(text.encode()) == one["answer_sha256"], "evidence.hash", "answer")
    owned = keys.owned_by(RESOURCES[one["resource"]].department)
    with refusing("evidence.signature", key="evidence.key", form="evidence.binding"):
        opened = forms.verify(text, form, owned, max_bytes=MAX_ANSWER)
    revoked = None if opened.key is None else opened.key.revoked_at
    live = revoked is None or datetime.fromisoformat(body["issued_at"]) < datetime.fromisoformat(
        revoked
    )
    require(live, "evidence.key", "revoked")
    return opened


def _check_shown(opened: forms.Opened, consented: frozenset[str]) -> None:
    """A narrowed answer shows all it gave of what was consented to, and nothing else."""
    if opened.given is not None:
        require(not opened.missing & consented, "evidence.binding", "an item held back")
        require(opened.envelope.items.keys() <= consented, "evidence.binding", "beyond the consent")


def _check_entry(entry: Mapping[str, Any], envelope: Envelope, body: Mapping[str, Any]) -> None:
    told = {
        "resource": (envelope.resource, entry["resource"]),
        "subject": (envelope.subject_code, body["subject"]["uscc"]),
        "request_sha256": (envelope.request_sha256, entry["request_sha256"]),
        "outcome": (envelope.outcome.value, entry["outcome"]),
        "as_of": (envelope.as_of.isoformat(), entry["as_of"]),
        "produced_at": (iso_ms(envelope.produced_at), entry["produced_at"]),
    }
    for name, (answered, claimed) in told.items():
        require(answered == claimed, "evidence.binding", name)


def _as_answer(envelope: Envelope) -> Answer:
    return Answer(outcome=envelope.outcome, as_of=envelope.as_of, items=envelope.items)


def _check_derived(
    body: Mapping[str, Any],
    entries: Mapping[str, Mapping[str, Any]],
    answers: Mapping[str, Answer],
) -> None:
    """Compute again what can be: the formula is ours and everything it read has travelled."""
    on = business_date(datetime.fromisoformat(body["issued_at"]))
    registry = entries.get(_REGISTRY)
    known = registry is None or registry["answer_sha256"] is None or _REGISTRY in answers
    for one in body["derived"]:
        item = ITEMS.get(one["name"])
        sources = set(one["resources"])
        mine = item is not None and item.version == one["version"] and known
        if not mine or not sources <= answers.keys():
            continue
        again = derive(one["name"], answers, on, own_consent=body["subject"]["kind"] == "PERSON")
        as_of: date | None = again.as_of
        same = (
            again.value == one["value"]
            and type(again.value) is type(one["value"])
            and (None if again.why is None else again.why.value) == one["why"]
            and (None if as_of is None else as_of.isoformat()) == one["as_of"]
        )
        require(same, "evidence.binding", "derived")
