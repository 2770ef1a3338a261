"""C05: notices nobody has answered yet."""

from collections.abc import Sequence

from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices.lifecycle import ACTS, NoticeState, ReceiverKind
from yidaitong.notices.models import Notice
from yidaitong.oversight.boarding import CHAIN, HAPPENED, STATE, Board, Group, Source, tail
from yidaitong.oversight.definitions import Cell

_waiting = Notice.must_ack & Notice.acked_at.is_(None)
_escalated = Notice.state == NoticeState.ESCALATED


def _groups(_uow: UnitOfWork) -> Sequence[Group]:
    found = []
    for kind in (ReceiverKind.BANK, ReceiverKind.DEPARTMENT):
        of_kind = Notice.kind == kind
        late = Text(f"{kind.text.zh}，已上报", f"{kind.text.en}, escalated")
        found += [
            Group(key=kind.lower(), text=kind.text, where=_waiting & of_kind),
            Group(
                key=f"{kind.lower()}.escalated", text=late, where=_waiting & of_kind & _escalated
            ),
        ]
    return found


def _cells(row: Notice) -> Sequence[Cell]:
    # An enterprise's own inbox needs no answer: no receiver here is one.
    return (row.made_at, tail(row.chain_id), row.receiver, ACTS[row.words], row.state.text)


BOARD = Board(
    id="C05",
    text=Text("未确认的通知", "Notices without an answer"),
    definition=Text(
        "需要对方签名确认而尚未确认的通知，按接收方类别；72 小时后算上报",
        "Notices that need a signed answer and have none, by kind of receiver; escalated after "
        "72 hours",
    ),
    columns=(HAPPENED, CHAIN, Text("接收方", "Receiver"), Text("事项", "Act"), STATE),
    sources=(Source(model=Notice, groups=_groups, cells=_cells),),
)
