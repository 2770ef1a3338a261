"""The published log as files: by command, and after each publication where a folder is named."""

import fcntl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from consent.ledger.errors import LedgerError, LedgerForkError
from consent.ledger.export import export
from yidaitong.kernel.clock import wall
from yidaitong.runtime import Runtime

_log = structlog.get_logger(__name__)


def _silent(_done: int, _total: int) -> None:
    return None


def export_to(
    runtime: Runtime, folder: Path, progress: Callable[[int, int], None] = _silent
) -> int:
    """Write the published log to ``folder``; its size. One at a time: heads there only grow.

    Raises:
        TileError: nothing is published yet.
        LedgerForkError: a file holds other bytes than the log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return export(runtime.ledger_engine, folder, now=wall(), progress=progress)


@dataclass
class Exporter:
    """Exports in a thread of the log's process, so that sequencing never waits for files."""

    runtime: Runtime
    _wanted: threading.Event = field(default_factory=threading.Event)
    _ending: bool = False
    _forked: LedgerForkError | None = None

    def hint(self) -> None:
        """A new head is out."""
        self._wanted.set()

    def check(self) -> None:
        """Stop the log's process when the files tell another history.

        Raises:
            LedgerForkError: they do.
        """
        if self._forked is not None:
            raise self._forked

    @contextmanager
    def running(self) -> Iterator[None]:
        """Export while the block runs, and once more at its end; idle without a folder."""
        folder = self.runtime.settings.ledger_export_dir
        if folder is None:
            yield
            return
        self._wanted.set()  # What was published before we started.
        thread = threading.Thread(target=self._run, args=(folder,), name="ledger-export")
        thread.start()
        try:
            yield
        finally:
            self._ending = True
            self._wanted.set()
            thread.join()

    def _run(self, folder: Path) -> None:
        ending = False
        while not ending:
            self._wanted.wait()
            self._wanted.clear()
            ending = self._ending
            self._export(folder)

    def _export(self, folder: Path) -> None:
        try:
            export_to(self.runtime, folder)
        except LedgerForkError as error:
            _log.critical("ledger.export_contradicts", error=str(error))
            self._forked = error
        except (LedgerError, SQLAlchemyError, OSError) as error:
            # Nothing is lost: the next head brings the missing files along.
            _log.warning("ledger.not_exported", error=type(error).__name__)
