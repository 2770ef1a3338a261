"""States of an enterprise from the first form to closing, as one table of transitions."""

from enum import StrEnum

from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.text import Text


class EnterpriseState(StrEnum):
    """Where an enterprise stands."""

    # Wire format: append only.
    DRAFT = "DRAFT"
    CODE_OK = "CODE_OK"
    CODE_BAD = "CODE_BAD"
    REGISTRY_MATCHED = "REGISTRY_MATCHED"
    MISMATCH = "MISMATCH"
    REP_VERIFIED = "REP_VERIFIED"
    REP_FAILED = "REP_FAILED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"

    @property
    def text(self) -> Text:
        """The state in words for people."""
        return _TEXTS[self]


_TEXTS = {
    EnterpriseState.DRAFT: Text("草稿", "Draft"),
    EnterpriseState.CODE_OK: Text("代码校验通过", "Code is valid"),
    EnterpriseState.CODE_BAD: Text("代码校验未通过", "Code is not valid"),
    EnterpriseState.REGISTRY_MATCHED: Text("登记信息核对一致", "Matches the registry"),
    EnterpriseState.MISMATCH: Text("与登记信息不一致", "Differs from the registry"),
    EnterpriseState.REP_VERIFIED: Text("法定代表人已核验", "Representative verified"),
    EnterpriseState.REP_FAILED: Text("法定代表人核验未通过", "Representative not verified"),
    EnterpriseState.ACTIVE: Text("正常", "Active"),
    EnterpriseState.SUSPENDED: Text("已中止", "Suspended"),
    EnterpriseState.CLOSED: Text("已关闭", "Closed"),
}


class EnterpriseEvent(StrEnum):
    """What moves an enterprise from one state to another."""

    # Wire format: append only.
    CODE_ACCEPTED = "code_accepted"
    CODE_REFUSED = "code_refused"
    REGISTRY_MATCHES = "registry_matches"
    REGISTRY_DIFFERS = "registry_differs"
    NAME_CORRECTED = "name_corrected"
    REP_ACCEPTED = "rep_accepted"
    REP_REFUSED = "rep_refused"
    ACCOUNT_OPENED = "account_opened"
    SUSPENDED = "suspended"
    RESTORED = "restored"
    CLOSED = "closed"


_S = EnterpriseState
_E = EnterpriseEvent
LIFECYCLE: dict[tuple[EnterpriseState, EnterpriseEvent], EnterpriseState] = {
    (_S.DRAFT, _E.CODE_ACCEPTED): _S.CODE_OK,
    (_S.DRAFT, _E.CODE_REFUSED): _S.CODE_BAD,
    (_S.CODE_OK, _E.REGISTRY_MATCHES): _S.REGISTRY_MATCHED,
    (_S.CODE_OK, _E.REGISTRY_DIFFERS): _S.MISMATCH,
    # A misspelt name may be corrected; the code may not, that is another enterprise.
    (_S.MISMATCH, _E.NAME_CORRECTED): _S.CODE_OK,
    (_S.REGISTRY_MATCHED, _E.REP_ACCEPTED): _S.REP_VERIFIED,
    (_S.REGISTRY_MATCHED, _E.REP_REFUSED): _S.REP_FAILED,
    (_S.REP_FAILED, _E.REP_ACCEPTED): _S.REP_VERIFIED,
    (_S.REP_FAILED, _E.REP_REFUSED): _S.REP_FAILED,
    (_S.REP_VERIFIED, _E.ACCOUNT_OPENED): _S.ACTIVE,
    (_S.ACTIVE, _E.SUSPENDED): _S.SUSPENDED,
    (_S.SUSPENDED, _E.RESTORED): _S.ACTIVE,
    (_S.ACTIVE, _E.CLOSED): _S.CLOSED,
    (_S.SUSPENDED, _E.CLOSED): _S.CLOSED,
}

# From here on a code is taken: nobody else may register it.
REGISTERED = frozenset({_S.ACTIVE, _S.SUSPENDED})


def after(state: EnterpriseState, event: EnterpriseEvent) -> EnterpriseState:
    """The state that ``event`` leads to.

    Raises:
        InvalidStateError: the event is impossible in ``state``.
    """
    try:
        return LIFECYCLE[state, event]
    except KeyError:
        raise InvalidStateError(f"{event} in {state}") from None
