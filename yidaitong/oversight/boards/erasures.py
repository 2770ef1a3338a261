"""C04: copies banks should have erased and have not."""

from collections.abc import Sequence

from sqlalchemy import func, select

from yidaitong.banks.models import Bank
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.boarding import CHAIN, STATE, Board, Group, Source, tail
from yidaitong.oversight.definitions import BANK, Cell
from yidaitong.packets.lifecycle import RUNNING, CopyState
from yidaitong.packets.models import PacketCopy

# Late at its instant, whether or not the row says so already.
_late = (PacketCopy.state == CopyState.ERASE_OVERDUE) | (
    PacketCopy.state.in_(RUNNING) & (PacketCopy.erase_due_at <= func.clock_timestamp())
)


def _groups(uow: UnitOfWork) -> Sequence[Group]:
    return [
        Group(
            key=bank.id,
            text=Text(bank.name_zh, bank.name_en),
            where=_late & (PacketCopy.bank_id == bank.id),
        )
        for bank in uow.session.scalars(select(Bank).order_by(Bank.id))
    ]


def _cells(row: PacketCopy) -> Sequence[Cell]:
    return (row.erase_due_at, tail(row.chain_id), tail(row.packet_id), row.bank_id, row.state.text)


BOARD = Board(
    id="C04",
    text=Text("逾期未删除", "Erasures overdue"),
    definition=Text(
        "到期仍未收到删除证明的银行留存件，依法留存的除外，按银行",
        "Copies of banks past their erase date without a signed erasure, legal holds left out, "
        "by bank",
    ),
    columns=(
        Text("应删除于", "Due"),
        CHAIN,
        Text("数据包编号", "Packet"),
        BANK,
        STATE,
    ),
    sources=(Source(model=PacketCopy, groups=_groups, cells=_cells),),
)
