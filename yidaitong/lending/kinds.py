"""Closed sets of lending: outcomes, commands, offers, holds."""

from enum import StrEnum

from yidaitong.kernel.text import Text


# Wire format: append only.
class Outcome(StrEnum):
    """What a maker recommends or a checker decides."""

    APPROVE = "APPROVE"
    DECLINE = "DECLINE"
    RETURN = "RETURN"

    @property
    def text(self) -> Text:
        """The outcome in words for people."""
        return _OUTCOMES[self]


_OUTCOMES = {
    Outcome.APPROVE: Text("批准", "Approve"),
    Outcome.DECLINE: Text("不批准", "Decline"),
    Outcome.RETURN: Text("退回经办", "Return to the maker"),
}


# Wire format: append only.
class CommandKind(StrEnum):
    """What a second person has to look at."""

    RECOMMENDATION = "RECOMMENDATION"
    LOAN_EVENT = "LOAN_EVENT"


# Wire format: append only.
class CommandState(StrEnum):
    """What became of it."""

    AWAITING = "AWAITING"
    PROCESSED = "PROCESSED"
    REJECTED = "REJECTED"

    @property
    def text(self) -> Text:
        """The state in words for people."""
        return _COMMANDS[self]


_COMMANDS = {
    CommandState.AWAITING: Text("待复核", "Waiting for the checker"),
    CommandState.PROCESSED: Text("已生效", "In force"),
    CommandState.REJECTED: Text("已退回", "Rejected"),
}


# Wire format: append only.
class OfferState(StrEnum):
    """What became of an offer."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    LAPSED = "LAPSED"
    WITHDRAWN = "WITHDRAWN"

    @property
    def text(self) -> Text:
        """The state in words for people."""
        return _OFFERS[self]


_OFFERS = {
    OfferState.OPEN: Text("待确认", "Open"),
    OfferState.ACCEPTED: Text("已接受", "Accepted"),
    OfferState.REFUSED: Text("已拒绝", "Refused"),
    OfferState.LAPSED: Text("已失效", "Lapsed"),
    OfferState.WITHDRAWN: Text("申请已撤回", "Application withdrawn"),
}


# Wire format: append only.
class HoldState(StrEnum):
    """Whether a reservation counts."""

    LIVE = "LIVE"
    CONSUMED = "CONSUMED"
    FREED = "FREED"
