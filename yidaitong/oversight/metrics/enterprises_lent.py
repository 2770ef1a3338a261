"""M06: enterprises that were lent to."""

from typing import Any

from sqlalchemy import Select, func, select

from yidaitong.enterprises.areas import district_name
from yidaitong.enterprises.models import Enterprise
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.loan_models import LoanEventRow
from yidaitong.oversight.definitions import (
    AMOUNT,
    AN_ENTERPRISE,
    DISTRICT,
    Metric,
    Moment,
    Page,
    Row,
    Unit,
)
from yidaitong.oversight.sources import PaidOut, pseudonym


def _lent(moment: Moment) -> Select[Any]:
    """One row a credit code with a net amount above zero."""
    paid = PaidOut(moment)
    net = func.sum(paid.adds)
    return (
        paid.rows(
            Enterprise.uscc_index,
            func.max(Enterprise.district).label("district"),
            net.label("fen"),
        )
        .join(Enterprise, Enterprise.id == LoanEventRow.enterprise_id)
        .group_by(Enterprise.uscc_index)
        .having(net > 0)
    )


def _value(uow: UnitOfWork, moment: Moment) -> int:
    return uow.session.scalar(select(func.count()).select_from(_lent(moment).subquery())) or 0


def _rows(uow: UnitOfWork, moment: Moment, page: Page) -> list[Row]:
    query = _lent(moment).order_by(Enterprise.uscc_index).limit(page.limit)
    if page.after is not None:
        query = query.where(Enterprise.uscc_index > bytes.fromhex(page.after))
    return [
        Row(
            key=row.uscc_index.hex(),
            cells=(pseudonym(row.uscc_index), district_name(row.district), int(row.fen)),
        )
        for row in uow.session.execute(query)
    ]


METRIC = Metric(
    id="M06",
    text=Text("放款企业数", "Enterprises lent to"),
    unit=Unit.COUNT,
    definition=Text(
        "截至统计日放款净额（扣除冲正）大于零的企业数，按统一社会信用代码去重",
        "Enterprises whose disbursements net of reversals are above zero, one per credit code",
    ),
    columns=(AN_ENTERPRISE, DISTRICT, AMOUNT),
    value=_value,
    rows=_rows,
)
