"""What one enterprise owes or has reserved on the platform (平台敞口), and its reservations."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, or_, select

from yidaitong.accounts.scope import as_system
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.kinds import HoldState
from yidaitong.lending.models import Application, ExposureHold, Loan

HOLD_FOR: Final = timedelta(days=15)


def lock(uow: UnitOfWork, enterprise_id: UUID) -> None:
    """Wait for whoever else reserves for this enterprise, at any bank, until they are done."""
    key = func.hashtextextended(f"exposure:{enterprise_id}", 0)
    uow.session.execute(select(func.pg_advisory_xact_lock(key)))


def platform_fen(uow: UnitOfWork, enterprise_id: UUID, without: UUID | None = None) -> int:
    """Balances of all banks' loans plus live holds, but for the application ``without``; in fen.

    A bank learns this total only, through the policy it runs under the enterprise's consent.
    """
    with as_system(uow) as wide:
        owed = wide.session.scalar(
            select(func.coalesce(func.sum(func.greatest(Loan.balance_fen, 0)), 0)).where(
                Loan.enterprise_id == enterprise_id
            )
        )
        holds = select(func.coalesce(func.sum(ExposureHold.amount_fen), 0)).where(
            ExposureHold.enterprise_id == enterprise_id,
            ExposureHold.state == HoldState.LIVE,
            or_(ExposureHold.ends_at.is_(None), ExposureHold.ends_at > func.clock_timestamp()),
        )
        if without is not None:
            holds = holds.where(ExposureHold.application_id != without)
        held = wide.session.scalar(holds)
    return int(owed or 0) + int(held or 0)


def hold(uow: UnitOfWork, application: Application, amount_fen: int) -> ExposureHold:
    """Reserve what was approved, for 15 days."""
    made = ExposureHold(
        application_id=application.id,
        enterprise_id=application.enterprise_id,
        bank_id=application.bank_id,
        amount_fen=amount_fen,
        state=HoldState.LIVE,
        held_at=uow.now,
        ends_at=uow.now + HOLD_FOR,
    )
    uow.session.add(made)
    uow.session.flush()
    return made


def is_live(uow: UnitOfWork, application_id: UUID) -> bool:
    """Whether the application's reservation counts now."""
    found = uow.session.get(ExposureHold, application_id)
    if found is None or found.state is not HoldState.LIVE:
        return False
    return found.ends_at is None or found.ends_at > uow.now


def extend(uow: UnitOfWork, application_id: UUID, ends_at: datetime | None) -> None:
    """Let the reservation live until ``ends_at``; None: until it is consumed or freed."""
    found = uow.session.get_one(ExposureHold, application_id)
    if found.state is HoldState.LIVE:
        found.ends_at = ends_at


def free(uow: UnitOfWork, application_id: UUID) -> None:
    """Give the reservation back; nothing happens where there is none."""
    _close(uow, application_id, HoldState.FREED)


def consume(uow: UnitOfWork, application_id: UUID) -> None:
    """The money was paid out: from now on the balance counts."""
    _close(uow, application_id, HoldState.CONSUMED)


def _close(uow: UnitOfWork, application_id: UUID, state: HoldState) -> None:
    found = uow.session.get(ExposureHold, application_id)
    if found is not None and found.state is HoldState.LIVE:
        found.state = state
        uow.session.flush()
