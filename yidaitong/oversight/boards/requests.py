"""C01: what became of consent requests, and at which stage they were given up."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, true

from consent.lifecycle import OPEN, REQUEST_LABELS, RequestState
from consent.models import ConsentRequest, RequestSignature
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.boarding import CHAIN, HAPPENED, PURPOSE, STATE, Board, Group, Source, tail
from yidaitong.oversight.definitions import BANK, Cell

_ENDS = (RequestState.DENIED, RequestState.LAPSED, RequestState.CANCELLED)
_state = ConsentRequest.state
_signed = exists().where(RequestSignature.request_id == ConsentRequest.id)
_asked = _state != RequestState.DRAFT


def _groups(_uow: UnitOfWork) -> Sequence[Group]:
    funnel = [
        Group(key="drafted", text=Text("起草", "Drafted"), where=true()),
        Group(key="asked", text=Text("已请求", "Asked"), where=_asked),
        Group(
            key="signed", text=Text("至少一人签署", "Signed by somebody"), where=_asked & _signed
        ),
        Group(key="granted", text=Text("已授权", "Granted"), where=_state == RequestState.GRANTED),
    ]
    waiting = Group(key="open", text=Text("仍待签署", "Still waiting"), where=_state.in_(OPEN))
    return [*funnel, waiting, *(group for state in _ENDS for group in _given_up(state))]


def _given_up(state: RequestState) -> Sequence[Group]:
    label = REQUEST_LABELS[state]
    before, after = Text("签署前", "before a signature"), Text("签署后", "after a signature")
    return [
        _end(f"{state.lower()}.unsigned", label.zh, label.en, before, ~_signed & (_state == state)),
        _end(f"{state.lower()}.signed", label.zh, label.en, after, _signed & (_state == state)),
    ]


def _end(key: str, zh: str, en: str, stage: Text, where: ColumnElement[bool]) -> Group:
    return Group(key=key, text=Text(f"{zh}（{stage.zh}）", f"{en}, {stage.en}"), where=where)


def _cells(row: ConsentRequest) -> Sequence[Cell]:
    label = REQUEST_LABELS[row.state]
    return (row.made_at, tail(row.chain_id), row.purpose, row.bank_id, Text(label.zh, label.en))


BOARD = Board(
    id="C01",
    text=Text("授权请求漏斗", "Consent requests by stage"),
    definition=Text(
        "所选天数内起草的授权请求：已请求、至少一人签署、已授权；放弃的按放弃时是否已有签署分开",
        "Requests drafted in the window: asked, signed by at least one person, granted; those "
        "given up are split by whether anybody had signed",
    ),
    columns=(HAPPENED, CHAIN, PURPOSE, BANK, STATE),
    sources=(
        Source(model=ConsentRequest, groups=_groups, cells=_cells, at=ConsentRequest.made_at),
    ),
    funnel=True,
)
