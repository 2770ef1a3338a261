"""M05: successful calls of government data under authorization."""

from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from yidaitong.departments.models import DepartmentCall
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.definitions import BANK, Metric, Moment, Page, Row, Unit
from yidaitong.oversight.sources import ANSWERED


def _counted(moment: Moment) -> tuple[ColumnElement[bool], ...]:
    # A row is written at the answer, under the lock of its consent, once per idempotency key:
    # so it was authorised and is no retry.
    return (DepartmentCall.outcome.in_(ANSWERED), DepartmentCall.ended_at < moment.until)


def _value(uow: UnitOfWork, moment: Moment) -> int:
    query = select(func.count(DepartmentCall.id)).where(*_counted(moment))
    return uow.session.scalar(query) or 0


def _rows(uow: UnitOfWork, moment: Moment, page: Page) -> list[Row]:
    query = select(DepartmentCall).where(*_counted(moment)).order_by(DepartmentCall.id.desc())
    if page.after is not None:
        query = query.where(DepartmentCall.id < UUID(page.after))
    return [
        Row(
            key=str(call.id),
            cells=(
                call.ended_at,
                RESOURCES[call.resource].text if call.resource in RESOURCES else call.resource,
                call.outcome.value if call.outcome else None,
                call.bank_id,
                call.as_of,
                str(call.request_id)[-8:],
            ),
        )
        for call in uow.session.scalars(query.limit(page.limit))
    ]


METRIC = Metric(
    id="M05",
    text=Text("政务数据成功调用次数", "Successful data calls"),
    unit=Unit.COUNT,
    definition=Text(
        "有效授权下结果为“有数据”或“无记录”的（调取、资源）数；同一幂等键的重试只计一次，缓存不计",
        "Pairs of pull and resource answered with data or a dated “no record” under a live "
        "authorization; retries of one call count once, cache hits never",
    ),
    columns=(
        Text("时间", "Time"),
        Text("资源", "Resource"),
        Text("结果", "Outcome"),
        BANK,
        Text("数据日期", "True as of"),
        Text("调取编号", "Pull"),
    ),
    value=_value,
    rows=_rows,
)
