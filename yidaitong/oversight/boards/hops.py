"""C03: how long each hop takes and how often it fails, from the question to the bank's receipt."""

from collections.abc import Sequence

from sqlalchemy import or_

from yidaitong.departments.models import DepartmentCall
from yidaitong.departments.registry import DEPARTMENTS, RESOURCES
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.boarding import HAPPENED, PULL, STATE, Board, Group, Source, tail
from yidaitong.oversight.definitions import BANK, Cell
from yidaitong.oversight.sources import ANSWERED
from yidaitong.packets.lifecycle import PacketState
from yidaitong.packets.models import Packet
from yidaitong.pulls.lifecycle import PullState
from yidaitong.pulls.models import Pull

_unanswered = or_(DepartmentCall.outcome.is_(None), DepartmentCall.outcome.not_in(ANSWERED))
_RELEASED = (Pull.released_at - Pull.received_at, Pull.state == PullState.FAILED)


def _calls(_uow: UnitOfWork) -> Sequence[Group]:
    return [
        Group(
            key=f"dept.{one.code}",
            text=one.text,
            where=DepartmentCall.department == one.code,
            took=DepartmentCall.ended_at - DepartmentCall.started_at,
            failed=_unanswered,
        )
        for one in DEPARTMENTS.values()
    ]


def _pulls(_uow: UnitOfWork) -> Sequence[Group]:
    took, failed = _RELEASED
    text = Text("调取到签发", "From the pull to its release")
    # A refusal at the door is no work of this hop; what still runs has not taken its time yet.
    done = Pull.released_at.is_not(None) | failed
    return [Group(key="release", text=text, where=done, took=took, failed=failed)]


def _packets(_uow: UnitOfWork) -> Sequence[Group]:
    sealed, fetched, acked = Packet.sealed_at, Packet.fetched_at, Packet.acked_at
    lapsed, disputed = (Packet.state == state for state in (PacketState.LAPSED, _DISPUTED))
    never = Packet.id.is_(None)
    return [
        Group(
            key="proof",
            text=Text("签发到存证、加密", "From the release to proof and sealing"),
            where=sealed.is_not(None),
            took=sealed - Packet.issued_at,
            failed=never,
        ),
        Group(
            key="fetch",
            text=Text("可领取到银行领取", "From ready to fetched by the bank"),
            where=fetched.is_not(None) | lapsed,
            took=fetched - sealed,
            failed=lapsed,
        ),
        Group(
            key="receipt",
            text=Text("领取到银行签收", "From fetched to the bank's receipt"),
            where=acked.is_not(None) | disputed,
            took=acked - fetched,
            failed=disputed,
        ),
    ]


_DISPUTED = PacketState.DISPUTED


def _call(row: DepartmentCall) -> Sequence[Cell]:
    resource = RESOURCES[row.resource].text if row.resource in RESOURCES else row.resource
    result = row.outcome.value if row.outcome else row.why
    return (row.ended_at, resource, row.bank_id, result, tail(row.request_id))


def _pull(row: Pull) -> Sequence[Cell]:
    return (row.received_at, None, row.bank_id, row.state.text, tail(row.id))


def _packet(row: Packet) -> Sequence[Cell]:
    return (row.issued_at, None, row.bank_id, row.state.text, tail(row.pull_id))


BOARD = Board(
    id="C03",
    text=Text("各环节用时与失败", "Time and failures of each hop"),
    definition=Text(
        "部门：从发出到收完答复；签发：从收到调取到签发；存证：到有证明并加密；领取、签收：银行的用时。"
        "失败：答复不可用、调取失败、逾期未领取、有争议",
        "Departments: from asking to the whole answer. Release: from the pull to its release. "
        "Proof: until proved and sealed. Fetching and receipt: the bank's time. Failed: no "
        "usable answer, pull failed, not fetched in time, disputed",
    ),
    columns=(HAPPENED, Text("资源", "Resource"), BANK, STATE, PULL),
    sources=(
        Source(model=DepartmentCall, groups=_calls, cells=_call, at=DepartmentCall.ended_at),
        Source(model=Pull, groups=_pulls, cells=_pull, at=Pull.received_at),
        Source(model=Packet, groups=_packets, cells=_packet, at=Packet.issued_at),
    ),
    timed=True,
)
