"""Sequencers to be killed: two processes that compete, each shot at random and replaced.

``python -m tests.consent.ledger.nursery URL SEED``: prints a line a kill until its input ends, then
lets one sequencer finish. Children are forked, so a kill costs no start-up.
"""

import os
import random
import select
import signal
import sys
import time

from consent.ledger.sequencer import sequence
from yidaitong.kernel.db.engine import make_engine

WORKERS = 2


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
        finally:
            os._exit(1)
    return child


def main(url: str, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a printed seed
    born = {start(url): time.monotonic() + dice.uniform(0.02, 0.15) for _ in range(WORKERS)}
    while not select.select([sys.stdin], [], [], 0.005)[0]:
        now = time.monotonic()
        for child in [child for child, until in born.items() if until < now]:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            sys.stdout.write("killed\n")
            sys.stdout.flush()
            del born[child]
            born[start(url)] = now + dice.uniform(0.02, 0.15)
    for child in born:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    engine = make_engine(url, pool_size=1)
    while sequence(engine):
        pass


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
