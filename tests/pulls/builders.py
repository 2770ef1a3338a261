"""A granted consent with several resources, its bank, and answers without a network."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from consent.events import sha256_b64u
from tests.authorizations.builders import OFFER, Firm, a_banker, a_firm, ask, sign
from yidaitong.authorizations import stopping
from yidaitong.authorizations.commands import Revoke
from yidaitong.authorizations.offers import Offer
from yidaitong.departments.answers import Answer, Outcome
from yidaitong.departments.items import ITEMS
from yidaitong.departments.registry import RESOURCES
from yidaitong.departments.wire import Fetched, Order
from yidaitong.enterprises.models import Enterprise
from yidaitong.kernel.actor import SYSTEM, Actor
from yidaitong.kernel.clock import business_date, wall
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls.authorising import authorise
from yidaitong.pulls.models import Pull, PullLine
from yidaitong.pulls.orders import PullOrder
from yidaitong.runtime import Runtime

ONE_EACH = frozenset(
    {
        "reg.status",
        "tax.rating",
        "ss.insured_now",
        "hpf.status",
        "court.dishonest_open",
        "nre.seizure_open",
        "util.ele_own_acct",
        "sti.hte_valid",
    }
)
EIGHT = replace(OFFER, items=ONE_EACH)
ONE = replace(OFFER, items=frozenset({"reg.status"}))
NAME = "济南鑫源达机电有限公司"
RESOURCES_OF_EIGHT = tuple(
    code for code in RESOURCES if code in {ITEMS[name].resource for name in ONE_EACH}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A firm, its consent, and a loan officer of the bank it names."""

    firm: Firm
    chain_id: UUID
    digest: str
    banker: Actor

    def order(self, key: str = "key-1", **changes: Any) -> PullOrder:
        members: dict[str, Any] = {"chain_id": self.chain_id, "idempotency_key": key, **changes}
        return PullOrder(**members)


def a_case(uow: UnitOfWork, offer: Offer = EIGHT, application_id: UUID | None = None) -> Case:
    """A consent that was just granted, in the caller's transaction."""
    firm = a_firm(uow)
    # The name the departments know the firm of these tests by.
    uow.session.get_one(Enterprise, firm.enterprise_id).name = NAME
    uow.session.flush()
    asked = ask(uow, firm, offer, application_id)
    granted = sign(uow, firm, asked.request_id, asked.digest)
    uow.acting(SYSTEM)
    return Case(firm=firm, chain_id=granted.chain_id, digest=asked.digest, banker=a_banker())


def a_committed_case(
    runtime: Runtime, offer: Offer = EIGHT, application_id: UUID | None = None
) -> Case:
    with runtime.transaction(SYSTEM) as uow:
        return a_case(uow, offer, application_id)


def a_pull(runtime: Runtime, case: Case, key: str = "key-1") -> Pull:
    with runtime.transaction(case.banker) as uow:
        return authorise(uow, case.order(key))


def revoke(runtime: Runtime, case: Case) -> stopping.Revoked:
    with runtime.transaction(case.firm.rep) as uow:
        return stopping.revoke(uow, Revoke(chain_id=case.chain_id))


def pause(runtime: Runtime, case: Case) -> None:
    with runtime.transaction(case.firm.rep) as uow:
        stopping.pause(uow, case.chain_id)


def lines_of(uow: UnitOfWork, pull_id: UUID) -> list[PullLine]:
    query = select(PullLine).where(PullLine.pull_id == pull_id).order_by(PullLine.resource)
    return list(uow.session.scalars(query.execution_options(populate_existing=True)))


def pull_now(uow: UnitOfWork, pull_id: UUID) -> Pull:
    return uow.session.get_one(Pull, pull_id, populate_existing=True)


def an_answer(outcome: Outcome = Outcome.DATA, **changes: Any) -> Fetched:
    """A good answer, without a department."""
    now = wall()
    answer = Answer(
        outcome=outcome,
        as_of=business_date(now),
        produced_at=now,
        items={"status": "1"},
        serial="S-1",
        jws="e30.e30.AA",
        sha256=sha256_b64u(b"e30.e30.AA"),
    )
    members: dict[str, Any] = {
        "answer": answer,
        "problem": None,
        "retryable": False,
        "started_at": now,
        "ended_at": now,
        **changes,
    }
    return Fetched(**members)


def silence(problem: str = "TIMEOUT", *, retryable: bool = True) -> Fetched:
    return an_answer(answer=None, problem=problem, retryable=retryable)


class Scripted:
    """A gateway that answers from a function; stands where the real one stands."""

    def __init__(self, answer: Callable[[Order], Fetched]) -> None:
        self.answer = answer
        self.asked: list[Order] = []

    def fetch(self, order: Order) -> Fetched:
        self.asked.append(order)
        return self.answer(order)

    def close(self) -> None:
        """Nothing is open."""


def scripted(runtime: Runtime, answer: Callable[[Order], Fetched]) -> Scripted:
    """Let ``runtime`` ask a function instead of departments."""
    gateway = Scripted(answer)
    runtime.__dict__["gateway"] = gateway
    return gateway


def promises(uow: UnitOfWork, name: str) -> int:
    """Open promises of one job."""
    return int(
        uow.session.execute(
            text("SELECT count(*) FROM outbox_job WHERE name = :name AND done_at IS NULL"),
            {"name": name},
        ).scalar_one()
    )


def log_of(uow: UnitOfWork, chain_id: UUID) -> list[str]:
    """Types of the leaves of one consent in the order of the log."""
    rows = uow.session.execute(
        text("SELECT type FROM consent.event WHERE chain_id = :id ORDER BY entry_id"),
        {"id": chain_id},
    )
    return [row.type for row in rows]
