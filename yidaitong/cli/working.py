"""The processes that work off promises: worker and ticker."""

import click

from yidaitong.cli.context import until_told
from yidaitong.jobs import worker as jobs
from yidaitong.jobs.ticker import Ticker
from yidaitong.kernel.settings import load_settings
from yidaitong.runtime import Runtime


@click.command()
@click.option("--burst", is_flag=True, help="End when nothing is queued.")
def worker(*, burst: bool) -> None:
    """Run promised jobs."""
    # One connection for each thread that asks a department.
    jobs.work(Runtime(load_settings(), pool_size=12), burst=burst)


@click.command()
def ticker() -> None:
    """Promise periodic jobs and ring again for what nobody heard."""
    until_told(Ticker(Runtime(load_settings())).run)
