"""What an operator does when the log refuses to go on: adopt a head, recover from its files."""

from dataclasses import dataclass
from pathlib import Path

from consent.ledger import recovery
from consent.ledger.folders import read_from
from consent.ledger.leaves import Leaf
from yidaitong import audit
from yidaitong.jobs.ledger import owner, publisher
from yidaitong.kernel.errors import InvalidRequestError
from yidaitong.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Outcome:
    """``orphans``: leaves whose business rows are gone; people must look at each."""

    size: int
    taken: int = 0
    orphans: tuple[Leaf, ...] = ()


def adopt_head(runtime: Runtime, reason: str) -> Outcome:
    """Write the lost head file again; ``reason``, a code or a ticket's number, is audited.

    Raises:
        InvalidRequestError: the reason is free text.
        LedgerForkError: there is a head file, no head was signed, or tiles are damaged.
    """
    guard = publisher(runtime).guard
    with owner(runtime) as uow:
        try:
            audit.record(uow, "ledger.adopt_head", reason=reason)
        except ValueError as error:
            raise InvalidRequestError("reason", fields={"reason": "NOT_A_CODE"}) from error
        head = recovery.adopt_head(uow.session.connection(), guard)
        uow.session.commit()
    return Outcome(head.size)


def recover(runtime: Runtime, folder: Path) -> Outcome:
    """Make an older database whole again from an exported log; no process may run meanwhile.

    Raises:
        LedgerForkError: the files are not this log's or do not continue the database.
    """
    guard = publisher(runtime).guard
    with owner(runtime) as uow:
        done = recovery.recover(uow.session.connection(), guard, read_from(folder))
        audit.record(uow, "ledger.recover", size=done.head.size, taken=done.taken)
        uow.session.commit()
    return Outcome(done.head.size, done.taken, done.orphans)
