"""Revised texts: consents stay on theirs unless the revision asks for a new consent by a date."""

from collections.abc import Mapping
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import func, select

from consent import service
from consent.lifecycle import LIVE, ConsentState
from consent.models import Chain, ConsentRow
from yidaitong.authorizations import text
from yidaitong.authorizations.desk import desk_of
from yidaitong.authorizations.models import AuthorizationText, TextRevision
from yidaitong.authorizations.purposes import TERMS
from yidaitong.authorizations.signing import RECONSENT
from yidaitong.authorizations.stopping import promise_hold
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork

JOB = "consents.reconsent"

# One id a template for ever: its events are counted under it.
TEMPLATES: Mapping[str, tuple[Text, ...]] = {
    **{
        terms.template_id: (text.template_for(purpose, person=False),)
        for purpose, terms in TERMS.items()
    },
    **{
        f"{terms.template_id}{text.PERSONAL_SUFFIX}": (
            text.PERSONAL,
            text.template_for(purpose, person=True),
        )
        for purpose, terms in TERMS.items()
    },
}


def template_of(template_id: str) -> UUID:
    """The id a template's events are counted under.

    Raises:
        ValueError: there is no such template.
    """
    if template_id not in TEMPLATES:
        raise ValueError(template_id)
    return uuid5(NAMESPACE_URL, f"yidaitong:template:{template_id}")


def revise(
    uow: UnitOfWork, template_id: str, order_id: UUID, reconsent_by: datetime | None
) -> list[TextRevision]:
    """Write down that today's wording of a template is in force, by an order of two persons."""
    made = []
    for template in TEMPLATES[template_id]:
        count = select(func.count()).where(TextRevision.template_id == template_id)
        revision = TextRevision(
            template_id=template_id,
            rev_sha256=text.revision_sha256(template),
            n=(uow.session.scalar(count) or 0) + 1,
            order_id=order_id,
            revised_at=uow.now,
            reconsent_by=reconsent_by,
        )
        uow.session.add(revision)
        uow.session.flush()
        _note(uow, revision)
        made.append(revision)
    return made


def suspend_overdue(uow: UnitOfWork, limit: int = 200) -> list[UUID]:
    """Let consents wait whose text had to be agreed to anew by now (A5); which. Safe to repeat."""
    overdue = uow.session.scalars(
        select(TextRevision).where(TextRevision.reconsent_by <= uow.clock())
    ).all()
    if not overdue:
        return []
    chains = uow.session.scalars(
        select(Chain.id)
        .join(ConsentRow, ConsentRow.id == Chain.consent_id)
        .join(AuthorizationText, AuthorizationText.request_id == ConsentRow.request_id)
        .where(
            Chain.state.in_(LIVE - {ConsentState.SUSPENDED}),
            AuthorizationText.template_id.in_({one.template_id for one in overdue}),
            AuthorizationText.template_rev_sha256.not_in({one.rev_sha256 for one in overdue}),
        )
        .order_by(Chain.id)
        .limit(limit)
        .distinct()
    ).all()
    return [one for one in chains if _wait(uow, one)]


def _wait(uow: UnitOfWork, chain_id: UUID) -> bool:
    desk = desk_of(uow, job=JOB)
    live = service.lock_chain(desk, chain_id)
    if not live.is_live or live.row.suspended:
        return False
    service.suspend(desk, chain_id, service.Order(reason_class=RECONSENT))
    promise_hold(uow, chain_id)
    return True


def _note(uow: UnitOfWork, revision: TextRevision) -> None:
    service.record(
        desk_of(uow),
        service.Event(
            type=service.EventType.TEMPLATE_REVISED,
            ref=template_of(revision.template_id),
            n=revision.n,
            members={
                "template_id": revision.template_id,
                "rev_sha256": revision.rev_sha256,
                "requires_reconsent": None
                if revision.reconsent_by is None
                else revision.reconsent_by,
            },
        ),
    )
