"""All jobs on one page. Each may run twice and says why that is safe."""

from yidaitong.authorizations import stopping as authorizations
from yidaitong.jobs.registry import job, tasks
from yidaitong.kernel.actor import SYSTEM
from yidaitong.runtime import Runtime


def load() -> None:
    """Importing this module registered every job; says so loudly if it did not."""
    if not tasks():
        raise RuntimeError("no jobs are registered")


@job("consents.tick", every=5)
def record_due_consents(rt: Runtime) -> None:
    """Record what the clock did. Safe to repeat: an edge that is recorded is not due again."""
    with rt.transaction(SYSTEM) as uow:
        authorizations.record_due(uow)
