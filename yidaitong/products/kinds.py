"""Closed sets of what a product says."""

from enum import StrEnum

from yidaitong.kernel.text import Text


# Wire format: append only.
class Repayment(StrEnum):
    """How a loan is paid back."""

    INTEREST_MONTHLY = "INTEREST_MONTHLY"
    EQUAL_INSTALMENTS = "EQUAL_INSTALMENTS"
    AT_ONCE = "AT_ONCE"

    @property
    def text(self) -> Text:
        """The way in words for people."""
        return _REPAYMENTS[self]


_REPAYMENTS = {
    Repayment.INTEREST_MONTHLY: Text(
        "按月付息、到期还本", "Interest monthly, principal at the end"
    ),
    Repayment.EQUAL_INSTALMENTS: Text("等额本息", "Equal monthly instalments"),
    Repayment.AT_ONCE: Text("到期一次还本付息", "Everything at the end"),
}
