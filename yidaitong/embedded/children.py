"""The demo's processes: started, watched, started again when they die, stopped in order."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from yidaitong.embedded.errors import EmbeddedError

POLL_SECONDS: Final = 0.2
# A process that lives shorter than this has failed to start.
_SETTLED_SECONDS: Final = 30.0
_MAX_FAILURES: Final = 5
_STOP_SECONDS: Final = 20.0
_LOG_LINES: Final = 12


@dataclass
class Child:
    """One process; ``descriptors`` are listening sockets that outlive its deaths."""

    name: str
    words: Sequence[str]
    log: Path
    descriptors: tuple[int, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None
    failures: int = 0
    started_at: float = 0.0
    not_before: float = 0.0

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it in a session of its own: Ctrl-C in a terminal reaches only the supervisor."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
                self.words,
                env={**environment, "YDT_PARENT_PID": str(os.getpid())},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                pass_fds=self.descriptors,
                start_new_session=True,
            )
        self.started_at = time.monotonic()

    def has_died(self) -> bool:
        """Whether it was started and runs no more."""
        return self.process is not None and self.process.poll() is not None

    def last_words(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-_LOG_LINES:])


@dataclass
class Supervisor:
    """Keeps children alive; ``tell`` shows a line to the person who watches."""

    environment: Mapping[str, str] = field(repr=False)
    tell: Callable[[str], None]
    children: list[Child] = field(default_factory=list)

    def add(self, child: Child) -> None:
        """Start a child and keep it alive from now on."""
        self.children.append(child)
        child.start(self.environment)

    def check(self) -> None:
        """Start again what has died, each time a little later.

        Raises:
            EmbeddedError: a child dies again and again; the text has the end of its log.
        """
        now = time.monotonic()
        for child in self.children:
            if child.process is not None and child.has_died():
                self._bury(child, child.process.returncode, now)
            if child.process is None and now >= child.not_before:
                child.start(self.environment)

    def _bury(self, child: Child, code: int, now: float) -> None:
        lived = now - child.started_at
        child.failures = child.failures + 1 if lived < _SETTLED_SECONDS else 1
        if child.failures >= _MAX_FAILURES:
            raise EmbeddedError(f"{child.name} does not stay up:\n{child.last_words()}")
        self.tell(f"{child.name} ended ({code}); starting it again")
        child.process = None
        child.not_before = now + 0.25 * (2**child.failures - 2)

    def wait_until(self, ready: Callable[[], bool], what: str, seconds: float) -> None:
        """Keep children alive until ``ready``.

        Raises:
            EmbeddedError: it took longer than ``seconds``.
        """
        end = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > end:
                logs = {str(child.log.parent) for child in self.children}
                raise EmbeddedError(f"{what} after {seconds:.0f} s; see {', '.join(logs)}")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Ask all to end, latest first; what does not end in time is killed with its family."""
        running = [child.process for child in reversed(self.children) if child.process is not None]
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        end = time.monotonic() + _STOP_SECONDS
        for process in running:
            try:
                process.wait(timeout=max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.children.clear()
