"""The consent machines' desk of one unit of work: actor, reach, database clock, keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from consent.ports import ActorRef, Desk, Reach, SealedAt, SignUse
from yidaitong.enterprises.mandates import mandate_id_of
from yidaitong.kernel.actor import Actor, Realm
from yidaitong.kernel.crypto import suites
from yidaitong.kernel.crypto.box import DekKind, KeyUse, Place
from yidaitong.kernel.errors import ForbiddenError
from yidaitong.kernel.evidence import evidence_ready
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork

PLATFORM = "一贷通"

# Names of roles in evidence. Wire format: append only.
_ROLES: Mapping[str, str] = {
    "ent_rep": "LEGAL_REP",
    "ent_agent": "AGENT",
    "ent_signatory": "AGENT",
    "ent_signer": "AGENT",
    "bank_maker": "BANK",
    "bank_checker": "BANK",
    "bank_product": "BANK",
    "centre_officer": "CENTRE",
    "centre_checker": "CENTRE",
    "auditor": "AUDITOR",
    "gov_viewer": "CENTRE",
    "operator": "OPERATOR",
}
_KEYS: Mapping[SignUse, KeyUse] = {
    SignUse.CONSENT: KeyUse.ARTEFACT,
    SignUse.ARTEFACT: KeyUse.ARTEFACT,
    SignUse.RECEIPT: KeyUse.RECEIPT,
}


@dataclass(frozen=True, slots=True)
class _Keys:
    """Sealing and signing with the keys of one unit of work."""

    uow: UnitOfWork

    def seal(self, place: SealedAt, plaintext: bytes) -> bytes:
        return self.uow.crypto.seal(self.uow.session, _place(place), plaintext)

    def open(self, place: SealedAt, sealed: bytes) -> bytes:
        return self.uow.crypto.open(self.uow.session, _place(place), sealed)

    def sign(self, use: SignUse, payload: bytes, *, detached: bool) -> str:
        crypto = self.uow.crypto.in_suite(self.uow.settings.suite)
        return crypto.sign(self.uow.session, _KEYS[use], use.value, payload, detached=detached)

    def mac(self, suite: str, key: bytes, data: bytes) -> bytes:
        return suites.of(suite).mac(key, data)


def desk_of(uow: UnitOfWork, *, job: str | None = None) -> Desk:
    """The desk of whoever acts in ``uow``; ``job`` names the system's own acts in evidence.

    Raises:
        ForbiddenError: nobody is signed in.
    """
    keys = _Keys(uow)
    return Desk(
        session=uow.session,
        actor=actor_ref(uow.actor, job, _mandate(uow)),
        reach=_reach(uow.actor),
        clock=uow.clock,
        new_id=uuid7,
        sealer=keys,
        signer=keys,
        issuer=PLATFORM,
        suite=uow.settings.suite,
        committer=keys,
        evidence_ready=partial(evidence_ready, uow),
        heard=partial(uow.tell, uow),
    )


def actor_ref(actor: Actor, job: str | None = None, mandate_id: UUID | None = None) -> ActorRef:
    """Who acts and by which mandate, in the words of evidence."""
    if actor.realm is Realm.SYSTEM:
        return ActorRef(role="SYSTEM", auth_level=actor.auth_level, job=job)
    known = sorted(_ROLES[role] for role in actor.roles if role in _ROLES)
    # A representative who also holds other roles acts as representative.
    role = "LEGAL_REP" if "LEGAL_REP" in known else next(iter(known), actor.realm.value.upper())
    return ActorRef(
        person_id=actor.person_id,
        role=role,
        auth_level=actor.auth_level,
        mandate_id=mandate_id,
        job=None if actor.client_id is None else f"client:{actor.client_id}",
    )


def _mandate(uow: UnitOfWork) -> UUID | None:
    actor = uow.actor
    if "ent_agent" not in actor.roles or actor.person_id is None:
        return None
    return mandate_id_of(uow, actor.enterprise_id, actor.person_id)


def _reach(actor: Actor) -> Reach:
    match actor.realm:
        case Realm.ENTERPRISE:
            return Reach(enterprise_id=actor.enterprise_id)
        case Realm.BANK:
            return Reach(bank_id=actor.bank_id)
        case Realm.GOV | Realm.SYSTEM:
            return Reach(everything=True)
        case Realm.PUBLIC:
            raise ForbiddenError("nobody is signed in")


def _place(place: SealedAt) -> Place:
    return Place(
        kind=DekKind.EVIDENCE,
        owner_id=place.evidence_id,
        table=place.table,
        column=place.column,
        row_id=place.row_id,
    )


def evidence_place(table: str, row_id: UUID, chain_id: UUID) -> Place:
    """Where this package seals a text that is evidence of one consent."""
    return Place(
        kind=DekKind.EVIDENCE, owner_id=chain_id, table=table, column="sealed", row_id=row_id
    )
