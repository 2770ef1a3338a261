"""Releasing (C4): check once more under the lock, compose, sign, and write the leaf."""

import json
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from consent import service
from consent.artefact import ConsentArtefact
from consent.drafts import artefact_text, read_artefact
from consent.events import sha256_b64u
from consent.models import ConsentRow
from yidaitong.authorizations.desk import PLATFORM
from yidaitong.banks import queries as banks
from yidaitong.banks.keys import suite_of
from yidaitong.banks.models import BankKey
from yidaitong.enterprises import queries as enterprises
from yidaitong.kernel.crypto.box import KeyUse
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets.composing import PACKET_TYP, Case, compose
from yidaitong.packets.lifecycle import PacketState
from yidaitong.packets.models import Packet
from yidaitong.packets.moving import note_issue
from yidaitong.packets.places import content_place
from yidaitong.packets.retention import erase_due
from yidaitong.pulls import closing, holding, moving
from yidaitong.pulls.lifecycle import LineStatus, PullState
from yidaitong.pulls.models import Pull
from yidaitong.pulls.moving import Locked, lines
from yidaitong.pulls.queries import results
from yidaitong.pulls.results import LineResult
from yidaitong.pulls.scoping import OUT_OF_SCOPE, outside

RELEASE = "packets.release"
SEAL = "packets.seal"
EVALUATE = "applications.evaluate"


@dataclass(frozen=True, slots=True)
class _Basis:
    """The newest version of the consent: what may be released, and its hash."""

    artefact: ConsentArtefact
    artefact_sha256: str


def release(uow: UnitOfWork, pull_id: UUID) -> UUID | None:
    """Release the packet of a collected pull; its id, or None where nothing may be released.

    Safe to repeat: the same packet is found again. A paused or suspended consent holds it until
    it goes on or the pull's time is over.

    Raises:
        NotFoundError: no such pull.
        InvalidStateError: the bank is not accredited or has no valid key.
        SuiteUnavailableError: its key is of a suite this installation does not use.
        EvidenceUnavailableError: evidence cannot be written now.
    """
    locked = moving.lock(uow, moving.chain_of(uow, pull_id), RELEASE)
    pull = moving.read(locked, pull_id)
    if pull.state is not PullState.SEALED:
        return uow.session.scalar(select(Packet.id).where(Packet.pull_id == pull_id))
    if locked.stopped or pull.bank_id is None:
        return None
    if locked.hold is not None or pull.held is not None:
        # Written down, so that whoever lets the pull go on promises this job again.
        holding.settle(locked, pull)
        return None
    locked.live.require_active()
    locked.desk.evidence_ready()
    packet = _issue(locked, pull, pull.bank_id)
    uow.defer(SEAL, packet_id=packet.id)
    if pull.application_id is not None:
        uow.defer(EVALUATE, application_id=pull.application_id)
    return packet.id


def _issue(locked: Locked, pull: Pull, bank_id: str) -> Packet:
    uow = locked.uow
    if not banks.is_accredited(uow, bank_id):
        raise InvalidStateError(f"bank {bank_id} is not accredited")
    key = banks.encryption_key(uow, bank_id)
    packet, text = _signed(locked, pull, key)
    packet.event_id = note_issue(locked, packet, text, suite_of(key)).event_id
    uow.session.add(packet)
    # After the leaf: it may end the consent, and no release stands behind an end.
    closing.mark_released(uow, pull.id, locked.at)
    uow.session.flush()
    service.issue_missing(locked.desk, pull.chain_id)
    return packet


def _signed(locked: Locked, pull: Pull, key: BankKey) -> tuple[Packet, str]:
    """The packet and its exact text, in the suite of the bank's key."""
    uow, case = locked.uow, _case(locked, pull)
    composed = compose(case)
    crypto = uow.crypto.in_suite(suite_of(key))
    text = crypto.sign(uow.session, KeyUse.PACKET, PACKET_TYP, composed.payload)
    content = json.dumps({"packet": text, "evidence": composed.evidence}).encode()
    place = content_place(pull.chain_id, case.packet_id)
    packet = Packet(
        id=case.packet_id,
        pull_id=pull.id,
        chain_id=pull.chain_id,
        consent_id=locked.live.consent_id,
        enterprise_id=pull.enterprise_id,
        person_id=locked.live.row.person_id,
        bank_id=key.bank_id,
        application_id=pull.application_id,
        purpose=pull.purpose,
        product_id=pull.product_id,
        state=PacketState.ISSUED,
        complete=composed.complete,
        packet_sha256=sha256_b64u(text.encode("ascii")),
        bank_kid=key.kid,
        issued_at=case.issued_at,
        fetch_before=case.fetch_before,
        erase_due_at=case.erase_due_at,
        content=uow.crypto.seal(uow.session, place, content),
    )
    return packet, text


def _basis(locked: Locked) -> _Basis:
    row = locked.uow.session.get_one(ConsentRow, locked.live.consent_id)
    if row.artefact_sha256 != sha256_b64u(artefact_text(locked.desk, row).encode("ascii")):
        raise InvalidStateError(f"consent {row.id} is not what was granted")
    return _Basis(read_artefact(locked.desk, row), row.artefact_sha256)


def _case(locked: Locked, pull: Pull) -> Case:
    uow, at, basis = locked.uow, locked.at, _basis(locked)
    consented = set(basis.artefact.resources)
    # An amendment may have narrowed the scope since the questions were asked.
    gone = outside(locked, lines(locked, pull.id))
    brought = results(uow, pull.id)
    return Case(
        packet_id=uuid7(),
        issuer=PLATFORM,
        artefact=basis.artefact,
        artefact_sha256=basis.artefact_sha256,
        pull_id=pull.id,
        body_sha256=pull.body_sha256,
        uscc=enterprises.subject_of(uow, pull.enterprise_id).uscc,
        personal=locked.live.row.person_id is not None,
        results=[_allowed(one, gone) for one in brought if one.resource in consented],
        issued_at=at,
        fetch_before=at + timedelta(seconds=uow.settings.packet_ttl_seconds),
        erase_due_at=erase_due(at, basis.artefact.mode, basis.artefact.data_life),
    )


def _allowed(one: LineResult, gone: set[UUID]) -> LineResult:
    """A line as the packet shows it: nothing of what the present version does not allow."""
    if one.line_id not in gone:
        return one
    return LineResult(
        line_id=one.line_id,
        resource=one.resource,
        status=LineStatus.EXCLUDED_BY_SUBJECT,
        outcome=None,
        why=OUT_OF_SCOPE,
        quality=None,
        as_of=None,
        produced_at=None,
        fetched_at=None,
        answer_sha256=None,
        request_sha256=one.request_sha256,
        answer_jws=None,
    )
