"""Amendments and renewals: what may follow a consent, and the edge to its next version (A10)."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from consent import errors
from consent.artefact import ConsentArtefact
from consent.chains import LiveChain, Step, artefact_of, move
from consent.differences import diff_sha256, narrows
from consent.events import EventType
from consent.lifecycle import LIVE, ConsentState, next_due, state_at
from consent.models import Chain, ConsentRow
from consent.ports import Desk

AMENDED = "AMENDED"


def check_links(desk: Desk, artefact: ConsentArtefact, principal: tuple[UUID, UUID | None]) -> None:
    """Refuse an amendment or renewal that does not continue what it names.

    Raises:
        InvalidScopeError: the named consent is no living one of the same parties and purpose, or
            the draft does not join on to it; one signature where it does more than narrow.
    """
    if artefact.supersedes is not None:
        chain = _named(desk, artefact, artefact.supersedes, principal)
        _check_amendment(desk, chain, artefact)
    elif artefact.renews is not None:
        chain = _named(desk, artefact, artefact.renews, principal)
        if artefact.validity[0] < chain.ends_at.replace(microsecond=0):
            raise _wrong(artefact, "starts_at")


def only_narrows(desk: Desk, chain: Chain, artefact: ConsentArtefact) -> bool:
    """Whether an amendment allows nothing the present version does not."""
    return narrows(artefact_of(desk, chain), artefact)


def supersede(desk: Desk, live: LiveChain, consent: ConsentRow, artefact: ConsentArtefact) -> None:
    """End the present version of a locked chain and let the new one take its place (A10).

    Counters, pause and suspension stay with the chain; its state is what clock and they say.

    Raises:
        InvalidStateError: the consent has ended, or is another version than the one named.
    """
    row = live.row
    if artefact.supersedes != str(row.consent_id):
        raise errors.InvalidStateError(f"chain {row.id} is at {row.consent_id}")
    members = {
        "new_consent_id": consent.id,
        "diff_sha256": diff_sha256(artefact_of(desk, row), artefact),
    }
    step = Step(
        event=EventType.CONSENT_SUPERSEDED,
        after=ConsentState.SUPERSEDED,
        reason=AMENDED,
        members=members,
    )
    move(desk, row, step, live.at)
    _begin(row, consent, artefact, live.at)


def _begin(row: Chain, consent: ConsentRow, artefact: ConsentArtefact, at: datetime) -> None:
    row.consent_id, row.digest = consent.id, consent.digest
    row.m = artefact.mandate.quorum.m
    row.starts_at, row.ends_at = consent.starts_at, consent.expires_at
    row.end_cause, row.ended_at = "TIME", None
    row.state = state_at(replace(row.facts, recorded=ConsentState.SCHEDULED), at)
    if row.state not in LIVE:
        raise errors.RequestLapsedError(f"chain {row.id}")
    row.due_at = next_due(row.facts)
    row.renew_offered_at = None
    row.epoch += 1


def _named(
    desk: Desk, artefact: ConsentArtefact, consent_id: str, principal: tuple[UUID, UUID | None]
) -> Chain:
    enterprise_id, person_id = principal
    bank_id = None if artefact.controller is None else artefact.controller.bank_id
    chain = desk.session.scalars(
        select(Chain).where(
            Chain.consent_id == UUID(consent_id),
            Chain.enterprise_id == enterprise_id,
            Chain.person_id.is_not_distinct_from(person_id),
            Chain.bank_id.is_not_distinct_from(bank_id),
            Chain.purpose == artefact.purpose.code,
            Chain.product_id == artefact.product.product_id,
        )
    ).one_or_none()
    if chain is None or state_at(chain.facts, desk.clock()) not in LIVE:
        raise _wrong(artefact, "supersedes" if artefact.supersedes else "renews")
    return chain


def _check_amendment(desk: Desk, chain: Chain, artefact: ConsentArtefact) -> None:
    known = desk.session.get_one(ConsentRow, chain.consent_id)
    old = artefact_of(desk, chain)
    less = narrows(old, artefact)
    problems = {
        "chain_id": artefact.chain_id != str(chain.id),
        "version": artefact.version != known.version + 1,
        "prev_digest": artefact.prev_digest != chain.digest,
        "companion_of": artefact.companion_of != old.companion_of,
        # Another unit would open new windows: calls used up would come back.
        "frequency": replace(artefact.frequency, n=1) != replace(old.frequency, n=1),
        "quorum": artefact.mandate.quorum.m < chain.m and not less,
    }
    for name, wrong in problems.items():
        if wrong:
            raise _wrong(artefact, name)


def _wrong(artefact: ConsentArtefact, member: str) -> errors.InvalidScopeError:
    return errors.InvalidScopeError(f"request {artefact.request_id}", fields=[member])
