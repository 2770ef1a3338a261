"""What a loan's events amount to: balance by day, state, class. Pure functions on net events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from yidaitong.lending.lifecycle import LoanEventKind, LoanState

# Days overdue above which a loan is at least of this class (商业银行金融资产风险分类办法, 2023).
_AT_LEAST: Final = ((360, 5), (270, 4), (90, 3))
NON_PERFORMING: Final = 3
_ENDED: Final = frozenset({LoanState.SETTLED, LoanState.WRITTEN_OFF})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event as far as sums need it; ``seq`` orders the events of one business date."""

    id: UUID
    seq: int
    kind: LoanEventKind
    business_date: date
    amount_fen: int = 0
    days: int | None = None
    risk_class: int | None = None
    due_on: date | None = None
    reverses_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a loan's events amount to; ``lowest_fen`` is the lowest balance at the end of a day."""

    state: LoanState = LoanState.CONTRACTED
    disbursed_fen: int = 0
    balance_fen: int = 0
    lowest_fen: int = 0
    disbursed_on: date | None = None
    due_on: date | None = None
    risk_class: int = 1
    overdue_days: int = 0

    @property
    def class_flagged(self) -> bool:
        """Whether the bank's class is milder than the days overdue demand."""
        return self.risk_class < least_class(self.overdue_days)


def least_class(overdue_days: int) -> int:
    """The mildest class that so many days overdue allow."""
    return next((least for days, least in _AT_LEAST if overdue_days > days), 1)


def net(entries: Iterable[Entry]) -> list[Entry]:
    """Events that stand: without reversals and what they undo, by business date and order."""
    given = list(entries)
    undone = {one.reverses_id for one in given if one.reverses_id is not None}
    standing = [
        one for one in given if one.kind is not LoanEventKind.REVERSE and one.id not in undone
    ]
    return sorted(standing, key=lambda one: (one.business_date, one.seq))


def standing_of(entries: Iterable[Entry]) -> Standing:
    """Fold all events, reversals included, into where the loan stands.

    Balance = Σ DISBURSE - Σ principal REPAY - Σ WRITEOFF, net of reversals.
    """
    found = Standing()
    for same_day in _days(net(entries)):
        for one in same_day:
            found = _step(found, one)
        found = replace(found, lowest_fen=min(found.lowest_fen, found.balance_fen))
    return found


def _days(entries: Sequence[Entry]) -> list[list[Entry]]:
    days: list[list[Entry]] = []
    for one in entries:
        if days and days[-1][0].business_date == one.business_date:
            days[-1].append(one)
        else:
            days.append([one])
    return days


def _step(found: Standing, one: Entry) -> Standing:
    match one.kind:
        case LoanEventKind.DISBURSE:
            return replace(
                found,
                state=LoanState.ACTIVE,
                disbursed_fen=found.disbursed_fen + one.amount_fen,
                balance_fen=found.balance_fen + one.amount_fen,
                disbursed_on=found.disbursed_on or one.business_date,
                due_on=found.due_on or one.due_on,
            )
        case LoanEventKind.REPAY:
            return replace(found, balance_fen=found.balance_fen - one.amount_fen)
        case LoanEventKind.WRITEOFF:
            left = found.balance_fen - one.amount_fen
            state = LoanState.WRITTEN_OFF if left == 0 else found.state
            return replace(found, balance_fen=left, state=state)
        case LoanEventKind.SETTLE:
            return replace(found, state=LoanState.SETTLED)
        case LoanEventKind.EXTEND:
            return replace(found, due_on=one.due_on)
        case LoanEventKind.OVERDUE | LoanEventKind.CLASSIFY:
            return _worse_or_better(found, one)
        case LoanEventKind.CONTRACT | LoanEventKind.REVERSE:
            return found


def _worse_or_better(found: Standing, one: Entry) -> Standing:
    days = found.overdue_days if one.days is None else one.days
    risk_class = found.risk_class if one.risk_class is None else one.risk_class
    if found.state in _ENDED:
        state = found.state
    elif max(risk_class, least_class(days)) >= NON_PERFORMING:
        state = LoanState.DEFAULTED
    else:
        state = LoanState.OVERDUE if days > 0 else LoanState.ACTIVE
    return replace(found, overdue_days=days, risk_class=risk_class, state=state)
