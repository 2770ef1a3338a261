"""Workers, a ticker and sequencers to be killed: each shot at random and replaced.

``python -m tests.jobs.nursery SEED`` with the variables of a platform process. Says ``up``, then
the kind of each killed process; stops killing when it is told ``calm``, and ends all when its input
ends. Children are forked, so a kill costs no start-up.
"""

import os
import random
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from yidaitong.jobs import tasks
from yidaitong.jobs.courier import Courier
from yidaitong.jobs.ledger import LedgerLoop
from yidaitong.jobs.ticker import Ticker
from yidaitong.jobs.worker import work
from yidaitong.kernel.settings import load_settings
from yidaitong.runtime import Runtime

POLL_SECONDS = 0.01


def _worker() -> None:
    work(Runtime(load_settings(), pool_size=12))


def _ticker() -> None:
    runtime = Runtime(load_settings(), pool_size=12)
    with Courier(runtime).running():
        Ticker(runtime).run(threading.Event())


def _ledger() -> None:
    LedgerLoop(Runtime(load_settings())).run(threading.Event())


@dataclass(frozen=True)
class Kind:
    """``life``: seconds between which one dies."""

    name: str
    run: Callable[[], None]
    life: tuple[float, float]


KINDS = (
    *[Kind("worker", _worker, (0.5, 4.0))] * 3,
    *[Kind("ledger", _ledger, (0.2, 2.5))] * 2,
    Kind("ticker", _ticker, (0.5, 3.0)),
)


def _end_with(parent: int) -> None:
    """No child outlives a nursery that was killed itself."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(3)


def start(kind: Kind) -> int:
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
            kind.run()
        finally:
            os._exit(2)
    return child


def kill(child: int) -> bool:
    """End a child; whether it was alive to be killed."""
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def told(words: set[str]) -> bool:
    """Whether a word or the end of the input came; words are added."""
    if not select.select([sys.stdin], [], [], POLL_SECONDS)[0]:
        return False
    line = sys.stdin.readline()
    words.add(line.strip() or "end")
    return True


def has_ended(child: int) -> bool:
    """Whether it ended by itself, as a worker does after many jobs."""
    return os.waitpid(child, os.WNOHANG)[0] == child


def main(seed: int) -> None:
    tasks.load()
    dice = random.Random(seed)  # noqa: S311 - a printed seed
    now = time.monotonic()
    alive = {start(kind): (kind, now + dice.uniform(*kind.life)) for kind in KINDS}
    words: set[str] = set()
    say("up")
    while "end" not in words:
        told(words)
        now = time.monotonic()
        for child, (kind, until) in list(alive.items()):
            is_due = until < now and "calm" not in words
            if not is_due and not has_ended(child):
                continue
            if is_due and kill(child):
                say(kind.name)
            del alive[child]
            alive[start(kind)] = (kind, now + dice.uniform(*kind.life))
    for child in alive:
        kill(child)


if __name__ == "__main__":
    main(int(sys.argv[1]))
