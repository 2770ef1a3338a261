"""Sequencers to be killed: two processes that compete, each shot at random and replaced.

``python -m tests.consent.ledger.nursery URL SEED``: prints a line a kill until its input ends, then
lets one sequencer finish. Children are forked, so a kill costs no start-up; one that lost its
database ends by itself, is replaced, and does not count.
"""

import os
import random
import select
import signal
import sys
import time

from sqlalchemy.exc import DBAPIError

from consent.ledger.sequencer import sequence
from yidaitong.kernel.db.engine import make_engine

WORKERS = 2
PATIENCE_SECONDS = 30.0


def work(url: str) -> None:
    engine = make_engine(url, pool_size=1)
    while True:
        if not sequence(engine, limit=40):
            time.sleep(0.002)


def start(url: str) -> int:
    child = os.fork()
    if child == 0:
        try:
            work(url)
        except DBAPIError:
            os._exit(1)
        finally:
            os._exit(2)
    return child


def kill(child: int) -> bool:
    """End a child; whether it was alive to be killed."""
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def finish(url: str) -> None:
    """Sequence what is left, when the database is back."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        engine = make_engine(url, pool_size=1)
        try:
            while sequence(engine):
                pass
        except DBAPIError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.1)
        else:
            return
        finally:
            engine.dispose()


def main(url: str, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a printed seed
    born = {start(url): time.monotonic() + dice.uniform(0.02, 0.15) for _ in range(WORKERS)}
    while not select.select([sys.stdin], [], [], 0.005)[0]:
        now = time.monotonic()
        for child in [child for child, until in born.items() if until < now]:
            if kill(child):
                sys.stdout.write("killed\n")
                sys.stdout.flush()
            del born[child]
            born[start(url)] = now + dice.uniform(0.02, 0.15)
    for child in born:
        kill(child)
    finish(url)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
