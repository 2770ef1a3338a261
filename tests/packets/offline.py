"""Deliveries made in memory with a log of their own: every part can be made wrong on purpose."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.artefact import (
    ConsentArtefact,
    Signature,
    artefact_payload,
    artefact_sha256,
    write_at,
)
from consent.encoding import b64u
from consent.events import EventType, commitment, iso, sha256_b64u
from consent.ledger.checkpoint import Checkpoint
from consent.ledger.leaves import Leaf
from consent.ledger.merkle import Tree
from consent.ledger.note import NoteSigner
from consent.ledger.policy import policy_of
from consent.ledger.prooftext import write_proof
from consent.ports import SignUse
from yidaitong.authorizations.scope import scope_of
from yidaitong.departments import forms, wire
from yidaitong.departments.answers import Outcome
from yidaitong.departments.definitions import AnswerForm
from yidaitong.departments.registry import DEPARTMENTS, RESOURCES
from yidaitong.kernel.crypto import jwe, jws, suites
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, PublicKey, generate, public_of
from yidaitong.kernel.ids import uuid7
from yidaitong.packets.composing import PACKET_TYP, Case, compose
from yidaitong.packets.deliveries import DELIVERY_CTY, DELIVERY_TYP, Delivery, write
from yidaitong.packets.verify import Trust
from yidaitong.pulls.lifecycle import OF_OUTCOME, LineStatus
from yidaitong.pulls.results import LineResult
from yidaitong.sandbox import data

ORIGIN = "log.example/ledger"
BANK = "bank-a"
USCC = "91370199MA31U2DL73"
AT = datetime.fromisoformat("2026-03-02T01:20:04.118+00:00")
ITEMS = ("reg.status", "reg.age_months", "tax.paid_12m_fen", "court.dishonest_open", "hpf.status")
_VECTOR = Path(__file__).parents[1] / "vectors" / "consent" / "artefact.json"


Signer = Callable[[wire.Envelope], str]


def an_artefact(items: tuple[str, ...] = ITEMS) -> ConsentArtefact:
    """A consent to what ``items`` need, around :data:`AT`."""
    body = json.loads(_VECTOR.read_text(encoding="utf-8"))["body"]
    start, end = AT - timedelta(days=1), AT + timedelta(days=29)
    vector = ConsentArtefact.parse(body)
    return replace(
        vector,
        subject=replace(vector.subject, uscc=USCC),
        starts_at=write_at(start),
        expires_at=write_at(end),
        datasets=scope_of(items, start.date(), end.date()).enterprise,
    )


def a_line(resource: str, fields: tuple[str, ...], sign: Signer) -> LineResult:
    """What a department says of the firm on that day."""
    asked = frozenset(fields) | RESOURCES[resource].beside(fields)
    outcome, as_of, items = data.answer(resource, USCC, AT.date(), None, fields=asked)
    envelope = wire.Envelope(
        resource=resource,
        subject_code=USCC,
        outcome=outcome,
        as_of=as_of,
        produced_at=AT - timedelta(seconds=1),
        serial="S-1",
        items=items,
        request_sha256=sha256_b64u(resource.encode()),
    )
    return a_result(envelope, sign(envelope))


def a_result(envelope: wire.Envelope, text: str) -> LineResult:
    return LineResult(
        line_id=uuid7(),
        resource=envelope.resource,
        status=OF_OUTCOME[envelope.outcome],
        outcome=envelope.outcome,
        why=None,
        quality=None,
        as_of=envelope.as_of,
        produced_at=envelope.produced_at,
        fetched_at=AT,
        answer_sha256=sha256_b64u(text.encode()),
        request_sha256=envelope.request_sha256,
        answer_jws=text,
    )


def no_answer(resource: str, status: LineStatus, outcome: Outcome | None = None) -> LineResult:
    return LineResult(
        line_id=uuid7(),
        resource=resource,
        status=status,
        outcome=outcome,
        why=None,
        quality=None,
        as_of=None,
        produced_at=None,
        fetched_at=None,
        answer_sha256=None,
        request_sha256=sha256_b64u(resource.encode()),
        answer_jws=None,
    )


def a_case(
    artefact: ConsentArtefact, results: list[LineResult], text_sha256: str = "A" * 43
) -> Case:
    return Case(
        packet_id=uuid7(),
        issuer="一贷通",
        artefact=artefact,
        artefact_sha256=text_sha256,
        pull_id=uuid7(),
        body_sha256="A" * 43,
        uscc=USCC,
        personal=False,
        results=results,
        issued_at=AT,
        fetch_before=AT + timedelta(days=1),
        erase_due_at=AT + timedelta(days=90),
    )


Change = Callable[[dict[str, Any]], None]


def _nothing(_value: dict[str, Any]) -> None:
    return None


@dataclass(kw_only=True)
class Made:
    """One sealed delivery and the parts it was made of."""

    text: str
    plaintext: bytes
    packet_id: str
    pull_id: str


@dataclass
class Bench:
    """Keys of everybody, and a log in memory."""

    crypt: str = "X25519"
    suite: str = "intl"
    ours: dict[str, PrivateKey] = field(init=False)
    departments: dict[str, PrivateKey] = field(init=False)
    bank: dict[str, str] = field(init=False)
    log: NoteSigner = field(init=False)
    answers: dict[str, LineResult] = field(default_factory=dict)

    def __post_init__(self) -> None:
        signs = "SM2" if self.suite == "sm" else "Ed25519"
        jwks = {use: generate(signs, use="sig", ydt_owner="platform", ydt_use=use) for use in _OURS}
        theirs = {code: generate("Ed25519", ydt_owner=code) for code in DEPARTMENTS}
        self.ours = {use: PrivateKey.read(jwk) for use, jwk in jwks.items()}
        self.departments = {code: PrivateKey.read(jwk) for code, jwk in theirs.items()}
        self.jwks = [public_of(jwk) for jwk in (*jwks.values(), *theirs.values())]
        self.bank = generate(self.crypt, use="enc", ydt_owner=BANK)
        key = Ed25519PrivateKey.generate()
        self.log = NoteSigner(ORIGIN, key.public_key().public_bytes_raw(), key.sign)

    def trust(self, **changes: Any) -> Trust:
        members: dict[str, Any] = {
            "key": PrivateKey.read(self.bank),
            "audience": BANK,
            "keys": KeySet.read(json.dumps({"keys": self.jwks})),
            "policy": policy_of(str(self.log.vkey)),
            **changes,
        }
        return Trust(**members)

    def sign_answer(self, envelope: wire.Envelope, form: AnswerForm | None = None) -> str:
        department = self.departments[RESOURCES[envelope.resource].department]
        written = forms.write(envelope, form)
        return written.around(jws.sign(department, written.typ, written.payload))

    def lines(self, artefact: ConsentArtefact) -> list[LineResult]:
        """What the departments said, asked once."""
        for one in artefact.datasets:
            if one.resource not in self.answers:
                self.answers[one.resource] = a_line(one.resource, one.fields, self.sign_answer)
        return [self.answers[one.resource] for one in artefact.datasets]

    def sealed_artefact(self, artefact: ConsentArtefact) -> str:
        """The artefact text with its signature inside."""
        mine = artefact.mandate.eligible[0]
        given = Signature(
            role=mine.role,
            person_id=mine.person_id,
            auth_level="STEP_UP",
            signed_at=iso(AT),
            jws=jws.sign(
                self.ours["artefact"], SignUse.CONSENT.value, artefact.canonical, detached=True
            ),
        )
        payload = artefact_payload(artefact.canonical, iso(AT), [given])
        return jws.sign(self.ours["artefact"], SignUse.ARTEFACT.value, payload)

    def make(
        self,
        *,
        artefact: ConsentArtefact | None = None,
        lines: Callable[[list[LineResult]], list[LineResult]] = list,
        packet: Change = _nothing,
        event: Change = _nothing,
        delivery: Change = _nothing,
        seed: int = 0,
    ) -> Made:
        """One sealed delivery; each change makes one part of it wrong, signed all the same."""
        granted = an_artefact() if artefact is None else artefact
        text = self.sealed_artefact(granted)
        case = a_case(granted, lines(self.lines(granted)), artefact_sha256(text))
        composed = compose(case)
        body = json.loads(composed.payload)
        packet(body)
        signed = jws.sign(
            self.ours["packet"], PACKET_TYP, json.dumps(body, ensure_ascii=False).encode()
        )
        found = self._prove(case, (text, signed), composed.evidence, event, seed)
        whole = json.loads(write(found))
        delivery(whole)
        plaintext = json.dumps(whole, ensure_ascii=False).encode()
        key = PublicKey.read(public_of(self.bank))
        return Made(
            text=jwe.encrypt(key, plaintext, DELIVERY_TYP, DELIVERY_CTY),
            plaintext=plaintext,
            packet_id=str(case.packet_id),
            pull_id=str(case.pull_id),
        )

    def _prove(
        self,
        case: Case,
        texts: tuple[str, str],
        evidence: list[dict[str, Any]],
        event: Change,
        seed: int,
    ) -> Delivery:
        artefact, packet = texts
        chain_id = UUID(case.artefact.chain_id)
        draw = random.Random(seed)  # noqa: S311 - a log of any shape
        salt = draw.randbytes(32)
        granted = _leaf(
            EventType.CONSENT_GRANTED, chain_id, chain_id, "A" * 43,
            {"artefact_sha256": artefact_sha256(artefact)},
        )  # fmt: skip
        digest = sha256_b64u(packet.encode())
        told = {
            "type": EventType.PACKET_ISSUED.value,
            "ref": str(case.packet_id),
            "n": 1,
            "t": iso(AT),
            "pull_id": str(case.pull_id),
            "packet_sha256": digest,
        }
        event(told)
        suite = suites.of(self.suite)
        hashes = {"packet_sha256": digest}
        if self.suite == "sm":
            hashes["packet_sm3"] = b64u(suite.digest(packet.encode()))
        issued = replace(
            _leaf(
                EventType.PACKET_ISSUED, case.packet_id, chain_id,
                commitment(salt, told, suite.mac), hashes,
            ),
            suite=self.suite,
        )  # fmt: skip
        tree = Tree()
        places = []
        for leaf in (granted, issued):
            tree.extend([draw.randbytes(40) for _ in range(draw.randrange(9))])
            places.append(tree.append(leaf.body()))
        tree.extend([draw.randbytes(40) for _ in range(draw.randrange(9))])
        note = self.log.note(Checkpoint(ORIGIN, tree.size, tree.root()).text)
        proofs = [write_proof(one, tree.inclusion_proof(one), note) for one in places]
        return Delivery(
            packet=packet,
            leaf=issued.body(),
            opening={"salt": b64u(salt), "event": told},
            proof=proofs[1],
            artefact=artefact,
            consent_leaf=granted.body(),
            consent_proof=proofs[0],
            evidence=evidence,
        )


_OURS = ("packet", "artefact", "receipt")


def _leaf(kind: EventType, ref: UUID, chain_id: UUID, commit: str, public: dict[str, str]) -> Leaf:
    return Leaf(
        type=kind,
        ref=ref,
        n=1,
        id=uuid7(),
        t=iso(AT),
        commit=commit,
        consent=chain_id,
        public=public,
    )
