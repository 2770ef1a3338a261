"""What the page of one request shows, gathered from the services."""

from typing import Any
from uuid import UUID

from bank_portal.case_view import product_names
from consent.lifecycle import RequestState
from yidaitong.authorizations import bank_asks
from yidaitong.authorizations.bank_asks import BankRequestInFull
from yidaitong.authorizations.purposes import TERMS, Purpose
from yidaitong.authorizations.queries import Authorization, authorization_of
from yidaitong.authorizations.scope_groups import groups
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.loan_queries import loan_of_application
from yidaitong.packets.queries import packets_of_chain
from yidaitong.pulls.queries import progress_of_chain


def context(uow: UnitOfWork, request_id: UUID) -> dict[str, Any]:
    """The request, its scope, and once it is granted the consent, its pulls and packets."""
    found = bank_asks.ask_of_bank(uow, request_id)
    consent = _consent(uow, found)
    chain_id = found.line.chain_id
    return {
        "found": found,
        "one": found.line,
        "groups": groups(found.artefact),
        "purpose": TERMS[Purpose(found.line.purpose)].text,
        "names": product_names(uow),
        "loan": loan_of_application(uow, found.line.application_id),
        "consent": consent,
        "pulls": [] if consent is None else progress_of_chain(uow, chain_id),
        "packets": [] if consent is None else packets_of_chain(uow, chain_id),
        "key": str(uuid7()),
    }


def _consent(uow: UnitOfWork, found: BankRequestInFull) -> Authorization | None:
    if found.line.state is not RequestState.GRANTED:
        return None
    return authorization_of(uow, found.line.chain_id)
