"""Refusals before anybody signed in, ledgered by the hour: one leaf an hour that had any."""

from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from consent import service
from consent.events import canonical, iso, sha256_b64u
from yidaitong.audit.counting import HOUR, closed_hours, take_hour
from yidaitong.authorizations.desk import desk_of
from yidaitong.kernel.uow import UnitOfWork

JOB: Final = "refusals.roll"
# What is counted. Wire format: append only.
KIND: Final = "REFUSED_BEFORE_SIGN_IN"
# All rollups are versions of one thing: the hour's number since 1970 is the version.
REF: Final = uuid5(NAMESPACE_URL, "yidaitong:security-rollup")
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def roll(uow: UnitOfWork) -> int:
    """Write ``security.rollup`` for each hour that is over; how many. Safe to repeat."""
    hours = closed_hours(uow)
    return sum(_roll_hour(uow, hour) for hour in hours)


def digest_of(hour: datetime, counts: dict[str, int]) -> str:
    """SHA-256 over the hour and its counts by code (RFC 8785), as the event carries it."""
    return sha256_b64u(canonical({"kind": KIND, "hour": iso(hour), "counts": counts}))


def _roll_hour(uow: UnitOfWork, hour: datetime) -> bool:
    counts = dict(take_hour(uow, hour))
    if not counts:
        return False
    service.record(
        desk_of(uow, job=JOB),
        service.Event(
            type=service.EventType.SECURITY_ROLLUP,
            ref=REF,
            n=int((hour - _EPOCH) / HOUR),
            members={
                "kind": KIND,
                "count": sum(counts.values()),
                "digest": digest_of(hour, counts),
            },
        ),
    )
    return True
