"""Promising: the notices of an act are made, signed and promised in the act's own transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from consent.drafts import read_artefact
from consent.models import Chain, ConsentRow
from consent.ports import Act
from yidaitong.authorizations.desk import desk_of
from yidaitong.departments.registry import DEPARTMENTS, RESOURCES
from yidaitong.kernel.crypto.box import KeyUse
from yidaitong.kernel.errors import DataGoneError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices.lifecycle import ACTS, WITHDRAWALS, ReceiverKind, owes_answer
from yidaitong.notices.models import Notice
from yidaitong.notices.wire import NOTICE_TYP, Message, notice_payload, notice_sha256
from yidaitong.pulls.models import PullLine

SEND: Final = "notices.send"
TELL: Final = "notices.tell"
# Answers come close together: one receipt says them all.
TELL_DELAY: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Case:
    """One act on one version of a consent."""

    uow: UnitOfWork
    act: Act
    chain: Chain
    consent_id: UUID
    digest: str


def hear(uow: UnitOfWork, act: Act) -> None:
    """Make the notices an act owes, one for each party, and promise their delivery.

    No act commits without them, and they do not commit without the act.
    """
    event = act.event
    if event.type not in ACTS or event.chain_id is None:
        return
    chain = uow.session.get_one(Chain, event.chain_id)
    versions = _versions(uow, chain.id)
    digest = event.digest or chain.digest
    consent_id = next((one.id for one in versions if one.digest == digest), chain.consent_id)
    case = _Case(uow, act, chain, consent_id, digest)
    made = _notices(case, list(_receivers(uow, chain, versions)))
    uow.session.add_all(made)
    uow.session.flush()
    uow.defer_each(SEND, [{"notice_id": one.id, "receiver": one.receiver} for one in made])
    if event.type in WITHDRAWALS:
        uow.defer(TELL, delay=TELL_DELAY, chain_id=chain.id)


def _versions(uow: UnitOfWork, chain_id: UUID) -> list[ConsentRow]:
    query = select(ConsentRow).where(ConsentRow.chain_id == chain_id)
    return list(uow.session.scalars(query.order_by(ConsentRow.version)))


def _receivers(
    uow: UnitOfWork, chain: Chain, versions: list[ConsentRow]
) -> Iterator[tuple[ReceiverKind, str]]:
    """The recipient, every department that may have answered, the principal's enterprise."""
    if chain.bank_id is not None:
        yield ReceiverKind.BANK, chain.bank_id
    served = _departments(uow, chain.id, versions)
    for code in DEPARTMENTS:
        if code in served:
            yield ReceiverKind.DEPARTMENT, code
    yield ReceiverKind.ENTERPRISE, str(chain.enterprise_id)


def _departments(uow: UnitOfWork, chain_id: UUID, versions: list[ConsentRow]) -> set[str]:
    try:
        desk = desk_of(uow)
        found = {
            dataset.resource for one in versions for dataset in read_artefact(desk, one).datasets
        }
    except DataGoneError:
        # The law let the artefact go; who was asked is still known.
        query = select(PullLine.resource).where(PullLine.chain_id == chain_id)
        found = set(uow.session.scalars(query.distinct()))
    return {RESOURCES[resource].department for resource in found if resource in RESOURCES}


def _notices(case: _Case, receivers: Sequence[tuple[ReceiverKind, str]]) -> list[Notice]:
    """One for each receiver. The consent is locked meanwhile: few statements, one key."""
    uow = case.uow
    messages = [_message(case, kind, receiver) for kind, receiver in receivers]
    payloads = [notice_payload(one) for one in messages]
    texts = uow.crypto.sign_each(uow.session, KeyUse.NOTICE, NOTICE_TYP, payloads)
    kinds = [kind for kind, _ in receivers]
    return [
        _notice(case, kind, message, text)
        for kind, message, text in zip(kinds, messages, texts, strict=True)
    ]


def _message(case: _Case, kind: ReceiverKind, receiver: str) -> Message:
    act = case.act
    effective_at = act.event.members.get("effective_at")
    return Message(
        notice_id=uuid7(),
        to=receiver,
        event=act.event.type.value,
        consent_id=case.consent_id,
        chain_id=case.chain.id,
        digest=case.digest,
        effective_at=effective_at if isinstance(effective_at, datetime) else act.at,
        entry_id=act.entry_id,
        event_id=act.event_id,
        must_ack=owes_answer(kind, act.event.type),
    )


def _notice(case: _Case, kind: ReceiverKind, message: Message, text: str) -> Notice:
    chain, act = case.chain, case.act
    wait = timedelta(seconds=case.uow.settings.notice_escalate_seconds)
    return Notice(
        id=message.notice_id,
        receiver=message.to,
        kind=kind,
        act=message.event,
        event_id=act.event_id,
        entry_id=act.entry_id,
        chain_id=chain.id,
        consent_id=case.consent_id,
        digest=message.digest,
        enterprise_id=chain.enterprise_id,
        person_id=chain.person_id,
        bank_id=chain.bank_id,
        effective_at=message.effective_at,
        made_at=act.at,
        escalate_at=act.at + wait,
        must_ack=message.must_ack,
        jws=text,
        sha256=notice_sha256(text),
    )
