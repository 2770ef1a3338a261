"""The processes that work off promises: worker and ticker."""

import os
import sys
import threading
from functools import partial
from pathlib import Path

import click

from yidaitong.cli.context import until_told
from yidaitong.embedded.children import POLL_SECONDS, Child, Supervisor
from yidaitong.jobs import worker as jobs
from yidaitong.jobs.courier import Courier
from yidaitong.jobs.ticker import Ticker
from yidaitong.kernel.settings import load_settings
from yidaitong.runtime import Runtime


@click.command()
@click.option("--burst", is_flag=True, help="End when nothing is queued.")
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True)
def worker(*, burst: bool, processes: int) -> None:
    """Run promised jobs, in this process or in a pool of several."""
    if processes > 1:
        until_told(partial(_pool, processes))
        return
    # One connection for each thread that asks a department.
    runtime = Runtime(load_settings(), pool_size=12)
    runtime.check_keys()
    jobs.work(runtime, burst=burst)


def _pool(processes: int, stop: threading.Event) -> None:
    """Keep so many workers alive; told to stop, they finish their jobs first."""
    supervisor = Supervisor(dict(os.environ), click.echo)
    command = [sys.executable, "-m", "yidaitong.cli", "worker"]
    try:
        for number in range(1, processes + 1):
            supervisor.add(Child(f"worker-{number}", command, Path("/dev/stderr")))
        while not stop.wait(POLL_SECONDS):
            supervisor.check()
    finally:
        supervisor.stop()


@click.command()
def ticker() -> None:
    """Promise periodic jobs, ring again for what nobody heard, carry notices out."""
    runtime = Runtime(load_settings(), pool_size=12)
    runtime.check_keys()
    with Courier(runtime).running():
        until_told(Ticker(runtime).run)
