"""The life of an agent's mandate: states, rights, edges (M1 to M6).

An edge that is not in this table does not exist: the act is refused and nothing changes.
"""

from collections.abc import Mapping
from enum import StrEnum

from consent.service import EventType
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.text import Text


# Wire format: append only.
class MandateState(StrEnum):
    """Whether an agent may act."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    INVALID = "INVALID"

    @property
    def text(self) -> Text:
        """The state in words for people."""
        return _TEXTS[self]


_TEXTS: Mapping[MandateState, Text] = {
    MandateState.ACTIVE: Text("有效", "In force"),
    MandateState.SUSPENDED: Text("待确认", "Waiting for confirmation"),
    MandateState.REVOKED: Text("已撤销", "Revoked"),
    MandateState.EXPIRED: Text("已到期", "Expired"),
    MandateState.INVALID: Text("自始无效", "Void"),
}


# Wire format: append only.
class MandateRight(StrEnum):
    """What an agent may be allowed to do; authorising data is off unless it is named."""

    FILL = "fill"
    VIEW_PACKET = "view_packet"
    AUTHORISE_DATA = "authorise_data"
    SIGN_APPLICATION = "sign_application"

    @property
    def text(self) -> Text:
        """The right in words for people."""
        return _RIGHTS[self]


_RIGHTS: Mapping[MandateRight, Text] = {
    MandateRight.FILL: Text("填写申请", "Fill in applications"),
    MandateRight.VIEW_PACKET: Text("查看数据", "See the data"),
    MandateRight.AUTHORISE_DATA: Text("签署数据授权", "Authorize data"),
    MandateRight.SIGN_APPLICATION: Text("接受报价与签约", "Accept offers and sign contracts"),
}

LIVING = frozenset({MandateState.ACTIVE, MandateState.SUSPENDED})

_S = MandateState
_E = EventType
MANDATE_LIFECYCLE: Mapping[tuple[MandateState, EventType], MandateState] = {
    (_S.ACTIVE, _E.MANDATE_SUSPENDED): _S.SUSPENDED,
    (_S.SUSPENDED, _E.MANDATE_CONFIRMED): _S.ACTIVE,
    **{(state, _E.MANDATE_REVOKED): _S.REVOKED for state in LIVING},
    **{(state, _E.MANDATE_EXPIRED): _S.EXPIRED for state in LIVING},
    **{(state, _E.MANDATE_INVALIDATED): _S.INVALID for state in _S if state is not _S.INVALID},
}


def after(state: MandateState, event: EventType) -> MandateState:
    """The state that ``event`` leads to.

    Raises:
        InvalidStateError: the event is impossible in ``state``.
    """
    try:
        return MANDATE_LIFECYCLE[state, event]
    except KeyError:
        raise InvalidStateError(f"{event} in {state}") from None
