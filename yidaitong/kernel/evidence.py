"""Whether evidence can be written now; asked before all that widens or releases."""

from pathlib import Path
from typing import Final

from consent.errors import EvidenceUnavailableError
from consent.ledger.gauge import RETRY_AFTER_SECONDS, Backlog, Gauge
from consent.ledger.policy import read_policy
from yidaitong.kernel.clock import monotonic
from yidaitong.kernel.settings import Settings
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.kernel.volume import VolumeGauge

# One gauge a database: a process serves one, a test run many.
_gauges: Final[dict[str, Gauge]] = {}
_volumes: Final[dict[Path, VolumeGauge]] = {}


def backlog(uow: UnitOfWork) -> Backlog:
    """How evidence stands, at most a second ago."""
    address = uow.settings.database_url
    if address not in _gauges:
        _gauges[address] = Gauge(monotonic, anchor_limit(uow.settings))
    return _gauges[address].read(uow.session)


def problem(uow: UnitOfWork) -> str | None:
    """Why evidence cannot be written now, or would soon not; None where it can."""
    return backlog(uow).problem or _no_room(uow.settings.database_volume)


def _no_room(folder: Path | None) -> str | None:
    if folder is None:
        return None
    if folder not in _volumes:
        _volumes[folder] = VolumeGauge(folder, monotonic)
    return _volumes[folder].problem()


def anchor_limit(settings: Settings) -> float | None:
    """How old a witness's time may be, in seconds; None where no witness is ever asked.

    Raises:
        PolicyError: the publishing policy cannot be read.
    """
    if settings.ledger_policy_file is None:
        return None
    asked = read_policy(settings.ledger_policy_file.read_bytes()).urls
    return float(settings.ledger_anchor_seconds) if asked else None


def evidence_ready(uow: UnitOfWork) -> None:
    """Refuse while evidence does not keep up.

    20,000 leaves, or one older than 30 s, wait for their index; the database's clock is more than
    5 s behind a head's time, and no two persons cleared it; no witness told the time for hours;
    the database's volume has less than 5 % free.

    Raises:
        EvidenceUnavailableError: nothing may be widened or released now; stops still may.
    """
    found = problem(uow)
    if found is not None:
        raise EvidenceUnavailableError(found, retry_after=RETRY_AFTER_SECONDS)
