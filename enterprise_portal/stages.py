"""The life of an application in six steps that fit on a phone."""

from collections.abc import Mapping
from typing import Final

from yidaitong.kernel.text import Text
from yidaitong.lending.lifecycle import ApplicationState
from yidaitong.lending.queries import ApplicationInFull

STEPS: Final = (
    Text("授权", "Authorize"),
    Text("提交", "Submit"),
    Text("调取数据", "Collect data"),
    Text("银行审批", "Bank decides"),
    Text("确认要约", "Offer"),
    Text("签约放款", "Paid out"),
)
_S = ApplicationState
# The step that is under way in each state, from 1.
_AT: Final[Mapping[ApplicationState, int]] = {
    _S.SUBMITTED: 3,
    _S.ACCEPTED: 4,
    _S.IN_REVIEW: 4,
    _S.NEED_INFO: 4,
    _S.PENDING_CHECK: 4,
    _S.RETURNED: 4,
    _S.APPROVED: 5,
    _S.OFFER_SENT: 5,
    _S.OFFER_ACCEPTED: 6,
    _S.CONTRACTED: 6,
    _S.DISBURSED: 7,
    _S.DECLINED_SCREEN: 4,
    _S.DECLINED: 4,
    _S.OFFER_LAPSED: 5,
}
_BAD: Final = frozenset({_S.DECLINED_SCREEN, _S.DECLINED, _S.OFFER_LAPSED})


def steps(full: ApplicationInFull, *, authorized: bool) -> list[tuple[Text, str]]:
    """Each step with ``done``, ``now``, ``bad`` or ``next``."""
    state = full.application.state
    if state in {_S.DRAFT, _S.CANCELLED}:
        at = 2 if authorized else 1
    elif state is _S.WITHDRAWN:
        at = _before_withdrawal(full)
    else:
        at = _AT[state]
    if state is _S.SUBMITTED and full.evaluation is not None:
        at = 4
    over = state in _BAD or state in {_S.CANCELLED, _S.WITHDRAWN}
    now = "bad" if over else "now"
    return [(text, _mark(n, at, now)) for n, text in enumerate(STEPS, start=1)]


def _mark(n: int, at: int, now: str) -> str:
    if n < at:
        return "done"
    return now if n == at else "next"


def _before_withdrawal(full: ApplicationInFull) -> int:
    known = [_AT[step.state] for step in full.steps if step.state in _AT]
    return known[-1] if known else 1
