"""``demo``: the whole installation with made-up data, until Ctrl-C."""

import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.table import Table

from yidaitong.cli.stack import Stack, running
from yidaitong.embedded.children import POLL_SECONDS
from yidaitong.embedded.home import open_home
from yidaitong.sandbox import demo as data

_console = Console(stderr=True)


class _StoppedError(BaseException):
    """Somebody asked us to end; nothing that catches errors may catch it."""


@click.command()
@click.option("--port", type=int, help="Port of the web; default: the first free one from 8000 on.")
def demo(*, port: int | None) -> None:
    """Run everything with made-up enterprises, departments and banks."""
    home = open_home(os.environ)
    with _ending_well(), running(home, os.environ, port, _tell) as stack:
        _tell("demo data")
        logins = data.seed(stack.runtime)
        _welcome(stack, logins)
        while True:
            stack.supervisor.check()
            time.sleep(POLL_SECONDS)


def _tell(text: str) -> None:
    _console.print(f"[dim]·[/dim] {text}", highlight=False)


@contextmanager
def _ending_well() -> Iterator[None]:
    """SIGTERM, SIGINT and a closed terminal end the block; then nothing interrupts the stopping."""
    wanted = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

    def stop(_number: int, _frame: object) -> None:
        for number in wanted:
            signal.signal(number, signal.SIG_IGN)
        _tell("stopping")
        raise _StoppedError

    before = {number: signal.signal(number, stop) for number in wanted}
    try:
        yield
    except _StoppedError:
        _tell("stopped; the data stays")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _welcome(stack: Stack, logins: Iterable[data.Login]) -> None:
    table = Table("role", "organisation", "login", "password", box=None, pad_edge=False)
    for login in logins:
        name = f"{login.role.zh} {login.role.en}"
        table.add_row(name, login.organisation, login.login, login.password)
    out = Console()
    out.print(table)
    out.print(
        f"\n[bold]{stack.base_url}[/bold]  portals: /enterprise/ /bank/ /gov/", highlight=False
    )
    out.print(f"{stack.sandbox_url}  departments' sandbox: /_log /_faults", highlight=False)
    out.print(f"logs and data: {stack.home.folder}   Ctrl-C stops everything", highlight=False)


COMMANDS = (demo,)
