"""M02: banks that take part and offer something."""

from datetime import date

from sqlalchemy import Select, func, select

from yidaitong.banks.models import AgreementState, Bank, BankAgreement
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.definitions import BANK, Metric, Moment, Page, Row, Unit
from yidaitong.oversight.sources import on_offer
from yidaitong.products.models import ProductVersion


def _connected(moment: Moment) -> Select[str, str, str, date]:
    offering = select(ProductVersion.bank_id).where(*on_offer(moment))
    return (
        select(Bank.id, Bank.name_zh, Bank.name_en, func.max(BankAgreement.starts_on).label("on"))
        .join(BankAgreement, BankAgreement.bank_id == Bank.id)
        .where(
            BankAgreement.state == AgreementState.ACTIVE,
            BankAgreement.starts_on <= moment.as_of,
            BankAgreement.ends_on >= moment.as_of,
            Bank.id.in_(offering),
        )
        .group_by(Bank.id)
    )


def _value(uow: UnitOfWork, moment: Moment) -> int:
    return uow.session.scalar(select(func.count()).select_from(_connected(moment).subquery())) or 0


def _rows(uow: UnitOfWork, moment: Moment, page: Page) -> list[Row]:
    query = _connected(moment).order_by(Bank.id).limit(page.limit)
    if page.after is not None:
        query = query.where(Bank.id > page.after)
    return [
        Row(key=row.id, cells=(row.id, Text(row.name_zh, row.name_en), row.on))
        for row in uow.session.execute(query)
    ]


METRIC = Metric(
    id="M02",
    text=Text("接入银行数", "Banks connected"),
    unit=Unit.COUNT,
    definition=Text(
        "合作协议有效且至少有一个已生效产品的银行数",
        "Banks whose agreement is in force and that have at least one product in effect",
    ),
    columns=(Text("编号", "Code"), BANK, Text("协议起始日", "Agreement from")),
    value=_value,
    rows=_rows,
)
