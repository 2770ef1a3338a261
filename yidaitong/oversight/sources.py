"""What several metrics share: outcomes that count, pseudonyms, money really paid out."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, func, select
from sqlalchemy.orm import aliased

from yidaitong.departments.answers import Outcome
from yidaitong.lending.lifecycle import LoanEventKind
from yidaitong.lending.loan_models import LoanEventRow
from yidaitong.oversight.definitions import Moment
from yidaitong.products.models import ProductVersion

# "No record" is a fact somebody signed; silence is not.
ANSWERED: Final = (Outcome.DATA, Outcome.NO_RECORD)
_PSEUDONYM_SIGNS: Final = 10

Reversed = aliased(LoanEventRow)


def pseudonym(index: bytes) -> str:
    """How an enterprise appears to viewers: its blind index, shortened."""
    return index.hex()[:_PSEUDONYM_SIGNS].upper()


@dataclass(frozen=True, slots=True)
class PaidOut:
    """Rows of disbursements and of their reversals up to a moment, and what each adds in fen."""

    moment: Moment

    @property
    def adds(self) -> ColumnElement[int]:
        """The amount: what a reversal undoes counts against it."""
        kind = LoanEventRow.kind
        amount = case(
            (kind == LoanEventKind.DISBURSE, LoanEventRow.amount_fen), else_=-Reversed.amount_fen
        )
        return cast(amount, BigInteger)

    def rows(self, *columns: Any) -> Select[Any]:
        """A query of ``columns`` over those rows; a reversal counts on its own business date."""
        is_paid = LoanEventRow.kind == LoanEventKind.DISBURSE
        undone = Reversed.kind == LoanEventKind.DISBURSE
        return (
            select(*columns)
            .select_from(LoanEventRow)
            .outerjoin(Reversed, Reversed.id == LoanEventRow.reverses_id)
            .where(LoanEventRow.business_date <= self.moment.as_of, is_paid | undone)
        )

    def total(self) -> Select[Any]:
        """The sum in fen."""
        return self.rows(cast(func.coalesce(func.sum(self.adds), 0), BigInteger))


def on_offer(moment: Moment) -> tuple[ColumnElement[bool], ...]:
    """Product versions in effect at the end of the day."""
    ended = ProductVersion.effective_to
    return (
        ProductVersion.effective_from < moment.until,
        ended.is_(None) | (ended >= moment.until),
    )
