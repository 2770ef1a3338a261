"""The log of department calls, from which oversight counts."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from yidaitong.departments.answers import Outcome
from yidaitong.departments.models import DepartmentCall
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One finished call of one resource under one consent chain.

    ``request_id`` is the pull, ``line_id`` its line. ``outcome`` is None when the answer could not
    be trusted, ``why`` then says so. Retries of one call share ``idempotency_key``.
    """

    request_id: UUID
    line_id: UUID | None = None
    resource: str
    chain_id: UUID
    enterprise_id: UUID
    bank_id: str | None = None
    outcome: Outcome | None
    why: str | None = None
    as_of: date | None = None
    started_at: datetime
    ended_at: datetime
    idempotency_key: str


def record_call(uow: UnitOfWork, call: Call) -> bool:
    """Write one call to the log; False if its idempotency key is there already."""
    resource = RESOURCES[call.resource]
    fresh = None
    if call.as_of is not None:
        age = business_date(call.ended_at) - call.as_of
        fresh = age <= timedelta(days=resource.freshness_sla_days)
    made = uow.session.execute(
        insert(DepartmentCall)
        .values(
            id=uuid7(),
            request_id=call.request_id,
            line_id=call.line_id,
            department=resource.department,
            resource=call.resource,
            chain_id=call.chain_id,
            enterprise_id=call.enterprise_id,
            bank_id=call.bank_id,
            outcome=call.outcome,
            why=call.why,
            as_of=call.as_of,
            fresh=fresh,
            started_at=call.started_at,
            ended_at=call.ended_at,
            idempotency_key=call.idempotency_key,
        )
        .on_conflict_do_nothing(index_elements=["idempotency_key"])
        .returning(DepartmentCall.id)
    ).scalar_one_or_none()
    return made is not None
