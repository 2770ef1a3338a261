"""Acts in processes of their own that die at a chosen point, as under ``kill -9``.

Children are forked, so that a kill costs no start-up: the process that forks runs no threads.
"""

import os
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import Engine, event

from yidaitong.kernel.settings import Settings
from yidaitong.runtime import Runtime

COMMIT = "COMMIT"
ANSWER = "the answer"


def die() -> None:
    """End this process at once: nothing after it runs, its connections are cut."""
    os.kill(os.getpid(), signal.SIGKILL)


def fork(act: Callable[[], object]) -> int:
    """The process that runs ``act``; it ends with 0, or with 1 and a traceback."""
    child = os.fork()
    if child == 0:
        _run(act)
    return child


def _run(act: Callable[[], object]) -> NoReturn:
    code = 1
    try:
        act()
        code = 0
    except BaseException:  # noqa: BLE001 - the process ends here
        traceback.print_exc()
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """Wait for a child: its exit code, or the number of its signal below zero."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed(child: int) -> bool:
    """Kill a child; whether it was still at work.

    Raises:
        AssertionError: it had failed by itself.
    """
    os.kill(child, signal.SIGKILL)
    code = ended(child)
    assert code in {0, -signal.SIGKILL}
    return code != 0


@dataclass
class _Fuse:
    """Kills at the point number ``at``; points are what the database is asked, and the answer."""

    at: int
    seen: list[str] = field(default_factory=list)

    def watch(self, engine: Engine) -> None:
        event.listen(engine, "before_cursor_execute", self._statement)
        event.listen(engine, "commit", lambda _connection: self.reached(COMMIT))

    def _statement(self, *given: Any) -> None:
        self.reached(" ".join(given[2].split()))

    def reached(self, point: str) -> None:
        if len(self.seen) == self.at:
            die()
        self.seen.append(point)


@dataclass(frozen=True)
class Act:
    """Something a process of the platform does in one transaction."""

    settings: Settings
    run: Callable[[Runtime], object]

    def points(self, note: Path) -> list[str]:
        """Where it can be killed: before each statement, before COMMIT, and before the answer.

        Found by running it up to its COMMIT, so nothing is changed; ``note`` is written.
        """
        fuse = _Fuse(-1)

        def rehearse() -> None:
            runtime = Runtime(self.settings, pool_size=1)
            fuse.watch(runtime.engine)

            def stop(_connection: object) -> None:
                note.write_text("\0".join([*fuse.seen, ANSWER]), encoding="utf-8")
                die()

            event.listen(runtime.engine, "commit", stop)
            self.run(runtime)

        assert ended(fork(rehearse)) == -signal.SIGKILL
        return note.read_text(encoding="utf-8").split("\0")

    def all_points(self, note: Path) -> list[str]:
        """As :meth:`points`, of something with several transactions; what it does is done."""

        def rehearse() -> None:
            runtime = Runtime(self.settings, pool_size=1)
            fuse = _Fuse(-1)
            fuse.watch(runtime.engine)
            self.run(runtime)
            note.write_text("\0".join([*fuse.seen, ANSWER]), encoding="utf-8")

        assert ended(fork(rehearse)) == 0
        return note.read_text(encoding="utf-8").split("\0")

    def kill_at(self, point: int) -> None:
        """Run it in a process that dies before ``point``, or at the latest before its answer."""

        def act() -> None:
            runtime = Runtime(self.settings, pool_size=1)
            fuse = _Fuse(point)
            fuse.watch(runtime.engine)
            self.run(runtime)
            die()

        assert ended(fork(act)) == -signal.SIGKILL
