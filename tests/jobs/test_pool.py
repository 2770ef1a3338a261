"""The pool keeps its processes: the killed are replaced, and none outlives it."""

import os
import signal
from pathlib import Path

import pytest

from tests.jobs.processes import Process, running, until
from yidaitong.runtime import Runtime


def children(pool: Process) -> set[int]:
    """Processes the pool started."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = status.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(words[1]) == pool.child.pid and words[0] != "Z":
            found.add(int(status.parent.name))
    return found


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.faults
class TestPool:
    @pytest.mark.promise("R6")
    def test_a_killed_process_is_replaced_and_all_end_with_the_pool(self, runtime: Runtime) -> None:
        with running(runtime.settings, "worker", "--processes", "2") as pool:
            until(lambda: len(children(pool)) == 2)
            before = children(pool)
            victim = min(before)
            os.kill(victim, signal.SIGKILL)

            took = until(lambda: len(children(pool) - before) == 1)
            assert took < 5

            last = children(pool)
            assert pool.stop() == 0
            assert not any(alive(pid) for pid in last)

    @pytest.mark.promise("R6")
    def test_the_processes_of_a_killed_pool_end_by_themselves(self, runtime: Runtime) -> None:
        with running(runtime.settings, "worker", "--processes", "2") as pool:
            until(lambda: len(children(pool)) == 2)
            # They watch their parent once they are up.
            until(lambda: pool.log.exists() and all(is_up(pid) for pid in children(pool)))
            orphans = children(pool)
            pool.kill()

            until(lambda: not any(alive(pid) for pid in orphans))


def is_up(pid: int) -> bool:
    """Whether a worker serves its queues: it holds a socket of the queue's server."""
    try:
        return any("socket:" in str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
