"""C06: books that disagree about a pull."""

from collections.abc import Sequence

from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.boarding import CHAIN, PULL, Board, Group, Source, tail
from yidaitong.oversight.definitions import BANK, Cell
from yidaitong.packets.lifecycle import MismatchKind
from yidaitong.packets.models import Mismatch


def _groups(_uow: UnitOfWork) -> Sequence[Group]:
    return [
        Group(key=kind.lower(), text=kind.text, where=Mismatch.kind == kind)
        for kind in MismatchKind
    ]


def _cells(row: Mismatch) -> Sequence[Cell]:
    return (row.found_at, tail(row.chain_id), tail(row.pull_id), row.bank_id)


BOARD = Board(
    id="C06",
    text=Text("对账差异", "Mismatches"),
    definition=Text(
        "每日核对部门发送、平台签发与银行签收三本账时发现的差异，按种类，只增不减",
        "Differences the daily comparison of what departments sent, what was released and what "
        "banks signed for has found, by kind; they stay",
    ),
    columns=(Text("发现于", "Found"), CHAIN, PULL, BANK),
    sources=(Source(model=Mismatch, groups=_groups, cells=_cells),),
)
