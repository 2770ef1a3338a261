"""``demo``: the whole installation with made-up data, until Ctrl-C; or its stories, once."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from yidaitong.cli.context import as_json, show
from yidaitong.cli.stack import Stack, running
from yidaitong.embedded.children import POLL_SECONDS
from yidaitong.embedded.home import open_home
from yidaitong.sandbox import demo as data
from yidaitong.sandbox.story import StoryError, Wanted, run
from yidaitong.sandbox.welcome import open_firm

_console = Console(stderr=True)
# Without a terminal nothing is folded, so that a log shows whole lines.
_PLAIN_WIDTH = 120


class _StoppedError(BaseException):
    """Somebody asked us to end; nothing that catches errors may catch it."""


@click.command()
@click.option("--port", type=int, help="Port of the web; default: the first free one from 8000 on.")
@click.option("--once", is_flag=True, help="Tell loan stories over HTTP, verify all, and end.")
@click.option("--enterprises", type=click.IntRange(min=1), default=12, show_default=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of results.")
@as_json
def demo(
    *, port: int | None, once: bool, enterprises: int, out: Path | None, as_json: bool
) -> None:
    """Run everything with made-up enterprises, departments and banks.

    With --once the exit code says whether every story was told and everything verified.
    """
    home = open_home(os.environ)
    with _ending_well(), running(home, os.environ, port, _tell) as stack:
        _tell("demo data")
        logins = data.seed(stack.runtime)
        if once:
            sys.exit(_tell_stories(stack, enterprises, out, machine=as_json))
        _tell("a firm for visitors")
        _welcome(stack, [*open_firm(stack.base_url), *logins])
        while True:
            stack.supervisor.check()
            time.sleep(POLL_SECONDS)


def _tell_stories(stack: Stack, enterprises: int, out: Path | None, *, machine: bool) -> int:
    """Run the stories with a progress bar; 0 when everything held."""
    folder = stack.runtime.settings.bank_keys_dir or stack.home.file("sandbox", "bank-keys")
    wanted = Wanted(enterprises=enterprises, base_url=stack.base_url, bank_keys=folder, out=out)
    with Progress(console=_console) as bar:
        task = bar.add_task("stories", total=enterprises)
        try:
            found = _watched(
                stack,
                lambda: run(wanted, lambda done, _total: bar.update(task, completed=done)),
            )
        except StoryError as error:
            _console.print(f"[red]story ended early:[/red] {error}", highlight=False)
            return 1
    show(found, json.dumps(found, ensure_ascii=False, indent=1), machine=machine)
    return 0 if found["ok"] else 1


def _watched(stack: Stack, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Work beside the watch over the processes; Ctrl-C does not wait for it."""
    result: Future[dict[str, Any]] = Future()

    def perform() -> None:
        try:
            result.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again by the one who waits
            result.set_exception(error)

    Thread(target=perform, name="stories", daemon=True).start()
    while not result.done():
        stack.supervisor.check()
        time.sleep(POLL_SECONDS)
    return result.result()


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


def _welcome(stack: Stack, logins: Sequence[data.Login]) -> None:
    """Where to look and how to get in: one login a role."""
    table = Table("login", "角色", "role", "organisation", box=None, pad_edge=False)
    for login in logins:
        table.add_row(login.login, login.role.zh, login.role.en, login.organisation)
    out = Console()
    if not out.is_terminal:
        out = Console(width=_PLAIN_WIDTH)
    out.print(table)
    passwords = " ".join(sorted({login.password for login in logins}))
    out.print(f"password of all: [bold]{passwords}[/bold]\n", highlight=False)
    out.print(f"portals       [bold]{stack.base_url}/[/bold]", highlight=False)
    out.print(f"register here [bold]{stack.base_url}/enterprise/[/bold]", highlight=False)
    out.print(f"departments   {stack.sandbox_url}/_log  /_faults", highlight=False)
    out.print(f"data and logs {stack.home.folder}", highlight=False)
    out.print("Ctrl-C stops everything; the data stays.", highlight=False)
