"""M07: money paid out, net of reversals."""

from sqlalchemy import select

from yidaitong.banks.models import Bank
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.loan_models import LoanEventRow
from yidaitong.oversight.definitions import (
    AMOUNT,
    BANK,
    BUSINESS_DATE,
    Metric,
    Moment,
    Page,
    Row,
    Unit,
)
from yidaitong.oversight.sources import PaidOut


def _value(uow: UnitOfWork, moment: Moment) -> int:
    return int(uow.session.scalar(PaidOut(moment).total()) or 0)


def _rows(uow: UnitOfWork, moment: Moment, page: Page) -> list[Row]:
    paid = PaidOut(moment)
    query = (
        paid.rows(
            LoanEventRow.seq,
            LoanEventRow.business_date,
            LoanEventRow.bank_id,
            LoanEventRow.serial,
            LoanEventRow.kind,
            paid.adds.label("fen"),
        )
        .order_by(LoanEventRow.seq.desc())
        .limit(page.limit)
    )
    if page.after is not None:
        query = query.where(LoanEventRow.seq < int(page.after))
    names = {
        bank.id: Text(bank.name_zh, bank.name_en) for bank in uow.session.scalars(select(Bank))
    }
    return [
        Row(
            key=str(row.seq),
            cells=(
                row.business_date,
                names.get(row.bank_id, row.bank_id),
                row.serial,
                row.kind.text,
                row.fen,
            ),
            adds=row.fen,
        )
        for row in uow.session.execute(query)
    ]


METRIC = Metric(
    id="M07",
    text=Text("累计放款金额", "Amount paid out"),
    unit=Unit.FEN,
    definition=Text(
        "截至统计日（业务日期）全部放款金额之和减去被冲正的放款",
        "All disbursements up to the business date, less those that were reversed",
    ),
    columns=(BUSINESS_DATE, BANK, Text("银行流水号", "Serial"), Text("事件", "Event"), AMOUNT),
    value=_value,
    rows=_rows,
)
