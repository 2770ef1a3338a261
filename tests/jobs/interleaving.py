"""Everything that parties do to consents at once, by dice, each act a transaction of its own."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, select, text

from consent import service
from consent.errors import ConsentError
from tests.authorizations.builders import ask, sign
from tests.authorizations.test_orders import a_proposal, carry_out
from tests.packets.builders import OFFERED, Story
from yidaitong.accounts import stepup
from yidaitong.authorizations import amending, stopping
from yidaitong.authorizations.commands import Revoke
from yidaitong.authorizations.desk import desk_of
from yidaitong.authorizations.narrowing import Less
from yidaitong.authorizations.order_kinds import OrderKind
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.errors import DomainError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets import releasing
from yidaitong.packets.models import Packet
from yidaitong.pulls.authorising import authorise
from yidaitong.pulls.lifecycle import PullState
from yidaitong.pulls.models import Pull
from yidaitong.runtime import Runtime

COURT = "court.dishonest_open"
OFFER = replace(OFFERED, optional=frozenset({COURT}))
# Consents that are acted on at the same time; the others have had their share.
HOT = 8
# Seconds a session thinks before an act, at most: workers must get their turn between.
THINKING = 0.1
# How often each act is tried. Ends are rare, so that there is something to end.
WEIGHTS = {
    "pull": 24,
    "fetch": 30,
    "release": 12,
    "pause": 7,
    "resume": 9,
    "amend": 4,
    "revoke": 3,
    "close": 2,
    "expire": 2,
    "void": 1,
    "grant": 3,
}


@dataclass
class Party:
    """Shared by all sessions: the consents so far, and what was done and refused."""

    story: Story
    chains: list[UUID] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    left: int = 0
    # Set while workers keep up: a race that leaves them all behind meets nobody.
    open: threading.Event = field(default_factory=threading.Event)

    def take(self) -> bool:
        """One act of those that are left."""
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def give_back(self) -> None:
        """There was nothing to act on, so it was no act."""
        with self.lock:
            self.left += 1

    def count(self, books: Counter[str], name: str) -> None:
        with self.lock:
            books[name] += 1


@dataclass
class Player:
    """One session that acts by its own dice, on whatever consent they show."""

    party: Party
    dice: random.Random

    def run(self) -> None:
        names, weights = list(WEIGHTS), list(WEIGHTS.values())
        pause = threading.Event()
        while self.party.take():
            pause.wait(self.dice.random() * THINKING)
            self.party.open.wait()
            (name,) = self.dice.choices(names, weights)
            act: Callable[[], bool | None] = getattr(self, name)
            try:
                if act() is False:
                    self.party.give_back()
                    continue
            except (ConsentError, DomainError) as refusal:
                self.party.count(self.party.refused, f"{name} {refusal.code}")
            else:
                self.party.count(self.party.done, name)

    def a_chain(self) -> UUID:
        return self.dice.choice(self.party.chains[-HOT:])

    def grant(self) -> None:
        """A new consent of the same firm for a product of its own, valid from now."""
        firm = self.party.story.case.firm
        offer = replace(OFFER, product_id=f"P-{uuid7()}")
        with self.runtime.transaction(SYSTEM) as uow:
            asked = ask(uow, firm, offer)
            chain_id = sign(uow, firm, asked.request_id, asked.digest).chain_id
        with self.party.lock:
            self.party.chains.append(chain_id)

    def pull(self) -> None:
        """Some of the resources; sometimes with a key that was used already."""
        case = replace(self.party.story.case, chain_id=self.a_chain())
        wanted = self.dice.choice([None, ("SAMR.REG",), ("COURT.DIS",), ("TAX.PAY", "SAMR.REG")])
        key = f"{case.chain_id}-{self.dice.randrange(20)}"
        with self.runtime.transaction(case.banker) as uow:
            authorise(uow, case.order(key, resources=wanted))

    def fetch(self) -> bool:
        hot = self.party.chains[-HOT:]
        packet = self.one_of(select(Packet.id).where(Packet.chain_id.in_(hot)))
        if packet is not None:
            self.party.story.fetch(packet)
        return packet is not None

    def release(self) -> bool:
        """Beside the workers, who do the same."""
        pull = self.one_of(select(Pull.id).where(Pull.state == PullState.SEALED))
        if pull is not None:
            with self.runtime.transaction(SYSTEM) as uow:
                releasing.release(uow, pull)
        return pull is not None

    def pause(self) -> None:
        chain_id, soon = self.a_chain(), self.dice.choice([None, None, 0.3])
        with self.as_rep() as uow:
            until = None if soon is None else uow.now + timedelta(seconds=soon)
            stopping.pause(uow, chain_id, until)

    def resume(self) -> None:
        chain_id = self.a_chain()
        with self.as_rep() as uow:
            digest = service.lock_chain(desk_of(uow), chain_id).digest
            stopping.resume(uow, chain_id, stepup.issue(uow, digest))

    def amend(self) -> None:
        """Asked in one transaction, signed in the next: anything may happen between."""
        chain_id, firm = self.a_chain(), self.party.story.case.firm
        with self.as_rep() as uow:
            day = business_date(uow.now) + timedelta(days=self.dice.randrange(2, 29))
            less = self.dice.choice(
                [Less(until=day), Less(drop=frozenset({COURT})), Less(calls=2), Less(calls=1)]
            )
            asked = amending.narrow_authorization(uow, chain_id, less)
        with self.as_rep() as uow:
            sign(uow, firm, asked.request_id, asked.digest)

    def revoke(self) -> None:
        """Or withdraw the use, where the consent has ended by itself."""
        chain_id = self.a_chain()
        with self.as_rep() as uow:
            stopping.revoke(uow, Revoke(chain_id=chain_id))

    def close(self) -> None:
        """As a bank's decision ends it."""
        chain_id = self.a_chain()
        with self.runtime.transaction(SYSTEM) as uow:
            desk = desk_of(uow, job="test")
            service.close(desk, chain_id, "DECISION")
            stopping.promise_stop(uow, chain_id, service.lock_chain(desk, chain_id).epoch)

    def expire(self) -> None:
        """Its time is over within half a second, by the database's clock."""
        chain_id, by = self.a_chain(), timedelta(seconds=self.dice.random() / 2)
        with self.runtime.transaction(SYSTEM) as uow:
            service.lock_chain(desk_of(uow, job="test"), chain_id)
            uow.session.execute(_SOON_OVER, {"id": chain_id, "by": by})

    def void(self) -> None:
        chain_id, person = self.a_chain(), self.party.story.case.firm.rep.person_id
        with self.runtime.transaction(SYSTEM) as uow:
            carry_out(uow, a_proposal(OrderKind.VOID, chain_id, without=str(person)))

    @property
    def runtime(self) -> Runtime:
        return self.party.story.runtime

    def as_rep(self) -> AbstractContextManager[UnitOfWork]:
        return self.runtime.transaction(self.party.story.case.firm.rep)

    def one_of(self, query: Select[UUID]) -> UUID | None:
        with self.runtime.transaction(SYSTEM) as uow:
            found = list(uow.session.scalars(query))
        return self.dice.choice(found) if found else None


_SOON_OVER = text("""
    UPDATE consent.chain
    SET ends_at = least(ends_at, clock_timestamp() + :by),
        due_at = least(due_at, clock_timestamp() + :by)
    WHERE id = :id AND due_at IS NOT NULL
""")
