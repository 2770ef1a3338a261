"""Reading the catalogue: what is served, what is not and why, who answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select

from yidaitong.departments.definitions import Department
from yidaitong.departments.models import DepartmentRow, ResourceEntry, ResourceState
from yidaitong.departments.registry import DEPARTMENTS, RESOURCES
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork


class NotServed(StrEnum):
    """Why a resource cannot be served to a bank."""

    # Wire format: append only.
    UNKNOWN = "UNKNOWN"
    OFFLINE = "OFFLINE"
    STOPPED = "STOPPED"
    NOT_RELEASED = "NOT_RELEASED"

    @property
    def text(self) -> Text:
        """Words for people."""
        return _TEXTS[self]


_TEXTS = {
    NotServed.UNKNOWN: Text("目录中没有该资源", "Not in the catalogue"),
    NotServed.OFFLINE: Text("资源未上线", "Offline"),
    NotServed.STOPPED: Text("资源已紧急停用", "Stopped"),
    NotServed.NOT_RELEASED: Text("不可转供银行", "Not cleared for release to banks"),
}


@dataclass(frozen=True, slots=True)
class Unservable:
    """One resource that cannot be served, and why."""

    resource: str
    why: NotServed


def department_of(resource: str) -> Department:
    """The department that answers for ``resource`` (such as ``SAMR.REG``).

    Raises:
        NotFoundError: no department offers it.
    """
    if resource not in RESOURCES:
        raise NotFoundError(f"no resource {resource}")
    return DEPARTMENTS[RESOURCES[resource].department]


def servable(uow: UnitOfWork, resources: Iterable[str]) -> list[Unservable]:
    """Those of ``resources`` that cannot be served to a bank now; empty when all can."""
    asked = sorted(set(resources))
    current = {
        entry.resource: entry
        for entry in uow.session.scalars(
            select(ResourceEntry).where(
                ResourceEntry.resource.in_(asked), ResourceEntry.superseded_at.is_(None)
            )
        )
    }
    found = ((code, _why_not(current.get(code))) for code in asked)
    return [Unservable(code, why) for code, why in found if why is not None]


def _why_not(entry: ResourceEntry | None) -> NotServed | None:
    if entry is None or entry.resource not in RESOURCES:
        return NotServed.UNKNOWN
    if entry.stopped_at is not None:
        return NotServed.STOPPED
    if entry.state is not ResourceState.ONLINE:
        return NotServed.OFFLINE
    return None if entry.onward_release else NotServed.NOT_RELEASED


def catalogue_version(uow: UnitOfWork) -> int:
    """A number that grows with every published entry; consent artefacts name it."""
    return uow.session.scalar(select(func.count()).select_from(ResourceEntry)) or 0


def departments(uow: UnitOfWork) -> list[DepartmentRow]:
    """All departments of the catalogue, in the order of the screens."""
    rows = uow.session.scalars(select(DepartmentRow))
    last = len(DEPARTMENTS) + 1
    return sorted(
        rows, key=lambda row: DEPARTMENTS[row.code].order if row.code in DEPARTMENTS else last
    )


def entries(uow: UnitOfWork) -> list[ResourceEntry]:
    """The current catalogue entries, by resource code."""
    return list(
        uow.session.scalars(
            select(ResourceEntry)
            .where(ResourceEntry.superseded_at.is_(None))
            .order_by(ResourceEntry.resource)
        )
    )


def entry_of(uow: UnitOfWork, resource: str) -> ResourceEntry:
    """The current catalogue entry of one resource.

    Raises:
        NotFoundError: there is none.
    """
    entry = uow.session.scalar(
        select(ResourceEntry).where(
            ResourceEntry.resource == resource, ResourceEntry.superseded_at.is_(None)
        )
    )
    if entry is None:
        raise NotFoundError(f"no catalogue entry {resource[:32]}")
    return entry
