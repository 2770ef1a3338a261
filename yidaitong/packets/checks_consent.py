"""Checks of the consent in a delivery: granted, signed, earlier in the log, and wide enough."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from consent.artefact import ConsentArtefact, artefact_sha256, parse_at
from consent.events import EventType, canonical
from consent.ledger.leaves import parse_leaf
from consent.ledger.policy import Policy
from consent.ports import SignUse
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.keys import KeySet
from yidaitong.kernel.strictjson import parse_object
from yidaitong.packets.checks_log import Proved, check_proof
from yidaitong.packets.deliveries import MAX_BYTES, Delivery
from yidaitong.packets.refusal import refusing, require
from yidaitong.packets.retention import erase_due

_PURPOSE = "artefact"


def check_consent(
    delivery: Delivery, body: Mapping[str, Any], ours: KeySet, proved: tuple[Policy, Proved]
) -> ConsentArtefact:
    """The artefact, if it is signed, logged before the release, and covers this packet.

    Raises:
        RefusedError: ``consent.binding``, ``consent.signature``, or a code of the log.
    """
    policy, packet_place = proved
    _check_leaf(delivery, body)
    place = check_proof(delivery.consent_leaf, delivery.consent_proof, policy)
    require(place.log == packet_place.log, "consent.binding", "another log")
    require(place.index < packet_place.index, "consent.binding", "granted after the release")
    artefact = _check_signatures(delivery, ours)
    _check_parties(artefact, body)
    _check_scope(artefact, body)
    _check_times(artefact, body)
    return artefact


def _check_leaf(delivery: Delivery, body: Mapping[str, Any]) -> None:
    digest = artefact_sha256(delivery.artefact) if delivery.artefact.isascii() else ""
    require(digest == body["consent"]["artefact_sha256"], "consent.binding", "artefact_sha256")
    with refusing("leaf.format"):
        leaf = parse_leaf(delivery.consent_leaf)
    require(leaf.type is EventType.CONSENT_GRANTED, "consent.binding", "type of the leaf")
    require(leaf.public.get("artefact_sha256") == digest, "consent.binding", "leaf's hash")
    require(str(leaf.consent) == body["consent"]["chain_id"], "consent.binding", "chain_id")


def _check_signatures(delivery: Delivery, ours: KeySet) -> ConsentArtefact:
    keys = ours.serving(_PURPOSE)
    with refusing("consent.signature"):
        signed = jws.verify(delivery.artefact, typ=SignUse.ARTEFACT.value, keys=keys)
        text = parse_object(signed.payload, max_bytes=MAX_BYTES)
        require(text.keys() == {"body", "granted_at", "signatures"}, "consent.signature", "members")
        artefact = ConsentArtefact.parse(text["body"])
        what = canonical(text["body"])
        persons = set()
        for one in text["signatures"]:
            jws.verify(one["jws"], typ=SignUse.CONSENT.value, keys=keys, payload=what)
            persons.add(one["person_id"])
    eligible = {one.person_id for one in artefact.mandate.eligible}
    quorum = artefact.mandate.quorum.m
    enough = persons <= eligible and len(persons) == len(text["signatures"]) >= quorum
    require(enough, "consent.signature", "quorum")
    return artefact


def _check_parties(artefact: ConsentArtefact, body: Mapping[str, Any]) -> None:
    bank = None if artefact.controller is None else artefact.controller.bank_id
    told = {
        "audience": (bank, body["audience"]),
        "chain_id": (artefact.chain_id, body["consent"]["chain_id"]),
        "consent_id": (artefact.consent_id, body["consent"]["consent_id"]),
        "purpose": (artefact.purpose.code, body["purpose"]),
        "product_id": (artefact.product.product_id, body["product"]["product_id"]),
        "policy_sha256": (artefact.product.policy_sha256, body["product"]["policy_sha256"]),
        "policy_version": (artefact.product.policy_version, body["product"]["policy_version"]),
        "subject.kind": (artefact.subject.kind, body["subject"]["kind"]),
        "subject.name": (artefact.subject.name, body["subject"]["name"]),
        "subject.uscc": (artefact.subject.uscc or body["subject"]["uscc"], body["subject"]["uscc"]),
    }
    for name, (granted, claimed) in told.items():
        require(granted == claimed, "consent.binding", name)


def _check_scope(artefact: ConsentArtefact, body: Mapping[str, Any]) -> None:
    datasets = {one.resource: one for one in artefact.datasets}
    for entry in body["resources"]:
        dataset = datasets.get(entry["resource"])
        require(dataset is not None, "consent.binding", "a resource not consented to")
        if dataset is not None:
            names = {item["name"] for item in entry["items"]}
            require(names <= set(dataset.fields), "consent.binding", "a field not consented to")
    consented = {name for one in artefact.datasets for name in one.items}
    derived = {one["name"] for one in body["derived"]}
    require(derived <= consented, "consent.binding", "an item not consented to")


def _check_times(artefact: ConsentArtefact, body: Mapping[str, Any]) -> None:
    issued = datetime.fromisoformat(body["issued_at"])
    starts, ends = artefact.validity
    require(starts <= issued < ends, "consent.binding", "outside the period")
    due = erase_due(issued, artefact.mode, artefact.data_life)
    require(parse_at(body["erase_due_at"]) <= due, "consent.binding", "erase_due_at")
