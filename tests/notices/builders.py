"""A consent, its bank with a callback address, live departments, and a courier to carry."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select, text

from tests.packets.builders import a_bank
from tests.pulls.builders import EIGHT, Case, a_committed_case
from tests.sandboxes import LiveSandbox
from yidaitong.authorizations.offers import Offer
from yidaitong.jobs import ledger
from yidaitong.jobs.courier import Courier
from yidaitong.kernel.actor import SYSTEM
from yidaitong.notices.lifecycle import EndpointState
from yidaitong.notices.models import CallbackEndpoint, Notice
from yidaitong.runtime import Runtime
from yidaitong.sandbox import bankkeys
from yidaitong.sandbox.bankkeys import BankKeys
from yidaitong.sandbox.notices import Taken

DEPARTMENTS = ("SAMR", "TAX", "HRSS", "HPF", "COURT", "NRE", "UTIL", "STI")


@dataclass(frozen=True, kw_only=True)
class World:
    """One consent, whoever hears of it, and the bank's private keys."""

    runtime: Runtime
    live: LiveSandbox
    case: Case
    keys: BankKeys = field(repr=False)

    @property
    def bank_id(self) -> str:
        return self.case.banker.bank_id

    def notices(self, act: str | None = None) -> Sequence[Notice]:
        """All notices, or those of one type of act, by receiver's kind and code."""
        with self.runtime.transaction(SYSTEM) as uow:
            query = select(Notice).order_by(Notice.id)
            if act is not None:
                query = query.where(Notice.act == act)
            return list(uow.session.scalars(query))

    def notice(self, receiver: str, act: str = "consent.revoked") -> Notice:
        return next(one for one in self.notices(act) if one.receiver == receiver)

    def states(self, act: str = "consent.revoked") -> dict[str, str]:
        return {one.receiver: one.state.value for one in self.notices(act)}

    def taken(self, receiver: str) -> list[Taken]:
        return self.live.sandbox.notices.of(receiver)

    def carry(self) -> None:
        """One beat of the courier, to its end."""
        courier = Courier(self.runtime)
        try:
            courier.step()
            courier.wait()
        finally:
            courier.close()

    def later(self, interval: str) -> None:
        """Time passes: everything that waits or was begun is so much older."""
        with self.runtime.transaction(SYSTEM) as uow:
            for statement in (
                "UPDATE outbox_job SET not_before = not_before - CAST(:by AS interval)",
                "UPDATE notice_receiver SET not_before = not_before - CAST(:by AS interval)",
                "UPDATE notice SET escalate_at = escalate_at - CAST(:by AS interval)",
            ):
                uow.session.execute(text(statement), {"by": interval})

    def leaves(self, notice_id: UUID) -> list[str]:
        """Types of the leaves of one notice in the order of the log."""
        with self.runtime.transaction(SYSTEM) as uow:
            rows = uow.session.execute(
                text("SELECT type, n FROM consent.event WHERE ref = :id ORDER BY entry_id"),
                {"id": notice_id},
            ).all()
        assert [row.n for row in rows] == list(range(1, len(rows) + 1))
        return [row.type for row in rows]


def a_world(runtime: Runtime, live: LiveSandbox, offer: Offer = EIGHT) -> World:
    """A granted consent whose bank takes notices beside the departments."""
    ledger.init(runtime)
    case = a_committed_case(runtime, offer)
    keys = bankkeys.ensure(live.sandbox.bank_keys, case.banker.bank_id)
    a_bank(runtime, case.banker.bank_id, dict(keys.enc), dict(keys.ack))
    made = World(runtime=runtime, live=live, case=case, keys=keys)
    call_back(made, f"{live.url}/banks/{made.bank_id}/notices")
    return made


def call_back(world: World, url: str) -> None:
    """Let ``url`` be the bank's address from now on."""
    with world.runtime.transaction(SYSTEM) as uow:
        for old in uow.session.scalars(select(CallbackEndpoint)):
            old.state = EndpointState.RETIRED
        uow.session.flush()
        uow.session.add(
            CallbackEndpoint(
                bank_id=world.bank_id,
                url=url,
                state=EndpointState.ACTIVE,
                maker_person_id=None,
                proposed_at=uow.now,
            )
        )


@contextmanager
def a_black_hole() -> Iterator[str]:
    """An address that accepts, reads, and never says a word."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    ending = threading.Event()
    held: list[socket.socket] = []

    def hold() -> None:
        while not ending.is_set():
            try:
                held.append(listener.accept()[0])
            except TimeoutError:
                continue

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ending.set()
        thread.join()
        listener.close()
        for one in held:
            one.close()
