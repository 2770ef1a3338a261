"""Desks, drafts and granted consents for the tests of the machines; keys are toys here."""

import copy
import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent import service
from consent.artefact import ConsentArtefact, write_at
from consent.encoding import b64u
from consent.models import Chain, ConsentRow
from consent.ports import ActorRef, Desk, Reach, SealedAt, SignUse
from consent.service import Ask, Signing
from tests.consent.test_artefact import vector
from yidaitong.kernel.ids import uuid7

BANK = "bank-a"
_CLOCK = text("SELECT clock_timestamp()")


class ToyKeys:
    """Opens only where it was sealed; signatures name what they cover."""

    def _mark(self, place: SealedAt) -> bytes:
        return hashlib.sha256(repr(place).encode()).digest()

    def seal(self, place: SealedAt, plaintext: bytes) -> bytes:
        return self._mark(place) + bytes(byte ^ 0x5A for byte in plaintext)

    def open(self, place: SealedAt, sealed: bytes) -> bytes:
        if sealed[:32] != self._mark(place):
            raise ValueError("sealed elsewhere")
        return bytes(byte ^ 0x5A for byte in sealed[32:])

    def sign(self, use: SignUse, payload: bytes, *, detached: bool) -> str:
        header = b64u(json.dumps({"typ": use.value}).encode())
        body = "" if detached else b64u(payload)
        return f"{header}.{body}.{b64u(hashlib.sha256(payload).digest())}"


@dataclass(slots=True)
class Clock:
    """The database's clock, moved by ``ahead``."""

    session: Session
    ahead: timedelta = timedelta()
    frozen: datetime | None = None

    def __call__(self) -> datetime:
        if self.frozen is not None:
            return self.frozen
        now: datetime = self.session.execute(_CLOCK).scalar_one()
        return now + self.ahead


@dataclass(slots=True)
class World:
    """One enterprise with its signatories, at one session."""

    session: Session
    enterprise_id: UUID
    people: list[UUID]
    clock: Clock

    def desk(
        self, person: int | None = 0, *, step_up: bool = True, bank: str | None = None
    ) -> Desk:
        if bank is not None:
            actor = ActorRef(person_id=uuid7(), role="BANK", auth_level="SESSION")
            reach = Reach(bank_id=bank)
        elif person is None:
            actor = ActorRef(role="SYSTEM", auth_level="SYSTEM", job="test.job")
            reach = Reach(everything=True)
        else:
            level = "STEP_UP" if step_up else "SESSION"
            actor = ActorRef(person_id=self.people[person], role="LEGAL_REP", auth_level=level)
            reach = Reach(enterprise_id=self.enterprise_id)
        keys = ToyKeys()
        return Desk(
            session=self.session,
            actor=actor,
            reach=reach,
            clock=self.clock,
            new_id=uuid7,
            sealer=keys,
            signer=keys,
        )

    @property
    def system(self) -> Desk:
        return self.desk(None)


def a_world(session: Session, people: int = 1) -> World:
    return World(session, uuid7(), [uuid7() for _ in range(people)], Clock(session))


def a_body(world: World, m: int = 1, **changes: Any) -> ConsentArtefact:
    """The worked example under new ids, valid from a second ago for 30 days."""
    body = copy.deepcopy(vector("artefact")["body"])
    now = world.clock()
    consent_id = str(uuid7())
    body |= {
        "consent_id": consent_id,
        "chain_id": consent_id,
        "request_id": str(uuid7()),
        "txn_id": str(uuid7()),
        "starts_at": write_at(now - timedelta(seconds=1)),
        "expires_at": write_at(now + timedelta(days=30)),
        "mandate": {
            "quorum": {"m": m, "n": len(world.people)},
            "eligible": [
                {"person_id": str(person), "role": "LEGAL_REP", "mandate_id": None}
                for person in world.people
            ],
        },
    }
    body |= changes
    return ConsentArtefact.parse(body)


def an_ask(world: World, m: int = 1, **changes: Any) -> Ask:
    return Ask(artefact=a_body(world, m, **changes), enterprise_id=world.enterprise_id)


def a_personal_ask(world: World, parent: ConsentArtefact) -> Ask:
    person = str(world.people[0])
    artefact = a_body(
        world,
        subject={"kind": "PERSON", "person_id": person, "name": "张三", "pairwise_id": "x"},
        companion_of=parent.consent_id,
        mandate={
            "quorum": {"m": 1, "n": 1},
            "eligible": [{"person_id": person, "role": "SELF", "mandate_id": None}],
        },
    )
    return Ask(artefact=artefact, enterprise_id=world.enterprise_id, person_id=world.people[0])


def a_request(world: World, m: int = 1, **changes: Any) -> service.Ask:
    ask = an_ask(world, m, **changes)
    service.make(world.desk(), ask)
    return ask


def sign(world: World, ask: Ask, person: int = 0) -> service.Signed:
    signing = Signing(digest=ask.artefact.digest, evidence="test")
    return service.sign(world.desk(person), UUID(ask.artefact.request_id), signing)


def a_consent(world: World, **changes: Any) -> UUID:
    """A granted consent; its chain id."""
    ask = a_request(world, **changes)
    signed = sign(world, ask)
    if signed.chain is None:
        raise RuntimeError("not granted")
    return signed.chain.id


def moved(world: World, ahead: timedelta) -> World:
    """The same world later."""
    return replace(world, clock=Clock(world.session, ahead))


def an_amendment(world: World, chain_id: UUID, m: int = 1, **changes: Any) -> Ask:
    """The next version of a consent, with ``changes`` in its body; asked, not signed."""
    chain = world.session.get_one(Chain, chain_id)
    version = world.session.get_one(ConsentRow, chain.consent_id).version
    body = service.artefact_of(world.system, chain).body
    body |= {
        "consent_id": str(uuid7()),
        "chain_id": str(chain_id),
        "version": version + 1,
        "request_id": str(uuid7()),
        "txn_id": str(uuid7()),
        "supersedes": str(chain.consent_id),
        "prev_digest": chain.digest,
        "mandate": {**body["mandate"], "quorum": {"m": m, "n": len(world.people)}},
    }
    ask = Ask(artefact=ConsentArtefact.parse(body | changes), enterprise_id=world.enterprise_id)
    service.make(world.desk(), ask)
    return ask


def one_dataset(world: World, chain_id: UUID) -> list[dict[str, Any]]:
    """The first dataset of a consent alone: less than the worked example has."""
    chain = world.session.get_one(Chain, chain_id)
    datasets: list[dict[str, Any]] = service.artefact_of(world.system, chain).body["datasets"]
    return datasets[:1]


def leaves(session: Session) -> list[dict[str, Any]]:
    """All leaves in the order the sequencer takes them."""
    rows = session.execute(text("SELECT body FROM ledger.entry ORDER BY id")).scalars()
    return [json.loads(bytes(row)) for row in rows]


def leaves_of(session: Session, ref: UUID) -> list[str]:
    return [leaf["type"] for leaf in leaves(session) if leaf["ref"] == str(ref)]
