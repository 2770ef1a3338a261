"""C07: what came of consents given for an application: a decision, a loan, money."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, exists

from consent.models import Chain
from yidaitong.authorizations.purposes import Purpose
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.kinds import Outcome
from yidaitong.lending.loan_models import Loan
from yidaitong.lending.models import Decision
from yidaitong.oversight.boarding import CHAIN, PURPOSE, Board, Group, Source, tail
from yidaitong.oversight.definitions import BANK, PRODUCT, Cell
from yidaitong.packets.models import Packet

_granted = (
    Chain.application_id.is_not(None)
    & Chain.companion_of.is_(None)
    & (Chain.purpose == Purpose.ORIGINATION.value)
)


def _has(model: Any, *where: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(model.application_id == Chain.application_id, *where)


def _groups(_uow: UnitOfWork) -> Sequence[Group]:
    released = exists().where(Packet.chain_id == Chain.id)
    approved = _has(Decision, Decision.outcome == Outcome.APPROVE)
    steps = (
        ("granted", Text("为申请而授权", "Granted for an application"), _granted),
        ("released", Text("已签发数据", "Data released"), _granted & released),
        ("decided", Text("银行已作决定", "Decided by the bank"), _granted & _has(Decision)),
        ("approved", Text("已批准", "Approved"), _granted & approved),
        ("funded", Text("已放款", "Paid out"), _granted & _has(Loan, Loan.disbursed_fen > 0)),
    )
    return [Group(key=key, text=text, where=where) for key, text, where in steps]


def _cells(row: Chain) -> Sequence[Cell]:
    return (row.starts_at, tail(row.id), row.purpose, row.bank_id, row.product_id)


BOARD = Board(
    id="C07",
    text=Text("授权的结果", "What came of consents"),
    definition=Text(
        "所选天数内起始的、为贷款申请而作的企业授权（不含代表人本人的附随授权）：已签发数据、银行已作决定、"
        "已批准、已放款",
        "Consents of enterprises for an application that start in the window (companion consents "
        "of representatives left out): data released, decided, approved, paid out",
    ),
    columns=(Text("起始", "From"), CHAIN, PURPOSE, BANK, PRODUCT),
    sources=(Source(model=Chain, groups=_groups, cells=_cells, at=Chain.starts_at),),
    funnel=True,
)
