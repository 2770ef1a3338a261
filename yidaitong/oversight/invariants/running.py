"""Checking every audit invariant in one read-only snapshot."""

from collections.abc import Sequence
from typing import Final

from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.invariants.checks import Finding, Invariant, look
from yidaitong.oversight.invariants.evidence import EVIDENCE
from yidaitong.oversight.invariants.keeping import KEEPING
from yidaitong.oversight.invariants.order import ORDER
from yidaitong.oversight.invariants.pulls import PULLS

_SNAPSHOT: Final = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

INVARIANTS: Final[Sequence[Invariant]] = sorted(
    (*EVIDENCE, *ORDER, *PULLS, *KEEPING), key=lambda invariant: int(invariant.id[1:])
)


def check_all(uow: UnitOfWork) -> list[Finding]:
    """Every invariant, in order, as the system; the first act of a transaction of its own.

    The transaction sees one moment and can write nothing.
    """
    uow.session.connection(execution_options=_SNAPSHOT)
    return [look(uow, invariant) for invariant in INVARIANTS]
