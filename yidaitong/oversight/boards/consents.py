"""C02: how consents stand, and how they ended."""

from collections.abc import Sequence

from sqlalchemy import func

from consent.lifecycle import CONSENT_LABELS, LIVE, ConsentState
from consent.models import Chain
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.boarding import CHAIN, PURPOSE, STATE, Board, Group, Source, tail
from yidaitong.oversight.definitions import BANK, Cell

# The end is true at its instant; a row says so when somebody next looks.
_over = Chain.state.in_(LIVE) & (Chain.ends_at <= func.clock_timestamp())


def _groups(_uow: UnitOfWork) -> Sequence[Group]:
    found = []
    for state in ConsentState:
        label = CONSENT_LABELS[state]
        where = Chain.state == state
        if state is ConsentState.EXPIRED:
            where = where | _over
        elif state in LIVE:
            where = where & ~_over
        found.append(Group(key=state.lower(), text=Text(label.zh, label.en), where=where))
    return found


def _cells(row: Chain) -> Sequence[Cell]:
    label = CONSENT_LABELS[row.state]
    return (
        row.starts_at,
        tail(row.id),
        row.purpose,
        row.bank_id,
        Text(label.zh, label.en),
        row.ended_at,
    )


BOARD = Board(
    id="C02",
    text=Text("授权按状态", "Consents by state"),
    definition=Text(
        "全部授权（同一授权的各版本算一个）按此刻的状态；到期以到期时刻为准，不等记录",
        "All consents, versions of one counted once, by their state at this instant; an end by "
        "time counts from its instant, written down or not",
    ),
    columns=(Text("起始", "From"), CHAIN, PURPOSE, BANK, STATE, Text("结束", "Ended")),
    sources=(Source(model=Chain, groups=_groups, cells=_cells),),
)
