"""What commands share: the installation's settings and runtime, and how they speak."""

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from yidaitong.embedded.home import open_home, servers, variables
from yidaitong.kernel.settings import Settings, load_settings
from yidaitong.runtime import Runtime

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")


@contextmanager
def installation(pool_size: int = 5) -> Iterator[Runtime]:
    """The runtime of this installation; its own servers run while the block does.

    A server someone named (``YDT_DATABASE_URL``, ``YDT_REDIS_URL``) is used and left alone.
    """
    with configured() as settings:
        runtime = Runtime(settings, pool_size=pool_size)
        try:
            runtime.check_keys()
            yield runtime
        finally:
            runtime.close()


@contextmanager
def configured() -> Iterator[Settings]:
    """The settings alone; see ``installation``."""
    if is_production(os.environ):
        yield load_settings()
        return
    home = open_home(os.environ)
    with servers(home, os.environ) as urls:
        yield load_settings(variables(home, os.environ, **urls))


def is_production(environ: Mapping[str, str]) -> bool:
    """In production nothing is made up: every variable is given, or it is an error."""
    return environ.get("YDT_ENV") == "prod"


def show(answer: Any, text: str, *, machine: bool) -> None:
    """Print ``text`` for people, or ``answer`` for machines."""
    click.echo(json.dumps(answer, ensure_ascii=False, default=str) if machine else text)


def until_told(serve: Callable[[threading.Event], None]) -> None:
    """Run a loop that ends when SIGTERM or SIGINT sets its event."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    serve(stop)
