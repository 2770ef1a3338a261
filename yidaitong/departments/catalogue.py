"""The catalogue (政务信息资源目录): publish definitions, stop and resume a resource."""

import base64
import hashlib
import json
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from yidaitong.audit import recording as audit
from yidaitong.departments.definitions import Resource
from yidaitong.departments.models import DepartmentRow, ResourceEntry, ResourceState
from yidaitong.departments.registry import DEPARTMENTS, RESOURCES
from yidaitong.kernel.errors import FourEyesError, InvalidStateError, NotFoundError
from yidaitong.kernel.uow import UnitOfWork

STOP = "catalogue.stop"
RESUME = "catalogue.resume"


@dataclass(frozen=True, slots=True)
class Seeded:
    """What ``seed`` published: new departments and new versions of entries."""

    departments: int
    entries: int


def definition_digest(resource: Resource) -> str:
    """SHA-256, base64url, of everything the definition says; a change makes a new version."""
    text = json.dumps(asdict(resource), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def seed(uow: UnitOfWork) -> Seeded:
    """Bring the catalogue to the definitions of the registry. Safe to repeat.

    A changed definition becomes a new version, and keeps the state and the kill switch of the old.
    """
    rows = [
        {
            "code": department.code,
            "name_zh": department.text.zh,
            "name_en": department.text.en,
            "uscc": department.uscc,
            "joined_at": uow.now,
        }
        for department in DEPARTMENTS.values()
    ]
    made = uow.session.execute(
        insert(DepartmentRow).values(rows).on_conflict_do_nothing().returning(DepartmentRow.code)
    ).all()
    current = {entry.resource: entry for entry in _current(uow)}
    published = [_publish(uow, r, current.get(r.code)) for r in RESOURCES.values()]
    uow.session.flush()
    return Seeded(len(made), sum(published))


def stop(uow: UnitOfWork, resource: str, reason: str) -> ResourceEntry:
    """Pull the kill switch: nobody is served from now on.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such entry.
        InvalidStateError: it is stopped already.
    """
    uow.actor.require(STOP)
    entry = _locked(uow, resource)
    if entry.stopped_at is not None:
        raise InvalidStateError(f"resource {resource} is stopped")
    entry.stopped_at = uow.clock()
    entry.stopped_by = uow.actor.person_id
    entry.stop_reason = reason
    audit.record(uow, "catalogue.stop", object_type="resource", object_id=resource)
    uow.session.flush()
    return entry


def resume(uow: UnitOfWork, resource: str) -> ResourceEntry:
    """Serve again what was stopped; another natural person than the one who stopped it.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such entry.
        InvalidStateError: it is not stopped.
        FourEyesError: the same person stopped it.
    """
    uow.actor.require(RESUME)
    entry = _locked(uow, resource)
    if entry.stopped_at is None:
        raise InvalidStateError(f"resource {resource} is not stopped")
    if entry.stopped_by is not None and entry.stopped_by == uow.actor.person_id:
        raise FourEyesError(f"{entry.stopped_by} stopped resource {resource}")
    entry.stopped_at = entry.stopped_by = entry.stop_reason = None
    audit.record(uow, "catalogue.resume", object_type="resource", object_id=resource)
    uow.session.flush()
    return entry


def _current(uow: UnitOfWork) -> list[ResourceEntry]:
    query = select(ResourceEntry).where(ResourceEntry.superseded_at.is_(None)).with_for_update()
    return list(uow.session.scalars(query))


def _locked(uow: UnitOfWork, resource: str) -> ResourceEntry:
    entry = uow.session.scalar(
        select(ResourceEntry)
        .where(ResourceEntry.resource == resource, ResourceEntry.superseded_at.is_(None))
        .with_for_update()
    )
    if entry is None:
        raise NotFoundError(f"no catalogue entry {resource}")
    return entry


def _publish(uow: UnitOfWork, resource: Resource, old: ResourceEntry | None) -> bool:
    digest = definition_digest(resource)
    if old is not None and old.definition_sha256 == digest:
        return False
    if old is not None:
        old.superseded_at = uow.now
        uow.session.flush()  # One current version: the old one leaves first.
    uow.session.add(
        ResourceEntry(
            resource=resource.code,
            version=1 if old is None else old.version + 1,
            department_code=resource.department,
            state=ResourceState.ONLINE if old is None else old.state,
            share_type=resource.share_type,
            onward_release=resource.onward_release,
            onward_basis_zh=resource.onward_basis.zh,
            onward_basis_en=resource.onward_basis.en,
            freshness_sla_days=resource.freshness_sla_days,
            look_back_months=resource.look_back_months,
            negative_list=resource.negative_list,
            definition_sha256=digest,
            published_at=uow.now,
            stopped_at=None if old is None else old.stopped_at,
            stopped_by=None if old is None else old.stopped_by,
            stop_reason=None if old is None else old.stop_reason,
        )
    )
    return True
