"""Verifying the legal representative: steps in the database around the provider's answer."""

import json
from dataclasses import dataclass
from typing import Final

from yidaitong.enterprises import tries
from yidaitong.enterprises.commands import Ticket
from yidaitong.enterprises.evidence import Finding, record_finding
from yidaitong.enterprises.identity import (
    Identity,
    RefusalReason,
    Refused,
    Verified,
    identity_problems,
)
from yidaitong.enterprises.lifecycle import EnterpriseEvent, EnterpriseState, after
from yidaitong.enterprises.models import Enterprise, OnboardingStep
from yidaitong.enterprises.registration import resume
from yidaitong.kernel.crypto.box import DekKind, Place
from yidaitong.kernel.errors import DataGoneError, InvalidRequestError, InvalidStateError
from yidaitong.kernel.text import fold
from yidaitong.kernel.uow import UnitOfWork

RULE_VERSION: Final = 1
_OPEN = frozenset({EnterpriseState.REGISTRY_MATCHED, EnterpriseState.REP_FAILED})


@dataclass(frozen=True, slots=True)
class Question:
    """Whether the provider is to be asked: ``refused`` is set when we know the answer already."""

    refused: Refused | None


def _place(enterprise: Enterprise) -> Place:
    return Place(
        kind=DekKind.RECORD,
        owner_id=enterprise.id,
        table="enterprise",
        column="rep_sealed",
        row_id=enterprise.id,
    )


def _keys(uow: UnitOfWork, enterprise: Enterprise, identity: Identity) -> tuple[bytes, ...]:
    return (enterprise.uscc_index, tries.person_key(uow, identity.id_number))


def ask(uow: UnitOfWork, ticket: Ticket, identity: Identity) -> Question:
    """Take one of today's tries; ask the provider after this transaction ended.

    Somebody whose name is not the registered representative's is refused without being looked up.

    Raises:
        InvalidRequestError: the three facts cannot be right in form; no try is taken.
        InvalidStateError: the registry has not matched yet, or somebody is verified already.
        VerificationLockedError: no try is left today for this firm or this person.
    """
    problems = identity_problems(identity)
    if problems:
        raise InvalidRequestError("identity", fields=problems)
    scoped, enterprise = resume(uow, ticket)
    if enterprise.state not in _OPEN:
        raise InvalidStateError(f"enterprise {enterprise.id} is {enterprise.state}")
    tries.take(scoped, _keys(uow, enterprise, identity))
    if fold(identity.name) != fold(enterprise.rep_name or ""):
        return Question(Refused(RefusalReason.NOT_REPRESENTATIVE))
    return Question(None)


def record(
    uow: UnitOfWork, ticket: Ticket, identity: Identity, outcome: Verified | Refused
) -> Enterprise:
    """Keep the provider's answer; a verified person waits, sealed, for the account."""
    scoped, enterprise = resume(uow, ticket)
    verified = isinstance(outcome, Verified)
    event = EnterpriseEvent.REP_ACCEPTED if verified else EnterpriseEvent.REP_REFUSED
    enterprise.state = after(enterprise.state, event)
    if verified:
        tries.give_back(scoped, _keys(uow, enterprise, identity))
        facts = {
            "name": enterprise.rep_name,
            "id_number": identity.id_number,
            "mobile": identity.mobile,
        }
        enterprise.rep_sealed = uow.crypto.seal(
            uow.session, _place(enterprise), json.dumps(facts).encode()
        )
    record_finding(
        scoped,
        enterprise.id,
        Finding(
            step=OnboardingStep.REPRESENTATIVE,
            result="VERIFIED" if isinstance(outcome, Verified) else outcome.reason.value,
            rule_version=RULE_VERSION,
            response_ref=outcome.serial or None,
        ),
    )
    return enterprise


def give_up(uow: UnitOfWork, ticket: Ticket, identity: Identity) -> None:
    """The provider gave no answer: the try is not counted."""
    scoped, enterprise = resume(uow, ticket)
    tries.give_back(scoped, _keys(uow, enterprise, identity))


def verified_identity(uow: UnitOfWork, enterprise: Enterprise) -> Identity:
    """The three facts the provider confirmed.

    Raises:
        DataGoneError: nobody is verified, or the account is open and they were dropped.
    """
    if enterprise.rep_sealed is None:
        raise DataGoneError(f"nobody waits at enterprise {enterprise.id}")
    facts = json.loads(uow.crypto.open(uow.session, _place(enterprise), enterprise.rep_sealed))
    return Identity(facts["name"], facts["id_number"], facts["mobile"])
