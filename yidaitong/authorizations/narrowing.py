"""Less than was asked, or less than was granted: one signatory may always want that."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from uuid import UUID

from consent import service
from consent.artefact import ConsentArtefact, Dataset, write_at
from yidaitong import audit
from yidaitong.authorizations.asking import keep_text
from yidaitong.authorizations.desk import desk_of
from yidaitong.authorizations.queries import ask_of_enterprise
from yidaitong.authorizations.rewording import Origin, reworded
from yidaitong.authorizations.scope import less_items
from yidaitong.enterprises.mandates import may_sign
from yidaitong.kernel.clock import SHANGHAI
from yidaitong.kernel.errors import InvalidRequestError
from yidaitong.kernel.uow import UnitOfWork

# Whoever may refuse all may refuse a part.
NARROW = "consent.deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Less:
    """What is left out: resources or items by name, time, months looked back on, calls.

    ``until`` is the last day (Beijing time), ``from_on`` the first day looked back on.
    """

    drop: frozenset[str] = frozenset()
    until: date | None = None
    from_on: date | None = None
    calls: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """A request with its new text; signatures so far were dropped."""

    request_id: UUID
    digest: str


def narrow(uow: UnitOfWork, request_id: UUID, less: Less) -> Narrowed:
    """Ask for less than ``request_id`` does; everybody signs anew.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such request, or somebody else's.
        InvalidRequestError: nothing of that name is asked.
        InvalidScopeError: it is no less, or leaves out what the product cannot do without.
        RequestLapsedError: the time to sign is over.
        InvalidStateError: the request is closed.
        MandateInsufficientError: the actor is no signatory.
    """
    uow.actor.require(NARROW)
    asked = ask_of_enterprise(uow, request_id)
    may_sign(uow)
    origin = Origin(
        enterprise_id=uow.actor.enterprise_id,
        person_id=uow.actor.person_id if asked.personal else None,
        amends=asked.amends,
    )
    draft = reworded(uow, narrowed(asked.artefact, less), origin)
    request = service.narrow(desk_of(uow), request_id, draft.artefact)
    keep_text(uow, draft, uow.clock())
    audit.record(uow, "consent.narrow", object_type="consent_request", object_id=request_id)
    return Narrowed(request_id=request_id, digest=request.digest)


def narrowed(artefact: ConsentArtefact, less: Less) -> ConsentArtefact:
    """The body with less in it; the text is not written yet.

    Raises:
        InvalidRequestError: a name is not in it, or a number or date cannot be.
    """
    known = {*artefact.resources, *(item for one in artefact.datasets for item in one.items)}
    strange = less.drop - known
    if strange:
        raise InvalidRequestError("drop", fields={"drop": "CHOICE"})
    datasets = tuple(_kept(artefact.datasets, less))
    kept = {dataset.resource for dataset in datasets}
    frequency = artefact.frequency
    if less.calls is not None:
        frequency = replace(frequency, n=less.calls)
    return replace(
        artefact,
        datasets=datasets,
        data_filter=tuple(one for one in artefact.data_filter if one.resource in kept),
        frequency=frequency,
        total_quota=None if artefact.total_quota is None else frequency.n,
        expires_at=_end(artefact, less.until),
    )


def _kept(datasets: Iterable[Dataset], less: Less) -> Iterable[Dataset]:
    for dataset in datasets:
        items = set(dataset.items) - less.drop
        if dataset.resource in less.drop or not items:
            continue
        kept = dataset if items == set(dataset.items) else less_items(dataset, items)
        yield _later(kept, less.from_on)


def _later(dataset: Dataset, from_on: date | None) -> Dataset:
    span = dataset.range
    if from_on is None or span is None or from_on.isoformat() <= span.from_on:
        return dataset
    if from_on.isoformat() >= span.to_on:
        raise InvalidRequestError("from_on", fields={"from_on": "TOO_LARGE"})
    return replace(dataset, range=replace(span, from_on=from_on.isoformat()))


def _end(artefact: ConsentArtefact, until: date | None) -> str:
    if until is None:
        return artefact.expires_at
    end = datetime.combine(until, time.max, SHANGHAI)
    return write_at(min(end, artefact.validity[1]))
