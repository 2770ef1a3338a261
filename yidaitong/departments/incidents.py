"""Answers that came and were wrong: each leaves a trace for the people who run this."""

from yidaitong import audit
from yidaitong.departments.wire import Fetched, Order
from yidaitong.kernel.uow import UnitOfWork

REFUSED = "answer.refuse"


def note(uow: UnitOfWork, order: Order, fetched: Fetched) -> bool:
    """Write down an answer that was refused, by its hash; False where there is none.

    Silence is no incident: the log of calls counts it.
    """
    if fetched.answer is None or fetched.problem is None:
        return False
    audit.record(
        uow,
        REFUSED,
        object_type="line",
        object_id=order.line_id,
        pull=order.pull_id,
        attempt=order.attempt,
        resource=order.resource,
        problem=fetched.problem,
        answer_sha256=fetched.answer.sha256,
    )
    return True
