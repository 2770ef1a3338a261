"""Whether evidence can be written now; asked before all that widens or releases."""

from typing import Final

from consent.ledger.gauge import Backlog, Gauge
from yidaitong.kernel.clock import monotonic
from yidaitong.kernel.uow import UnitOfWork

# One gauge a database: a process serves one, a test run many.
_gauges: Final[dict[str, Gauge]] = {}


def backlog(uow: UnitOfWork) -> Backlog:
    """How far the log is behind, at most a second ago."""
    return _gauges.setdefault(uow.settings.database_url, Gauge(monotonic)).read(uow.session)


def evidence_ready(uow: UnitOfWork) -> None:
    """Refuse while evidence does not keep up (20,000 leaves, or one older than 30 s).

    Raises:
        EvidenceUnavailableError: nothing may be widened or released now; stops still may.
    """
    backlog(uow).check()
