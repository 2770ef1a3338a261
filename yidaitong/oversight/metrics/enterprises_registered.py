"""M04: enterprises that registered."""

from sqlalchemy import ColumnElement, func, select

from yidaitong.enterprises.areas import district_name
from yidaitong.enterprises.models import Enterprise
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.definitions import (
    AN_ENTERPRISE,
    DISTRICT,
    Metric,
    Moment,
    Page,
    Row,
    Unit,
)
from yidaitong.oversight.sources import pseudonym


def _counted(moment: Moment) -> ColumnElement[bool]:
    return Enterprise.registered_at < moment.until


def _value(uow: UnitOfWork, moment: Moment) -> int:
    query = select(func.count(func.distinct(Enterprise.uscc_index))).where(_counted(moment))
    return uow.session.scalar(query) or 0


def _rows(uow: UnitOfWork, moment: Moment, page: Page) -> list[Row]:
    # A code that was closed and registered again is one enterprise: its first registration counts.
    query = (
        select(
            Enterprise.uscc_index,
            Enterprise.district,
            func.min(Enterprise.registered_at).label("at"),
        )
        .where(_counted(moment))
        .group_by(Enterprise.uscc_index, Enterprise.district)
        .order_by(Enterprise.uscc_index)
        .limit(page.limit)
    )
    if page.after is not None:
        query = query.where(Enterprise.uscc_index > bytes.fromhex(page.after))
    return [
        Row(
            key=row.uscc_index.hex(),
            cells=(pseudonym(row.uscc_index), district_name(row.district), row.at),
        )
        for row in uow.session.execute(query)
    ]


METRIC = Metric(
    id="M04",
    text=Text("注册企业数", "Enterprises registered"),
    unit=Unit.COUNT,
    definition=Text(
        "截至统计日法定代表人已核验并开通账户的企业数，按统一社会信用代码去重；草稿不计",
        "Enterprises whose legal representative was verified and whose account was opened by the "
        "end of the day, one per unified social credit code; drafts do not count",
    ),
    columns=(AN_ENTERPRISE, DISTRICT, Text("注册时间", "Registered")),
    value=_value,
    rows=_rows,
)
