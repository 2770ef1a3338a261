"""Watching the registry: which enterprise is asked about next, and what an answer changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import nulls_first, or_, select

from yidaitong.enterprises.evidence import Finding, record_finding
from yidaitong.enterprises.lifecycle import REGISTERED, EnterpriseState
from yidaitong.enterprises.models import Enterprise, OnboardingStep
from yidaitong.enterprises.registry import (
    IN_OPERATION,
    RULE_VERSION,
    RegistryQuestion,
    RegistryRecord,
)
from yidaitong.enterprises.uscc import uscc_of
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.text import fold
from yidaitong.kernel.uow import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a signed answer of the registry changes; all False: nothing."""

    representative: bool = False
    name: bool = False
    stopped: bool = False
    resumed: bool = False


def due(uow: UnitOfWork, limit: int) -> list[RegistryQuestion]:
    """Questions about the enterprises nobody asked about for longest; each is asked once a period.

    Marked as asked now, so that two watchers share the work.
    """
    before = uow.now - timedelta(seconds=uow.settings.watch_seconds)
    rows: Sequence[Enterprise] = uow.session.scalars(
        select(Enterprise)
        .where(
            Enterprise.state.in_(REGISTERED),
            or_(Enterprise.watched_at.is_(None), Enterprise.watched_at <= before),
        )
        .order_by(nulls_first(Enterprise.watched_at), Enterprise.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    questions = []
    for enterprise in rows:
        enterprise.watched_at = uow.now
        questions.append(RegistryQuestion(uuid7(), enterprise.id, uscc_of(uow, enterprise)))
    uow.session.flush()
    return questions


def compare(enterprise: Enterprise, record: RegistryRecord) -> Change:
    """What the registry says now against what we hold. An unknown firm is not in operation."""
    running = record.known and record.status == IN_OPERATION
    if not running:
        return Change(stopped=enterprise.state is EnterpriseState.ACTIVE)
    return Change(
        representative=fold(record.rep_name) != fold(enterprise.rep_name or ""),
        name=fold(record.name) != fold(enterprise.name),
        resumed=enterprise.state is EnterpriseState.SUSPENDED,
    )


def keep(uow: UnitOfWork, enterprise: Enterprise, record: RegistryRecord, result: str) -> None:
    """Keep what the registry said, for ever, by its hash."""
    record_finding(
        uow,
        enterprise.id,
        Finding(
            step=OnboardingStep.REGISTRY,
            result=result,
            rule_version=RULE_VERSION,
            response_ref=record.serial or None,
            response_sha256=record.sha256 or None,
            as_of=record.as_of,
        ),
    )
