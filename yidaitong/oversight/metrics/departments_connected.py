"""M01: departments that really answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from yidaitong.departments.models import DepartmentCall, ResourceEntry, ResourceState
from yidaitong.departments.queries import departments
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.definitions import Metric, Moment, Page, Row, Unit
from yidaitong.oversight.sources import ANSWERED

_DAYS: Final = 30


def _connected(uow: UnitOfWork, moment: Moment) -> Sequence[tuple[str, int, datetime]]:
    """Code, replies and last reply of each connected department."""
    online = select(ResourceEntry.department_code).where(
        ResourceEntry.superseded_at.is_(None), ResourceEntry.state == ResourceState.ONLINE
    )
    calls = (
        select(
            DepartmentCall.department,
            func.count(DepartmentCall.id),
            func.max(DepartmentCall.ended_at),
        )
        .where(
            DepartmentCall.outcome.in_(ANSWERED),
            DepartmentCall.ended_at >= moment.back(_DAYS),
            DepartmentCall.ended_at < moment.until,
            DepartmentCall.department.in_(online),
        )
        .group_by(DepartmentCall.department)
        .order_by(DepartmentCall.department)
    )
    return [(code, replies, last) for code, replies, last in uow.session.execute(calls)]


def _value(uow: UnitOfWork, moment: Moment) -> int:
    return len(_connected(uow, moment))


def _rows(uow: UnitOfWork, moment: Moment, page: Page) -> list[Row]:
    names = {row.code: Text(row.name_zh, row.name_en) for row in departments(uow)}
    found = [
        Row(key=code, cells=(code, names.get(code, Text(code, code)), replies, last))
        for code, replies, last in _connected(uow, moment)
    ]
    return [row for row in found if page.after is None or row.key > page.after][: page.limit]


METRIC = Metric(
    id="M01",
    text=Text("接入部门数", "Departments connected"),
    unit=Unit.COUNT,
    definition=Text(
        "至少有一项资源在线，且最近 30 天内至少有一次“有数据”或“无记录”答复的部门数",
        "Departments with at least one resource online and at least one reply with data or a dated "
        "“no record” in the last 30 days",
    ),
    columns=(
        Text("代码", "Code"),
        Text("部门", "Department"),
        Text("答复次数", "Replies"),
        Text("最近答复", "Last reply"),
    ),
    value=_value,
    rows=_rows,
)
